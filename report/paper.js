// Runs in the chart browser beside plotly: what plotly draws as SVG gets a form that PDF printers, which know less of SVG,
// draw alike; and a picture is made of it.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 48; // flat rectangles for one colour bar
const DEFAULTS = { opacity: "1", "fill-opacity": "1", "stroke-opacity": "1", "vector-effect": "none", "font-weight": "normal", "font-style": "normal" };
const made = (tag, values) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  return element;
};

const ready = Promise.all([...document.fonts].map((face) => face.load()));

// A plotly figure as SVG.
async function drawn(name, figure, width, height) {
  const { data, layout, config } = JSON.parse(figure);
  return cleaned(await Plotly.toImage({ data, layout, config }, { format: "svg", width, height, imageDataOnly: true }), width, height, name);
}

// A finished SVG as PNG in base64; on white, as a transparent picture cannot be read on a dark page.
async function pictured(svg, scale) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * scale, image.height * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const reader = new FileReader();
  const read = new Promise((done) => (reader.onload = done));
  reader.readAsDataURL(await canvas.convertToBlob());
  await read;
  return reader.result.split(",")[1];
}

function cleaned(image, width, height, name) {
  const stage = document.createElement("div");
  document.body.append(stage);
  stage.innerHTML = image;
  const svg = stage.querySelector("svg");
  [...svg.querySelectorAll("text")].forEach(flatten);
  [...svg.querySelectorAll("rect")].forEach(unblend);
  [...svg.querySelectorAll("text")].forEach(opaque);
  tidy(svg);
  [...svg.querySelectorAll("*")].forEach(lighten);
  [...svg.querySelectorAll("*")].forEach(moved);
  [...svg.querySelectorAll("path[transform]")].forEach(round);
  together(svg);
  oneFamily(svg);
  [...svg.querySelectorAll("text[text-anchor]")].forEach(started);
  rename(svg, name);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  stage.remove();
  return new XMLSerializer().serializeToString(svg);
}

// A label of several lines or several faces becomes one plain text element a run, where the browser put the run.
function flatten(text) {
  if (!text.querySelector("tspan")) return;
  const group = made("g", { transform: text.getAttribute("transform") || "" });
  const opacity = getComputedStyle(text).opacity;
  if (opacity !== "1") group.style.opacity = opacity;
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let start = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const shown = node.data.replace(/\u200b/g, "");
    const first = start + (node.data.length - node.data.trimStart().length);
    start += node.data.length;
    if (!shown.trim()) continue;
    const look = getComputedStyle(node.parentElement);
    const place = text.getStartPositionOfChar(Math.min(first, text.getNumberOfChars() - 1));
    const run = made("text", { x: place.x, y: place.y });
    for (const key of ["font-family", "font-size", "font-weight", "font-style", "fill", "fill-opacity"])
      run.style.setProperty(key, look.getPropertyValue(key));
    run.textContent = shown.trim();
    group.append(run);
  }
  text.replaceWith(group);
}

// A rectangle filled by a gradient becomes a row of flat ones.
function unblend(rect) {
  const found = /url\(["']?#([^"')]+)/.exec(rect.style.fill || rect.getAttribute("fill") || "");
  const gradient = found && document.getElementById(found[1]);
  if (!gradient || gradient.localName !== "linearGradient") return;
  const stops = [...gradient.querySelectorAll("stop")].map((stop) => [
    parseFloat(stop.getAttribute("offset")) / (stop.getAttribute("offset").includes("%") ? 100 : 1),
    stop.getAttribute("stop-color").match(/[\d.]+/g).map(Number),
  ]);
  const size = Object.fromEntries(["x", "y", "width", "height"].map((key) => [key, +rect.getAttribute(key)]));
  const upright = gradient.getAttribute("x1") === gradient.getAttribute("x2");
  const backwards = upright
    ? +gradient.getAttribute("y1") > +gradient.getAttribute("y2")
    : +gradient.getAttribute("x1") > +gradient.getAttribute("x2");
  const group = made("g", { transform: rect.getAttribute("transform") || "" });
  for (let step = 0; step < STEPS; step++) {
    const at = (step + 0.5) / STEPS;
    const [from, side] = upright ? ["y", "height"] : ["x", "width"];
    const part = size[side] / STEPS;
    const overlap = step < STEPS - 1 ? Math.min(0.5, part) : 0; // no hairline between neighbours
    const values = { ...size, [from]: size[from] + step * part, [side]: part + overlap };
    group.append(made("rect", { ...values, fill: blended(stops, backwards ? 1 - at : at) }));
  }
  rect.replaceWith(group);
}

function blended(stops, at) {
  const after = Math.max(1, stops.findIndex(([offset]) => offset >= at));
  const [low, from] = stops[after - 1];
  const [high, to] = stops[after];
  const part = high > low ? (at - low) / (high - low) : 0;
  const mixed = from.slice(0, 3).map((value, channel) => Math.round(value + (to[channel] - value) * part));
  return `rgb(${mixed.join(", ")})`;
}

// Group opacity around text moves onto the fills and strokes themselves.
function opaque(text) {
  for (let above = text; above && above.localName !== "svg"; above = above.parentElement) {
    const opacity = parseFloat(above.style.opacity || above.getAttribute("opacity") || "1");
    above.style.removeProperty("opacity");
    above.removeAttribute("opacity");
    if (opacity >= 1) continue;
    for (const shape of [above, ...above.querySelectorAll("*")]) {
      if (shape.localName === "g" || shape.localName === "tspan") continue;
      for (const key of ["fill-opacity", "stroke-opacity"])
        shape.style.setProperty(key, parseFloat(shape.style.getPropertyValue(key) || "1") * opacity);
    }
  }
}

// Random class names, empty groups and needless digits go.
function tidy(svg) {
  const used = new Set([...svg.outerHTML.matchAll(/(?:url\((?:&quot;|["'])?|href=")#([\w-]+)/g)].map((hit) => hit[1]));
  for (const element of [...svg.querySelectorAll("*")].reverse()) {
    for (const { name } of [...element.attributes]) if (/^(class|data-.*|aria-.*)$/.test(name)) element.removeAttribute(name);
    const idle = ["clipPath", "linearGradient", "radialGradient", "pattern"].includes(element.localName);
    if (idle && !used.has(element.id)) element.remove();
    if (["g", "defs"].includes(element.localName) && !element.childElementCount) element.remove();
    if (element.localName === "path" && (!element.getAttribute("d") || /^M0,0Z?$/.test(element.getAttribute("d")))) element.remove();
    if (!used.has(element.id)) element.removeAttribute("id");
    for (const key of ["d", "transform", "x", "y", "width", "height", "points", "style"])
      if (element.hasAttribute(key)) element.setAttribute(key, short(element.getAttribute(key)));
    if (element.getAttribute("transform") === "") element.removeAttribute("transform");
    if (element.getAttribute("style") === "") element.removeAttribute("style");
  }
  svg.removeAttribute("class");
  svg.removeAttribute("style");
}

// What is drawn alike with less to read and to stack: attributes in place of styles, no default, no stroke nobody sees, no idle group.
function lighten(element) {
  const pre = element.style.whiteSpace === "pre" && /^ |  | $/.test(element.textContent);
  element.style.removeProperty("white-space");
  for (const key of element.style) {
    const value = element.style.getPropertyValue(key);
    const given = DEFAULTS[key] === value && !element.parentElement.closest(`[${key}]`);
    if (!given) element.setAttribute(key, value);
  }
  element.removeAttribute("style");
  if (pre) element.setAttribute("style", "white-space: pre");
  const unseen = (kind) => element.getAttribute(`${kind}-opacity`) === "0" || element.getAttribute(kind) === "none";
  const shape = ["path", "rect", "circle"].includes(element.localName) && !element.closest("clipPath");
  if (shape && (unseen("stroke") || parseFloat(element.getAttribute("stroke-width")) === 0))
    for (const { name } of [...element.attributes]) if (name.startsWith("stroke")) element.removeAttribute(name);
  if (shape && unseen("fill") && !element.closest("[stroke]")) return element.remove();
  if (element.localName !== "g") return;
  if (!element.attributes.length) return element.replaceWith(...element.childNodes);
  const [only] = element.children;
  const clips = element.attributes.length === 1 && element.getAttribute("clip-path");
  if (clips && element.childElementCount === 1 && !only.hasAttribute("transform") && !only.hasAttribute("clip-path")) {
    only.setAttribute("clip-path", clips);
    element.replaceWith(only);
  }
}

const MOVE = /^translate\(([^,()]+),([^,()]+)\)$/;
const DOT = /^M([\d.]+),0A\1,\1 0 1,1 0,-\1A\1,\1 0 0,1 \1,0Z$/;
const sum = (one, other) => short(String(+one + +other));

// A turn by nothing goes; a group that only moves its one child hands that on; a text is moved by its own place.
function moved(element) {
  if (!element.hasAttribute("transform")) return;
  let move = element.getAttribute("transform").replace(/rotate\(0(,[^)]*)?\)/g, "");
  const [only] = element.children;
  if (element.localName === "g" && element.attributes.length === 1 && element.childElementCount === 1 && !only.hasAttribute("clip-path")) {
    only.setAttribute("transform", move + (only.getAttribute("transform") ?? ""));
    return element.replaceWith(only);
  }
  const [, right, down] = MOVE.exec(move) ?? [];
  if (right && element.localName === "text" && element.hasAttribute("x") && element.hasAttribute("y")) {
    element.setAttribute("x", sum(element.getAttribute("x"), right));
    element.setAttribute("y", sum(element.getAttribute("y"), down));
    move = "";
  }
  if (move) element.setAttribute("transform", move);
  else element.removeAttribute("transform");
}

// A dot of arcs becomes a circle.
function round(path) {
  const [, radius] = DOT.exec(path.getAttribute("d")) ?? [];
  const [, right, down] = MOVE.exec(path.getAttribute("transform")) ?? [];
  if (!radius || !right) return;
  const circle = made("circle", { cx: right, cy: down, r: radius });
  for (const { name, value } of [...path.attributes]) if (!["d", "transform"].includes(name)) circle.setAttribute(name, value);
  path.replaceWith(circle);
}

// Neighbours that are clipped alike become one group that is.
function together(svg) {
  const clip = (element) => element && !element.hasAttribute("transform") && element.getAttribute("clip-path");
  for (const element of [...svg.querySelectorAll("[clip-path]")]) {
    const before = element.previousElementSibling;
    if (!clip(element) || clip(before) !== clip(element)) continue;
    if (!before.matches("g.alike")) {
      const group = made("g", { class: "alike", "clip-path": clip(before) });
      before.before(group);
      group.append(before);
      before.removeAttribute("clip-path");
    }
    element.removeAttribute("clip-path");
    element.previousElementSibling.append(element);
  }
  for (const group of svg.querySelectorAll("g.alike")) group.removeAttribute("class");
}

// The typeface that all labels share is said once.
function oneFamily(svg) {
  const texts = [...svg.querySelectorAll("text")];
  const [family, ...others] = new Set(texts.map((text) => text.getAttribute("font-family")));
  if (!family || others.length) return;
  for (const text of texts) text.removeAttribute("font-family");
  svg.setAttribute("font-family", family);
}

// Where a label begins that is set around or before its place: paper need not measure it again.
function started(text) {
  if (!text.getNumberOfChars()) return;
  const { x } = text.getStartPositionOfChar(0);
  const [place, anchor] = ["x", "text-anchor"].map((key) => [key, text.getAttribute(key)]);
  for (const [key] of [place, anchor]) text.removeAttribute(key);
  for (const [key, value] of [place, anchor, ["data-start", short(String(x))]]) text.setAttribute(key, value);
}

const short = (value) => value.replace(/-?\d*\.\d{4,}(?:e-?\d+)?/g, (digits) => String(Math.round(+digits * 1000) / 1000));

// Random ids become the figure's name and a number.
function rename(svg, name) {
  const names = new Map([...svg.querySelectorAll("[id]")].map((element, at) => [element.id, `${name}-${at + 1}`]));
  for (const element of svg.querySelectorAll("*"))
    for (const { name: key, value } of [...element.attributes])
      if (key === "id") element.id = names.get(value);
      else if (value.includes("#"))
        element.setAttribute(key, value.replace(/(url\(["']?#|^#)([\w-]+)/g, (all, head, id) => head + (names.get(id) ?? id)));
}
