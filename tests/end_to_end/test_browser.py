"""The pages in a real browser, from file://: silent console, no axe violation, live charts, keys turn slides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from report.outline import MOST_SLIDES
from report.paper import browser_path
from tests.end_to_end.conftest import Built

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])


def opened(browser: Browser, shop: Built, name: str, width: int) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None,
    )
    page.goto((shop.release.resolve() / f"{name}.html").as_uri())
    return page, said


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["deck", "appendix", "index"])
def test_no_message_no_violation_no_sideways_scrolling(browser: Browser, shop: Built, name: str, width: int) -> None:
    page, said = opened(browser, shop, name, width)
    for place in range(0, min(page.evaluate("document.documentElement.scrollHeight"), 12000), 600):
        page.evaluate(f"window.scrollTo(0, {place})")
        page.wait_for_timeout(40)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert said == []
    found = Axe().run(page, options={"preload": False})
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found.response["violations"]] == []
    page.close()


def test_a_chart_comes_alive_when_it_is_seen(browser: Browser, shop: Built) -> None:
    page, _ = opened(browser, shop, "deck", 1280)
    page.locator("figure").first.scroll_into_view_if_needed()
    page.wait_for_selector(".js-plotly-plot", timeout=10_000)
    page.close()


def test_keys_turn_the_slides(browser: Browser, shop: Built) -> None:
    page, _ = opened(browser, shop, "deck", 1280)
    tops = "[...document.querySelectorAll('section.slide')].map(s => Math.abs(s.getBoundingClientRect().top))"
    nearest = f"(() => {{ const tops = {tops}; return tops.indexOf(Math.min(...tops)) }})()"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(900)
    assert page.evaluate(nearest) == 2
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(900)
    assert page.evaluate(nearest) == 1
    page.keyboard.press("End")
    page.wait_for_timeout(1200)
    assert page.evaluate(nearest) == MOST_SLIDES - 1
    page.close()


def test_nothing_runs_into_a_footer(browser: Browser, shop: Built) -> None:
    page, _ = opened(browser, shop, "deck", 1280)
    below = page.evaluate("""[...document.querySelectorAll("section.slide")].flatMap(slide => {
        const footer = slide.querySelector("footer");
        const end = footer.getBoundingClientRect().top + 1;
        return [...slide.querySelectorAll("p, li, td, figure")]
            .filter(part => !footer.contains(part) && part.getBoundingClientRect().bottom > end)
            .map(part => `${slide.id}: ${part.textContent.trim().slice(0, 60)}`);
    })""")
    assert below == []
    page.close()
