"""A newcomer's road in a real browser: first paint, deep links, the menu, the comparison that runs by itself."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_ins
from conftest import grave, settled
from playwright.sync_api import Page, expect

from explorer.bundle import ASSETS
from explorer.recipe import default_comparison, make

pytestmark = [pytest.mark.browser, pytest.mark.long(140)]
Serve = Callable[..., str]
FIRST = (stand_ins.N - 6,)
"""The image that pages open with: the first of those on which the two runs differ."""

TITLES = {
    "": "See what fine-tuning changes",
    "home": "See what fine-tuning changes",
    "bring": "Bring your own pictures",
    "data": "Data",
    "freezing": "What to freeze",
    "training": "Train",
    "experiments": "Which way of tuning wins here?",
    "images": "Which images",
    "features": "Features",
    "projection": "One shared map",
    "attribution": "Where it looks",
    "similarity": "How far it moved",
    "lessons": "1. The base model",
    "concepts": "Concept map",
    "glossary": "Glossary",
    "findings": "What we found",
    "runs": "Runs",
    "predict": "Predict",
}
MENU = (
    "Home",
    "Bring pictures",
    "Data",
    "What to freeze",
    "Train",
    "Experiments",
    "Which images",
    "Features",
    "One shared map",
    "Where it looks",
    "How far it moved",
    "Lesson",
    "Concept map",
    "Glossary",
    "What we found",
    "Runs",
    "Predict",
)


def _sound(page: Page, title: str) -> None:
    """The right page, whole menu, no traceback, no dialog about a page that is not there."""
    settled(page)
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(len(MENU))
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def _first_seen(page: Page, served: Serve, name: str) -> None:
    """A page is the first thing that a fresh server is asked for."""
    url = served(fresh=True)
    began = time.monotonic()
    page.goto(f"{url}/{name}")
    _sound(page, TITLES[name])
    assert time.monotonic() - began < 20


def test_a_deep_link_is_the_first_thing_a_fresh_server_sees(page: Page, served: Serve) -> None:
    _first_seen(page, served, "attribution")


def _everything() -> None:
    """What the pages show where nothing is missing."""
    a, b = stand_ins.finished_run(6, strategy="linear_probe"), stand_ins.finished_run(2, strategy="last_stage")
    stand_ins.answer(a, b, FIRST, elsewhere=True)
    stand_ins.measured(make())


def test_the_menu_leads_to_every_page_and_all_are_legible_in_the_dark(page: Page, served: Serve, home: Path) -> None:
    _everything()
    page.emulate_media(color_scheme="dark")
    page.goto(served())
    for entry, title in zip(MENU[1:] + MENU[:1], [*list(TITLES.values())[2:], TITLES[""]], strict=True):
        page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"{entry}$")).click()
        expect(page.locator("h1")).to_have_text(title)
        _sound(page, title)
        assert not (found := grave(page, "color-contrast")), (title, found)


def test_a_choice_lasts_over_pages_and_a_reload(page: Page, served: Serve, home: Path) -> None:
    a, b = stand_ins.finished_run(6, strategy="linear_probe"), stand_ins.finished_run(2, strategy="last_stage")
    stand_ins.answer(a, b, images=(0, 7), elsewhere=True)
    page.goto(f"{served()}/features?stage=layer3")
    settled(page)
    box = page.get_by_label("Image number")
    box.fill("7")
    box.press("Enter")
    expect(page).to_have_url(re.compile("image=7"))
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Where it looks").click()
    expect(page.locator("h1")).to_have_text("Where it looks")
    expect(page.get_by_label("Image number")).to_have_value("7")
    expect(page).to_have_url(re.compile("stage=layer3"))
    page.reload()
    expect(page.get_by_label("Image number")).to_have_value("7")


def test_a_click_in_the_map_chooses_the_image(page: Page, served: Serve, home: Path) -> None:
    a, b = stand_ins.finished_run(6, strategy="linear_probe"), stand_ins.finished_run(2, strategy="last_stage")
    stand_ins.answer(a, b, FIRST, elsewhere=True)
    page.goto(f"{served()}/projection")
    settled(page)
    points = page.locator(".js-plotly-plot .scatterlayer .point")
    expect(points).to_have_count(2 * stand_ins.N)
    points.nth(1).scroll_into_view_if_needed()
    centre = points.nth(1).bounding_box()
    assert centre is not None
    page.mouse.click(centre["x"] + centre["width"] / 2, centre["y"] + centre["height"] / 2)
    expect(page).to_have_url(re.compile(r"image=\d+"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_are_legible_in_both_themes(scheme: str, page: Page, served: Serve, home: Path) -> None:
    for recipe in default_comparison():
        stand_ins.finished_run(4, **recipe.model_dump())
    page.emulate_media(color_scheme=scheme)
    page.goto(served())
    settled(page)
    label = page.locator(".js-plotly-plot .annotation text", has_text="largest class").first
    expect(label).to_have_css("fill", "rgb(233, 238, 243)" if scheme == "dark" else "rgb(10, 17, 24)")


def test_two_worlds_are_there_before_any_worker_is(page: Page, served: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
    _first_seen(page, served, "")
    expect(page.get_by_text("Tuning shows no gain")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("It gains 22 points")).to_be_visible()
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(5, timeout=60_000)
    page.get_by_test_id("stButtonGroup").get_by_text("Familiar pictures, few of them").click()
    settled(page)
    expect(page.get_by_text("17 classes")).to_be_visible()
    page.get_by_role("link", name="Explore the map").click()
    _sound(page, TITLES["projection"])
    expect(page.get_by_role("combobox", name="A · before")).to_have_value(re.compile("Feature extraction"))


def test_a_deep_link_leads_to_every_page_and_everyone_can_read_it(page: Page, served: Serve, home: Path) -> None:
    """Each page is opened by its address and held against the accessibility rules; nothing but colours is another in the dark
    theme, which the walk through the menu holds against those of contrast."""
    _everything()
    url = served()
    page.emulate_media(color_scheme="light")
    for name, title in TITLES.items():
        page.goto(f"{url}/{name}")
        _sound(page, title)
        if name:  # the page without a name is `home`
            assert not (found := grave(page)), (name, found)
