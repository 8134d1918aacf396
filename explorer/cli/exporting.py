"""`export`, `predict`: a run as a file, and what it says of a folder of pictures."""

import argparse
import sys
from pathlib import Path
from typing import Any

from explorer import installation, runs
from explorer.catalogue import named
from explorer.cli import pictures
from explorer.cli.asking import answer, progress, written
from explorer.export import archive
from explorer.export.formats import check_file, format_of
from explorer.export.question import PredictQuestion
from explorer.export.telling import report_lines, table_csv

Words = dict[str, Any]
FILES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".tar")
"""Endings of checkpoints: such a word after --weights is a file, also where there is none."""


def weights_of(backbone: str, weights: str) -> str:
    """What a recipe calls `--weights`: a checkpoint file is read first, and what was taken from it told on standard error."""
    file = Path(weights).expanduser()
    if not file.is_file() and file.suffix.lower() not in FILES:
        return weights
    installation.check()
    from explorer.export.compute.bringing import bring

    found = bring(backbone, weights)
    told = [f"{found.source}: {found.taken} tensors taken, {found.parameters:,} parameters.", *report_lines(found)]
    print("\n".join(told), file=sys.stderr)
    return found.weights


def ensure(backbone: str) -> None:
    """Look a backbone of a library up where it is not known yet, or not all of it; the catalogue's are known."""
    known = named.read(backbone)
    if named.is_name(backbone) and (known is None or not known.widths):
        installation.check()
        from explorer.models.finding import find

        row = find(backbone).row
        print(f"{row.title}: {len(row.stages)} stages ({', '.join(row.stage_names)}), found by name.", file=sys.stderr)


def look_up(name: str, begins: tuple[int, ...]) -> Words:
    """A backbone of a library: its steps, and the stages that they make up."""
    named.parsed(name)
    installation.check()
    from explorer.models.finding import find

    found = find(named.cut(name, begins) if begins else name)
    row = found.row
    steps = [
        {"step": i, "begins": i in found.begins, "path": step.path, "kind": step.kind, "shape": list(step.shape),
         "parameters": step.parameters}
        for i, step in enumerate(found.steps)
    ]  # fmt: skip
    return {
        "name": row.name,
        "stages": list(row.stage_names),
        "features": row.features,
        "parameters": row.parameters,
        "input_size": row.input_size,
        "weights": [weights.name for weights in row.weights],
        "steps": steps,
    }


def search(word: str) -> Words:
    """The networks of torchvision, and of timm where it is installed, whose names hold a word."""
    installation.check()
    from explorer.models import libraries

    found = {library: [] if libraries.lacking(library) else libraries.names(library) for library in named.LIBRARIES}
    names = [
        f"{library}:{name}" for library, all_of in found.items() for name in all_of if word.lower() in name.lower()
    ]
    notes = [why for library in named.LIBRARIES if (why := libraries.lacking(library))]
    return {"found": names} | ({"notes": notes} if notes else {})


def export(options: argparse.Namespace) -> Words:
    """A finished run as a file."""
    row = format_of(options.to)
    check_file(row, options.out)
    installation.check()
    from explorer.export.compute import handlers  # heavy: loaded only by the commands that need it

    run = runs.called(options.run)
    notes = handlers.write(run, row.name, options.out, progress)
    return {
        "run": run,
        "to": row.name,
        "out": str(options.out),
        "bytes": options.out.stat().st_size,
        "notes": list(notes),
    }


def predict(options: argparse.Namespace) -> Words:
    """What a run says of the pictures in a folder."""
    if options.csv is not None:
        pictures.check(options.csv, (".csv",), "--csv")
    found = answer(
        PredictQuestion(run=runs.called(options.run), folder=str(options.folder), distances=options.distances)
    )
    if options.csv is not None:
        written(options.csv, table_csv(found).encode())
    rows = [
        {
            "file": name,
            "class": found.classes[k],
            "probability": float(row[k]),
            "probabilities": {kind: float(p) for kind, p in zip(found.classes, row, strict=True)},
            "test_images_as_far": None if found.farther is None else float(found.farther[i]),
            "perhaps_none_of_these": None if found.farther is None else bool(found.unlike[i]),
        }
        for i, (name, k, row) in enumerate(zip(found.files, found.predicted, found.probability, strict=True))
    ]
    score = {"score": found.score.json()} if found.score else {}
    skipped = [{"file": name, "reason": reason} for name, reason in found.skipped]
    return {
        "run": found.run,
        "n": len(rows),
        "temperature": found.temperature,
        "perhaps_none_of_these": None if found.farther is None else int(found.unlike.sum()),
        **score,
        "predictions": rows,
        "skipped": skipped,
    }


def bring(options: argparse.Namespace) -> Words:
    """A run from elsewhere, out of its ZIP."""
    return runs.read(archive.bring(options.file)).json()
