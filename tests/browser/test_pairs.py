"""Runs in a real browser: they come into the address by themselves, one step back is one place back, mine is what I started."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_ins
from conftest import settled
from playwright.sync_api import Page, expect

from explorer import runs
from explorer.answers import save
from explorer.looks.images.question import GalleryQuestion
from explorer.runs import names

pytestmark = [pytest.mark.browser, pytest.mark.long(45)]


def test_one_step_back_is_one_place_back_and_a_reload_changes_nothing(
    page: Page, served: Callable[..., str], home: Path
) -> None:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    for run in (a, b):
        save(stand_ins.gallery(), GalleryQuestion(run=run).path)
    url = served()
    page.goto(f"{url}/runs")
    settled(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Which images").click()
    expect(page.locator("h1")).to_have_text("Which images")
    expect(page).to_have_url(re.compile(f"a={a}&b={b}"))
    settled(page)
    box = page.get_by_label("Image number")
    box.fill("7")
    box.press("Enter")
    expect(page).to_have_url(re.compile("image=7"))
    settled(page)
    page.get_by_role("radio", name="Wrong in both").click()
    expect(page).to_have_url(re.compile("group=wrong-in-both"))
    settled(page)
    whole = page.url
    page.reload()
    settled(page)
    expect(page.get_by_role("radio", name="Wrong in both")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_label("Image number")).to_have_value("7")
    assert page.url == whole
    page.get_by_role("radio", name="Confusion matrices").click()
    expect(page).to_have_url(re.compile("view=confusion-matrices"))
    settled(page)
    pair = page.url
    page.get_by_role("combobox", name="B · after").click()
    page.get_by_role("option").filter(has_text="Feature extraction").click()
    expect(page).to_have_url(re.compile(f"a={a}&b={a}"))
    settled(page)
    page.go_back()  # from one pair to the other
    expect(page).to_have_url(pair)
    settled(page)
    page.go_back()  # all that was chosen on the page made no steps
    expect(page.locator("h1")).to_have_text("Runs")


def test_mine_is_mine(page: Page, served: Callable[..., str], home: Path) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    url = served()
    page.goto(f"{url}/training")
    settled(page)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_in_viewport(ratio=1)
    before = page.url
    for _ in range(2):  # the same recipe twice within a minute, as a class does it
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_test_id("stToast").filter(has_text="is in the queue").first).to_be_visible()
        expect(page).not_to_have_url(before)
        before = page.url
        settled(page)
    second, first = (run.id for run in runs.listing())
    expect(page).to_have_url(re.compile(f"run={second}"))
    expect(page.get_by_role("heading", name=names.generated(second))).to_be_visible()
    page.get_by_role("combobox", name="Run").click()
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option", name=names.generated(first)).click()
    expect(page.get_by_role("heading", name=names.generated(first))).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=names.generated(first))).to_be_visible()

    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    page.goto(f"{url}/runs")
    settled(page)
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 52)  # the tick of the first row
    expect(page.get_by_role("heading", name=names.generated(b))).to_be_visible()
    stand_ins.finished_run(strategy="full")
    page.get_by_role("button", name="Star", exact=True).click()
    expect(page.get_by_role("button", name="Starred", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=names.generated(b))).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Tick one run for its details")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert runs.read(b).named.starred and runs.read(a).state == "finished"


def test_a_presenter_turns_figures_by_key_and_a_phone_gets_them_one_above_the_other(
    page: Page, served: Callable[..., str], home: Path
) -> None:
    for wrong, strategy in ((6, "linear_probe"), (2, "last_stage")):
        run = stand_ins.finished_run(wrong=wrong, strategy=strategy)
        save(stand_ins.gallery(), GalleryQuestion(run=run).path)
    url = f"{served()}/images?view=confusion-matrices"
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{url}&present=1")
    settled(page)
    figure = page.locator(".st-key-figure_images_confusion")
    expect(figure.locator(".js-plotly-plot")).to_be_visible()
    page.keyboard.press("PageDown")
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 20")
    box = figure.bounding_box()
    assert box is not None and 0 <= box["y"] < 120 and box["height"] <= 800, "one figure a screen"
    page.keyboard.press("PageUp")
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop < 20")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator("img[alt^='QR code of'][alt*='view=confusion-matrices']")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url)
    settled(page)
    page.wait_for_selector(".js-plotly-plot .xaxislayer-above")
    domains = "['', 2, 3].map((i) => document.querySelector('.js-plotly-plot')._fullLayout['xaxis' + i].domain.join())"
    assert page.evaluate(domains) == ["0,1"] * 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [radio.bounding_box() for radio in page.get_by_role("radio").all()]
    assert len(boxes) > 5 and all(box and box["x"] + box["width"] <= 390 for box in boxes), "no choice beyond the edge"
