"""What a recipe may not say: choices that do not fit together, refused in words (ExplorerError)."""

from collections.abc import Sequence
from typing import Any

from explorer.catalogue import AUGMENTATIONS, BATCHNORM_MODES, LABELS, MOST_VIEWS, Backbone
from explorer.catalogue.datasets import dataset
from explorer.catalogue.strategies import strategy
from explorer.errors import ExplorerError, unknown


def check_batchnorm(mode: str, row: Backbone) -> None:
    """The BatchNorm mode exists and fits the backbone."""
    if mode not in BATCHNORM_MODES:
        raise unknown("BatchNorm mode", mode, BATCHNORM_MODES)
    if mode == "affine" and row.normalisation == "none":
        raise ExplorerError(
            f"{row.title} has no normalisation layers, so nothing would be trained in its frozen stages. Choose another "
            f"strategy or BatchNorm mode, or another backbone."
        )
    if mode == "moving" and row.normalisation != "batch":
        raise ExplorerError(
            f"{row.title} has no BatchNorm, so there are no statistics that could move. Choose the BatchNorm mode 'frozen', "
            f"or another backbone."
        )


def check_reads(stage: str, plan: str, mode: str, row: Backbone) -> None:
    """The stage that the head reads exists, and the strategy lets it be chosen; nothing else of the backbone learns or moves."""
    if stage and not strategy(plan).reads:
        raise ExplorerError(
            f"reads: the strategy {plan!r} reads the last stage, so {stage!r} cannot be chosen. Use the strategy best_stage."
        )
    if strategy(plan).reads and not row.widths:
        raise ExplorerError(
            f"{plan} cuts a backbone off behind a stage, and how wide the stages of {row.title} are was not kept when it was "
            f"looked up. Look it up again: python -m explorer backbones {row.name}"
        )
    if stage and stage not in row.stage_names:
        raise unknown(f"stage of {row.name}", stage, row.stage_names)
    if strategy(plan).reads and mode != "frozen":
        raise ExplorerError(
            f"batchnorm: {plan} chooses among the stages of a frozen backbone, and in the mode {mode!r} they change. Allowed: "
            f"frozen."
        )


def check_views(augmentation: str, views: int) -> None:
    """The augmentation exists and fits the number of views."""
    if augmentation not in AUGMENTATIONS:
        raise unknown("augmentation", augmentation, AUGMENTATIONS)
    if (views == 1) != (augmentation == "none"):
        raise ExplorerError(
            f"{views} {'view does' if views == 1 else 'views do'} not fit the augmentation {augmentation!r}. Allowed: 1 view "
            f"without augmentation, 2 to {MOST_VIEWS} with one (the first view is the image itself)."
        )


def check_data(name: str, data_dir: str | None, labels: str) -> None:
    """The data set exists, and has a folder where it needs one and only there."""
    dataset(name)
    if labels not in LABELS:
        raise unknown("source of labels", labels, LABELS)
    if name == "folder" and not data_dir:
        raise ExplorerError("The data set 'folder' needs a folder: give --data-dir, one sub-folder per class.")
    if name != "folder" and data_dir:
        raise ExplorerError(f"A folder was given ({data_dir}) but the data set is {name!r}. Use 'folder'.")


def plain(error: Any, fields: Sequence[str]) -> str:
    """One pydantic error as a sentence: what is wrong, the value got, the values allowed."""
    name = ".".join(str(part) for part in error["loc"]) or "recipe"
    allowed = ", ".join(f"{k} {v}" for k, v in (error.get("ctx") or {}).items() if k in ("ge", "le", "gt", "lt"))
    words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
    for short, long in words.items():
        allowed = allowed.replace(f"{short} ", f"{long} ")
    if error["type"] == "extra_forbidden":
        return f"A recipe has no {name!r}. It has: {', '.join(fields)}."
    if error["type"] == "string_pattern_mismatch" and name == "edits":
        return f"There are no edits {error['input']!r}: they are named by twelve of 0 to 9 and a to f. The page Data shows them."
    if allowed:
        return f"{name} is {error['input']!r}. Allowed: {allowed}."
    return f"{name}: {error['msg']} (got {error['input']!r})."
