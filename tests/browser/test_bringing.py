"""Pictures on their way in, in a real browser: dropped, taken with the camera, cancelled, broken off. No worker is needed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import settled
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.own_sets import parcels

pytestmark = [pytest.mark.browser, pytest.mark.long(20)]
Serve = Callable[..., str]
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}


def _drop(page: Page, *files: Path) -> None:
    """Files dropped onto the field, as the system does it, once the field stands still: what is above it may still go."""
    settled(page)
    box, before = page.locator(".box").bounding_box(), None
    while box is None or box != before:
        page.wait_for_timeout(150)
        box, before = page.locator(".box").bounding_box(), box
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    session.detach()


def _said(page: Page, words: str) -> None:
    expect(page.locator(".said")).to_contain_text(words)


def _arrived() -> list[str]:
    """The names of all files that arrived, in whichever parcel."""
    keys = [path.name for path in parcels.folder().iterdir()]
    return sorted(file.name for key in keys for file in parcels.contents(key))


def _parts() -> list[Path]:
    return list(parcels.folder().rglob("*.part"))


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three small pictures, and 30 MB that are none."""
    for i in range(3):
        Image.fromarray(np.full((8, 8, 3), 40 * i, np.uint8)).save(tmp_path / f"{i}.png")
    (tmp_path / "large.zip").write_bytes(b"PK\3\4" + b"\0" * 30_000_000)
    return [tmp_path / name for name in ("0.png", "1.png", "2.png", "large.zip")]


def test_an_upload_is_cancelled_breaks_off_or_is_left_and_nothing_half_stays(
    page: Page, served: Serve, pictures: list[Path]
) -> None:
    url = served()
    page.goto(f"{url}/bring")
    settled(page)
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", SLOW)
    _drop(page, pictures[0], pictures[3])
    _said(page, "1 of 2 files sent")
    assert _parts()
    page.locator(".stop").click()
    _said(page, "Cancelled: 1 of 2 files had arrived.")
    expect(page.get_by_role("heading", name="Arrived: 1 file")).to_be_visible()
    _drop(page, pictures[3])
    _said(page, "0 of 1 file sent")
    page.locator(".stop").click()
    _said(page, "Cancelled: nothing was kept.")
    page.route("**/api/arriving/**", lambda route: route.abort("connectionreset"))
    _drop(page, pictures[1])
    _said(page, "1 could not be sent: 1.png: the connection broke off")
    page.unroute("**/api/arriving/**")
    _drop(page, pictures[3])
    _said(page, "0 of 1 file sent")
    page.goto("about:blank")  # left half-way
    page.goto(f"{url}/bring")
    settled(page)
    for _ in range(50):  # the server notices within a moment
        if _parts():
            page.wait_for_timeout(100)
    assert _arrived() == ["0.png"] and not _parts()


def test_classes_are_named_then_filled_by_drop_and_camera(page: Page, served: Serve, pictures: list[Path]) -> None:
    page.goto(f"{served()}/bring")
    settled(page)
    page.get_by_text("Class by class").click()
    expect(page.locator(".label").filter(has_text="Name the class first")).to_be_visible()
    expect(page.locator(".label")).to_have_count(1)  # the field before it is gone, too
    _drop(page, pictures[0])
    _said(page, "Name the class first, then drop its pictures.")
    page.get_by_label("Class", exact=True).fill("<b>cats</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".label")).to_have_text("Drop pictures of <b>cats</b>")
    _drop(page, *pictures[:2])
    expect(page.get_by_text("· 2 pictures")).to_be_visible()
    page.get_by_text("Camera").first.click()
    page.get_by_role("button", name="Switch the camera on").click()
    page.locator(".burst").click()
    _said(page, "of 12 taken")
    page.locator(".stop").click()
    _said(page, "Cancelled: nothing was kept.")
    page.locator(".single").click()
    expect(page.get_by_text("· 3 pictures")).to_be_visible()
    page.locator(".burst").click()
    expect(page.get_by_text("· 15 pictures")).to_be_visible()
    names = _arrived()
    assert names[:2] == ["<b>cats<∕b>/0.png", "<b>cats<∕b>/1.png"] and sum("/burst-" in name for name in names) == 12
