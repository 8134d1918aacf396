"""Runs in a real browser: the two that a look shows come by themselves; mine is the one I started; a tick stays with its run."""

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

pytestmark = pytest.mark.browser


def test_the_address_names_the_runs_and_going_back_is_no_trap(
    page: Page, served: Callable[..., str], home: Path
) -> None:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    for run in (a, b):
        save(stand_ins.gallery(), GalleryQuestion(run=run).path)
    page.goto(f"{served()}/runs")
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
    page.go_back()
    expect(page).not_to_have_url(re.compile("image=7"))
    expect(page).to_have_url(re.compile(f"a={a}&b={b}"))
    settled(page)
    for _ in range(
        6
    ):  # the runs, the visit's deed, the page as it was opened: on a slow machine each a step of its own
        if "/images" in page.url:
            page.go_back()
            settled(page)
            page.wait_for_timeout(1500)
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
