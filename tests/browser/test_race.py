"""The race page in a real browser: all curves in one figure, a reload that keeps them, the table as a file."""

import re
from pathlib import Path

import pytest
import stand_ins
from axe_playwright_python.sync_playwright import Axe
from conftest import settled
from playwright.sync_api import Page, expect
from test_home import Serve

pytestmark = [pytest.mark.browser, pytest.mark.long(80)]
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
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_five_curves_share_one_figure_and_nothing_overlaps(
    scheme: str, width: int, page: Page, served: Serve, home: Path
) -> None:
    _race(2)
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{served()}/race")
    settled(page)
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
    grave = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not [(v["id"], v["nodes"][0]["html"][:200]) for v in grave if v["id"] not in ("list", "listitem")]


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


def test_a_race_is_watched_and_stopped(page: Page, served: Serve) -> None:
    page.goto(f"{served(worker=True)}/race?per_class=5")
    settled(page)
    slider = page.get_by_role("slider", name="Epochs")
    slider.focus()
    slider.press("End")
    settled(page)
    page.get_by_role("button", name="Start 3 runs").click()
    expect(page.get_by_role("button", name="Stop the race")).to_be_visible()
    expect(page.locator(".js-plotly-plot .legendtext", has_text="Last stage")).to_be_visible(timeout=240_000)
    page.get_by_role("button", name="Stop the race").click()
    expect(page.get_by_text("runs have no result.")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)
