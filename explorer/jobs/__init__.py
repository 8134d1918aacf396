"""Queue, cancel, results by key. A page asks here; the worker answers; neither waits for the other."""

from explorer.jobs.ahead import trainings_before
from explorer.jobs.queue import (
    Answer,
    answers_about,
    cancel,
    cancelled,
    claim,
    clear_lost,
    database,
    lost,
    note,
    result,
    resume,
    status,
    train,
    trim,
    waiting,
)
from explorer.jobs.workers import STALE, Beat, alive, beat, ensure_worker, worker_lock

__all__ = [
    "Answer",
    "Beat",
    "STALE",
    "alive",
    "answers_about",
    "beat",
    "cancel",
    "cancelled",
    "claim",
    "clear_lost",
    "database",
    "ensure_worker",
    "lost",
    "note",
    "result",
    "resume",
    "status",
    "train",
    "trainings_before",
    "trim",
    "waiting",
    "worker_lock",
]
