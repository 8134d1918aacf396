"""All cells of an experiment as a table: CSV, Parquet, or rows for whoever asks."""

import csv
import io
from typing import Any

from explorer.catalogue.shifts import SEVEREST, SHIFTS
from explorer.experiments.cells import Cell, Sweep
from explorer.experiments.shift import Answers
from explorer.runs.steps import fact, steps

_FACTS = {
    "kept_epoch": ("chosen_epoch",),
    "seconds": ("seconds", "total"),
    "seconds_frozen_stages": ("seconds", "features"),
    "learned_parameters": ("parameters", "learned"),
    "total_parameters": ("parameters", "total"),
    "peak_memory_bytes": ("peak_memory",),
    "reads": ("reads",),
}
_OF_RECIPE = (
    "backbone",
    "weights",
    "strategy",
    "seed",
    "epochs",
    "batch_size",
    "batchnorm",
    "head_rate",
    "backbone_rate",
)


def rows(sweep: Sweep, corrupted: Answers | None = None) -> list[dict[str, Any]]:
    """One row a cell, every number unrounded; None where there is none (yet). A shift test has the accuracy on corrupted
    test images too, a column for each kind and severity, of the runs that were scored on them (`corrupted`)."""
    found = [_row(sweep.plan.text, cell) for cell in sweep.cells]
    if sweep.plan.kind != "shift":
        return found
    return [row | _corrupted(corrupted or {}, str(row["run"])) for row in found]


def _corrupted(found: Answers, run: str) -> dict[str, Any]:
    levels = [(kind, severity) for kind in SHIFTS for severity in range(1, SEVEREST + 1)]
    one = found.get(run)
    return {f"{kind}_{s}": None if one is None else float(one.at(kind, s).mean()) for kind, s in levels}


def _row(plan: str, cell: Cell) -> dict[str, Any]:
    recipe, run, done = cell.planned.recipe, cell.run, cell.finished
    row: dict[str, Any] = {"experiment": plan, "arm": cell.planned.arm, "recipe": recipe.fingerprint}
    row |= {name: getattr(recipe, name) for name in _OF_RECIPE}
    row |= {"stages": " ".join(recipe.learns), "dataset": recipe.data_dir or recipe.dataset, "spoilt": recipe.spoilt}
    row |= {"per_class": recipe.per_class, "train_images": _whole(fact(run, "counts", "train") if run else None)}
    test = done.test.json() if done and done.test else {}
    row |= {f"test_{name}": test.get(name) for name in ("accuracy", "low", "high", "n", "correct")}
    row["test_balanced"] = done.balanced.value if done and done.balanced else None
    row |= {name: fact(run, *path) if run else None for name, path in _FACTS.items()}
    row |= {"steps": steps(run) if done and run else None, "audit_clean": run.clean if run else None}
    return row | {"run": run.id if run else None, "state": run.state if run else "not there"}


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def to_csv(sweep: Sweep, corrupted: Answers | None = None) -> bytes:
    """One line a cell; `per_class` is `all` where all images were taken."""
    lines = [row | {"per_class": row["per_class"] or "all"} for row in rows(sweep, corrupted)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in line.items()} for line in lines)
    return text.getvalue().encode()


def to_parquet(sweep: Sweep, corrupted: Answers | None = None) -> bytes:
    """The same rows as Parquet, with types; `per_class` is null where all images were taken."""
    import pyarrow
    from pyarrow import parquet  # comes with Streamlit; loaded only where somebody asks for it

    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows(sweep, corrupted)), out)
    return out.getvalue()
