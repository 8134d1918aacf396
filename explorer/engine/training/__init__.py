"""Carry out a recipe: prepare (build → freeze → frozen front once) → train, yielding one Epoch → outcome."""

from explorer.engine.training.checkpoint import dump, restore
from explorer.engine.training.loop import Diverged, train
from explorer.engine.training.scoring import Outcome, outcome
from explorer.engine.training.session import Report, Session, open_last_phase, prepare, silent

__all__ = [
    "Diverged",
    "Outcome",
    "Report",
    "Session",
    "dump",
    "open_last_phase",
    "outcome",
    "prepare",
    "restore",
    "silent",
    "train",
]
