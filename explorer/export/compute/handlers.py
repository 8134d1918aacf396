"""Who writes which format, and the answer to `ExportQuestion`."""

from collections.abc import Callable
from pathlib import Path

from explorer.errors import ExplorerError
from explorer.export import archive, building, kept
from explorer.export.compute import graphs, notebooks, reports, scripts, weights
from explorer.export.formats import Format, format_of
from explorer.export.question import Exported, ExportQuestion
from explorer.home import write_aside
from explorer.looks.pair import compute
from explorer.progress import ProgressCallback
from explorer.runs import OpenedRun

Writer = Callable[[OpenedRun, Path, str, ProgressCallback], tuple[str, ...]]


def _pack(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    return archive.pack(run, out)


WRITERS: dict[str, Writer] = {
    "script": scripts.write,
    "weights": weights.write,
    "learned": weights.write_learned,
    "onnx": graphs.write_onnx,
    "onnx-picture": graphs.write_onnx_picture,
    "torch-export": graphs.write_program,
    "report": reports.write,
    "zip": _pack,
    "notebook": notebooks.write,
}
"""Format → what writes a run into a file: the run, the path, the ending that the file is to have, a report; returns what to
know of it."""


def write(run: str, to: str, out: Path, report: ProgressCallback) -> tuple[str, ...]:
    """Write the run as the file `out`, aside and then renamed; returns sentences on it. Raises ExplorerError where the disk
    does not take it."""
    notes: tuple[str, ...] = ()
    found = compute.opened(run)

    def put(part: Path) -> None:
        nonlocal notes
        notes = WRITERS[format_of(to).name](found, part, out.suffix.lower(), report)

    if format_of(to).builds:
        building.check(found.settled.row)
    try:
        write_aside(out, put)
    except OSError as error:
        raise ExplorerError(
            f"{out} cannot be written: {error.strerror}. Free some space, or name a file in another folder."
        ) from error
    return notes


def export(run: str, to: str, report: ProgressCallback) -> Exported:
    """A finished run as a file among the kept exports."""
    row = format_of(to)
    stored = f"{ExportQuestion(run=run, to=to).key}{row.endings[0]}"
    out = kept.room() / stored
    notes = write(run, to, out, report)
    return Exported(run=run, to=to, stored=stored, file=file_name(run, row), size=out.stat().st_size, notes=notes)


def file_name(run: str, row: Format) -> str:
    """What the file is to be called on the visitor's machine: its kind and the run."""
    return f"{row.stem}-{run}{row.endings[0]}"
