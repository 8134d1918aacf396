"""`export`, `predict`: a run as a file, and what it says of a folder of pictures."""

import argparse
import sys
from pathlib import Path
from typing import Any

from explorer import installation, runs
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
        pictures.check(options.csv, (".csv",))
    found = answer(PredictQuestion(run=runs.called(options.run), folder=str(options.folder)))
    if options.csv is not None:
        written(options.csv, table_csv(found).encode())
    rows = [
        {
            "file": name,
            "class": found.classes[k],
            "probability": float(row[k]),
            "probabilities": {kind: float(p) for kind, p in zip(found.classes, row, strict=True)},
        }
        for name, k, row in zip(found.files, found.predicted, found.probability, strict=True)
    ]
    score = {"score": found.score.json()} if found.score else {}
    skipped = [{"file": name, "reason": reason} for name, reason in found.skipped]
    return {
        "run": found.run,
        "n": len(rows),
        "temperature": found.temperature,
        **score,
        "predictions": rows,
        "skipped": skipped,
    }


def bring(options: argparse.Namespace) -> Words:
    """A run from elsewhere, out of its ZIP."""
    return runs.read(archive.bring(options.file)).json()
