// Turns the page's slides by keys and draws live charts over the printed ones as they come into view.
"use strict";

const NARROW = 540; // CSS pixels below which the chart for narrow screens is drawn
const LEAST = 0.74; // no chart is shown smaller than this, or its text could not be read
let plotly;

function loaded() {
  plotly ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "assets/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.min.js could not be loaded"));
    document.head.append(script);
  });
  return plotly;
}

async function draw(chart) {
  const plot = chart.querySelector(".plot");
  const room = plot?.clientWidth;
  const narrow = room < NARROW;
  const source = chart.querySelector(`script.${narrow ? "narrow" : "wide"}`);
  if (!source || !room || chart.dataset.room === String(room)) return;
  chart.dataset.room = String(room);
  const figure = JSON.parse(source.textContent);
  const Plotly = await loaded();
  await document.fonts.ready;
  const { width, height } = figure.layout;
  const scale = Math.max(room / width, LEAST);
  let live = chart.querySelector(".live");
  if (!live) {
    live = document.createElement("div");
    live.className = "live";
    live.setAttribute("aria-hidden", "true");
    plot.append(live);
  }
  figure.layout.width = room / scale;
  await Plotly.react(live, figure.data, figure.layout, { displayModeBar: false, responsive: false, scrollZoom: false });
  live.style.transform = `scale(${scale})`;
  live.style.width = `${figure.layout.width}px`;
  live.style.height = narrow ? `${height}px` : "";
  live.style.marginBottom = narrow ? `${height * (scale - 1)}px` : "";
  chart.classList.toggle("narrow", narrow);
  chart.classList.add("drawn");
}

function watchCharts() {
  const charts = [...document.querySelectorAll("figure.chart")].filter((chart) => chart.querySelector("script.wide"));
  const seen = new Set();
  const show = (chart) => draw(chart).catch((reason) => console.warn(reason.message)); // the printed chart stays
  const observer = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => (seen.add(e.target), show(e.target))),
    { rootMargin: "200px" },
  );
  charts.forEach((chart) => observer.observe(chart));
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => seen.forEach(show), 150);
  });
}

function turnSlides() {
  const slides = [...document.querySelectorAll(".slide")];
  const turn = document.querySelector(".turn");
  if (!turn || slides.length < 2) return;
  const whole = window.matchMedia("(min-width: 1000px) and (min-height: 500px)");
  const middle = () => window.innerHeight / 2;
  const distance = (slide) => {
    const box = slide.getBoundingClientRect();
    return Math.abs((box.top + box.bottom) / 2 - middle());
  };
  let target = -1; // where a turn is going, while the page still scrolls
  const current = () => (target >= 0 ? target : slides.indexOf(slides.reduce((a, b) => (distance(b) < distance(a) ? b : a))));
  const go = (to) => {
    target = Math.min(Math.max(to, 0), slides.length - 1);
    slides[target].focus({ preventScroll: true });
    slides[target].scrollIntoView({ block: whole.matches ? "center" : "start" });
    tell();
  };
  const tell = () => (turn.querySelector(".at").textContent = `${current() + 1}/${slides.length}`);
  const steps = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, ArrowDown: 1, ArrowUp: -1, " ": 1 };
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, select, textarea, summary, .scroll, .turn");
    if (event.ctrlKey || event.metaKey || event.altKey || (busy && event.key !== "Home" && event.key !== "End")) return;
    if (event.key === " " && event.target.closest?.("a, button")) return;
    const scrolls = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", " "].includes(event.key);
    if (scrolls && !whole.matches) return;
    if (event.key === "Home") go(0);
    else if (event.key === "End") go(slides.length - 1);
    else if (event.key in steps) go(current() + (event.key === " " && event.shiftKey ? -1 : steps[event.key]));
    else return;
    event.preventDefault();
  });
  turn.querySelector(".previous").addEventListener("click", () => go(current() - 1));
  turn.querySelector(".next").addEventListener("click", () => go(current() + 1));
  let settled;
  window.addEventListener("scroll", () => {
    clearTimeout(settled);
    settled = setTimeout(() => ((target = -1), tell()), 160);
  }, { passive: true });
  turn.hidden = false;
  tell();
}

watchCharts();
turnSlides();
