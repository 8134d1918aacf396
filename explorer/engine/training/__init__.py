"""Carry out a recipe: prepare (build → freeze → frozen front once) → train, yielding one Epoch → outcome."""

from explorer.engine.training.checkpoint import dump, restore
from explorer.engine.training.judging import audit
from explorer.engine.training.loop import Diverged, batches, class_weights, step, train
from explorer.engine.training.scoring import Outcome, learned, outcome, take_best
from explorer.engine.training.session import (
    Report,
    Session,
    adamw,
    in_portions,
    open_last_phase,
    prepare,
    silent,
)

__all__ = [
    "Diverged",
    "Outcome",
    "Report",
    "Session",
    "adamw",
    "audit",
    "batches",
    "class_weights",
    "dump",
    "in_portions",
    "learned",
    "open_last_phase",
    "outcome",
    "prepare",
    "restore",
    "silent",
    "step",
    "take_best",
    "train",
]
