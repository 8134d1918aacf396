"""The lesson in a real browser: a check answered by the live model, the map, a phone, a presenter, one page of paper a step."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import settled
from playwright.sync_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.long(70)]
Serve = Callable[..., str]
STEPS = range(1, 9)
DRAWS = "export default function (given)"
LATEST_FIRST = """
const waiting = [];
export default function (given) {
  if (window.drawn) return ours(given);
  if (waiting.push(given) === 1) setTimeout(() => {
    waiting.sort((a, b) => b.data.drawn[1] - a.data.drawn[1]).forEach(ours);
    window.drawn = waiting.map((one) => one.data.drawn[1]);
  }, 300);
}"""


def test_the_map_shows_what_the_browser_brought_while_its_script_still_loaded(page: Page, served: Serve) -> None:
    """Each change of a component's data imports its script once more, and Chromium ends such imports in any order: as they
    came, and with the latest first."""
    page.add_init_script("""
        const url = URL.createObjectURL.bind(URL);
        window.Blob = class extends Blob {
          constructor(parts, kind) { super(parts, kind); this.text = parts; }
        };
        URL.createObjectURL = (blob) => {
          const script = String(blob.text);
          if (!script.includes('querySelector(".map")')) return url(blob);
          window.script = script;
          return location.origin + "/held.js";
        };""")
    held: list[Route] = []
    page.route("**/held.js", lambda route: held.append(route))
    page.goto(f"{served()}/glossary")
    settled(page)
    page.evaluate("""localStorage.setItem("thaw-progress", '{"words": "1a.1b", "round": 0}')""")
    for latest_first in (False, True):
        held.clear()
        page.goto(f"{served()}/concepts")
        expect(page.get_by_text("of 21 concepts are done")).not_to_contain_text("0 of 21")
        settled(page)
        assert held, "the map asked for its script"
        script = page.evaluate("window.script")
        assert script.count(DRAWS) == 1
        for route in held:
            body = script.replace(DRAWS, "function ours(given)") + LATEST_FIRST if latest_first else script
            route.fulfill(content_type="text/javascript", body=body)
        expect(page.get_by_role("button", name=re.compile("^Pre-trained model: done"))).to_be_visible()
    drawn = page.evaluate("window.drawn")
    assert len(drawn) > 1 and drawn[0] > drawn[-1], "older data came after newer"


def test_steps_turn_by_buttons_and_by_going_back(page: Page, served: Serve) -> None:
    page.goto(f"{served()}/lessons")  # as a link without a step opens it
    expect(page.locator("h1")).to_have_text("1. The base model")
    settled(page)
    page.get_by_role("radio", name=re.compile("^2 ")).click()
    expect(page.locator("h1")).to_have_text("2. The backbone")
    settled(page)
    page.get_by_role("radio", name=re.compile("^3 ")).click()
    expect(page.locator("h1")).to_have_text("3. The classification head")
    expect(page).to_have_url(re.compile("step=3"))
    for title in ("2. The backbone", "1. The base model"):
        page.go_back()
        expect(page.locator("h1")).to_have_text(title)


def test_on_a_phone_the_guide_comes_first_and_nothing_is_cut(page: Page, served: Serve) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{served()}/lessons?step=5")
    settled(page)
    guide, title = (page.locator(what).bounding_box() for what in (".st-key-lesson_guide", "h1"))
    assert guide is not None and title is not None and guide["y"] < title["y"]
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    page.get_by_role("button", name="Before a class").click()
    expect(page.get_by_text("of the 11 runs that this lesson shows exist already")).to_be_visible()
    start = page.get_by_role("button", name="Train them now")
    expect(start).to_be_in_viewport(ratio=1)


def test_a_presenter_shows_the_page_alone_and_gets_the_menu_back(page: Page, served: Serve) -> None:
    page.goto(f"{served()}/lessons?step=4&present=1")
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    size = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    assert size > page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    expect(page).not_to_have_url(re.compile("present"))


def test_every_handout_prints_on_one_page(page: Page, served: Serve, tmp_path: Path) -> None:
    url = served()
    for step in STEPS:
        page.goto(f"{url}/api/handout/en/{step}")
        expect(page.locator("h1")).to_contain_text(f"{step}. ")
        printed = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, f"step {step} takes more than a page"
