"""The address of the two runs in a real browser: they come by themselves, and going back leaves the page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_ins
from conftest import settled
from playwright.sync_api import Page, expect

from explorer.answers import save
from explorer.looks.images.question import GalleryQuestion

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
