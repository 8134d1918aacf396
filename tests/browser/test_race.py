"""The race page in a real browser: all curves in one figure, a reload that keeps them, the table as a file."""

import re
from pathlib import Path

import pytest
import stand_ins
from conftest import darken, grave, settled
from playwright.sync_api import Page, expect
from test_home import Serve

pytestmark = [pytest.mark.browser, pytest.mark.long(55)]
STRATEGIES = {
    "linear_probe": "Feature extraction",
    "last_stage": "Last stage",
    "first_stage": "First stage",
    "full": "Full fine-tuning",
    "from_scratch": "From scratch",
}


def _race(seeds: int) -> None:
    stand_ins.race({name: tuple(range(i, i + seeds)) for i, name in enumerate(STRATEGIES, 1)})


@pytest.mark.parametrize("width", [1280, 1920])
def test_five_curves_share_one_figure_and_nothing_overlaps(width: int, page: Page, served: Serve, home: Path) -> None:
    _race(2)
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme="light")
    page.goto(f"{served()}/race")
    settled(page)
    _nothing_overlaps(page)
    assert not (found := grave(page)), found
    darken(page)
    _nothing_overlaps(page)
    assert not (found := grave(page, "color-contrast")), found


def _nothing_overlaps(page: Page) -> None:
    curves, result = page.locator(".js-plotly-plot").nth(0), page.locator(".js-plotly-plot").nth(1)
    expect(curves.locator(".legendtext")).to_have_text(list(STRATEGIES.values()))
    expect(result.locator(".ytick")).to_have_text(list(STRATEGIES.values()))
    legend, plot = curves.locator(".legend").bounding_box(), curves.locator(".nsewdrag").bounding_box()
    title = curves.locator(".xtitle").bounding_box()
    assert legend and plot and title
    assert plot["y"] + plot["height"] < title["y"] < title["y"] + title["height"] <= legend["y"] + 8
    boxes = [label.bounding_box() for label in curves.locator(".legendtext").all()]
    inside = curves.bounding_box()
    assert inside and all(box and box["x"] + box["width"] <= inside["x"] + inside["width"] for box in boxes)


def test_a_race_survives_a_reload_and_is_saved_as_csv(page: Page, served: Serve, home: Path) -> None:
    _race(1)
    stand_ins.race({"linear_probe": (1,), "full": (2,)}, "20270101-000000-cafe")
    page.goto(f"{served()}/race?race={stand_ins.RACE}")
    settled(page)
    for _ in range(2):
        expect(page).to_have_url(re.compile(f"race={stand_ins.RACE}"))
        expect(page.locator(".js-plotly-plot").first.locator(".legendtext")).to_have_count(5)
        page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="Every run as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6 and lines[0].startswith("race,strategy,seed,run,")
    assert download.value.suggested_filename == f"race-{stand_ins.RACE}.csv"
