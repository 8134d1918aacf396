"""What only a worker answers, in a real browser: a comparison, a guess, and trainings that are watched and stopped.

One server and one worker serve all, since to start them takes longer than most of what is asked here.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import bring_shipped, serve, settled
from playwright.sync_api import Page, expect

from explorer.arriving.compute.keeping import bring
from explorer.catalogue.backbones import backbone
from explorer.home import runs_folder
from explorer.recipe import default_comparison
from explorer.worlds.recipes import RANDOM

pytestmark = [pytest.mark.browser, pytest.mark.long(160)]


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Thaw's folder and the address of its server, which has a worker; there are no sample runs."""
    place = tmp_path_factory.mktemp("working")
    with serve(place / "home", str(place / "no samples")) as url:
        yield place / "home", url


@pytest.fixture
def home(working: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, without runs; frozen features that were computed before are kept, as a visitor's are."""
    monkeypatch.setenv("THAW_HOME", str(working[0]))
    monkeypatch.setenv("THAW_SAMPLES", str(working[0].parent / "no samples"))
    shutil.rmtree(runs_folder(), ignore_errors=True)
    return working[0]


@pytest.fixture
def url(working: tuple[Path, str], home: Path) -> str:
    """The address of the server with a worker, where nobody has a run."""
    return working[1]


@pytest.fixture
def few(home: Path, patterns: Path) -> str:
    """A data set of 42 small pictures that somebody brought: an epoch takes a second, whatever learns."""
    return bring(patterns, "Patterns", "folders", lambda share, words: None).name


def test_the_default_comparison_fills_the_page_by_itself(page: Page, url: str) -> None:
    file = backbone("resnet10").weights_path("BUILT_IN")
    if not file.is_file():
        pytest.skip(f"the built-in backbone is not here: {file}")
    bring_shipped(*default_comparison()[1:])  # one of the three is trained; that all are asked for, test_pages.py says
    page.goto(url)
    settled(page)
    expect(page.get_by_text("Three small runs, once.")).to_be_visible()
    expect(page.get_by_text("Does pre-training help?")).to_be_visible(timeout=400_000)
    expect(page.get_by_text("audit clean")).to_have_count(3)
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(4, timeout=240_000)  # accuracies, gaps, map, look
    expect(page.locator("h1")).to_have_text("See what fine-tuning changes")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_blocks_are_thawed_and_their_run_is_watched_and_stopped(page: Page, url: str, few: str) -> None:
    page.goto(f"{url}/freezing?dataset={few}")
    blocks = [page.locator(f".st-key-block_{name} button") for name in ("stem", "layer4")]
    for block in blocks:
        expect(block).to_contain_text("frozen")
        block.click()
        expect(block).to_contain_text("learns")
    expect(page).to_have_url(re.compile(r"strategy=custom&stages=stem\.layer4"))
    page.reload()
    for block in blocks:
        expect(block).to_contain_text("learns", timeout=60_000)
    page.set_viewport_size({"width": 1024, "height": 900})
    boxes = [box for block in page.locator("[class*='st-key-block_']").all() if (box := block.bounding_box())]
    assert len(boxes) == 6 and len({round(box["width"]) for box in boxes}) == 1, (
        "no block stretches in a row of its own"
    )
    page.get_by_role("button", name="Train this").click(timeout=120_000)  # the worker builds the network first
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    settled(page)
    expect(page.get_by_role("combobox", name="Fine-tuning strategy")).to_have_value("Custom")
    images = page.get_by_label("Training images per class")
    images.fill("5")
    images.press("Enter")
    expect(page).to_have_url(re.compile("per_class=5"))
    slider = page.get_by_role("slider", name="Epochs")
    slider.focus()
    slider.press("End")
    settled(page)
    page.get_by_role("button", name="Start").click()
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")  # Streamlit's own stands in the header
    expect(stop).to_be_visible()
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(1, timeout=200_000)
    stop.click()
    expect(page.get_by_text("Stopped on request")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_guess_is_computed_by_the_live_model_and_opens_a_concept(page: Page, url: str) -> None:
    bring_shipped(RANDOM)
    page.goto(f"{url}/lessons?step=1")
    settled(page)
    page.get_by_label("Your guess (weights)").fill("147")
    page.locator(".st-key-check_1b_go button").click()
    expect(page.get_by_text("You said 147; it is 147 weights.")).to_be_visible(timeout=200_000)
    page.get_by_label("Your guess (of 100)").fill("75")
    page.locator(".st-key-check_1a_go button").click()  # a run is trained for this answer, beside one that is there
    expect(page.get_by_text("You said 75; it is")).to_be_visible(timeout=200_000)
    settled(page)  # until then what moves down stands in both places
    page.locator(".st-key-lesson_to_2 button").click()  # at the foot of the page
    expect(page.locator("h1")).to_have_text("2. The backbone")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0, "a step begins at its top"
    page.go_back()  # one press, whatever was passed and trained in between
    expect(page.locator("h1")).to_have_text("1. The base model")
    page.locator('[data-testid=stMarkdownContainer] a[href*="glossary?term="]').first.click()
    expect(page.locator(".card:popover-open")).to_be_visible()  # the definition, where the reader is
    another = page.context.new_page()  # as a term's page opens, or tomorrow
    another.goto(page.url.replace("lessons?step=1", "concepts"))
    expect(another.get_by_role("button", name=re.compile("^Feature extraction: done"))).to_be_visible()
    another.close()
    page.keyboard.press("Escape")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Concept map").click()
    expect(page.locator("h1")).to_have_text("Concept map")
    settled(page)
    expect(page).not_to_have_url(re.compile("learned|probed"))
    done = page.get_by_role("button", name=re.compile("^Feature extraction: done"))
    expect(done).to_be_visible()  # its deed: a probe whose audit is clean
    done.click()
    expect(page).to_have_url(re.compile("concept=feature_extraction"))


def test_a_race_is_watched_and_stopped(page: Page, url: str, few: str) -> None:
    page.goto(f"{url}/race?per_class=5&dataset={few}")
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
