"""The report of a run: what it recorded, and a picture of each class where its pictures can still be read."""

from pathlib import Path

from explorer import runs
from explorer.errors import ExplorerError
from explorer.export.report import report as page
from explorer.jpeg import jpeg_address
from explorer.looks.images.compute import examples
from explorer.progress import ProgressCallback
from explorer.runs import OpenedRun


def write(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """One HTML file that loads nothing from elsewhere."""
    report(0.2, "Pictures")
    try:
        gallery = examples(run)
        pictures = [jpeg_address(image) for image in gallery.images]
        notes: tuple[str, ...] = ()
    except (ExplorerError, OSError) as error:
        pictures, notes = [], (f"Without pictures: {error}",)
    out.write_text(page(run, run.predictions, runs.audit(run.id), pictures), encoding="utf-8")
    return ("One page; print it from the browser.", *notes)
