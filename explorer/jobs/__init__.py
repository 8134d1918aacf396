"""Queue, cancel, results by key. A page asks here; the worker answers; neither waits for the other."""

from explorer.jobs.ahead import trainings_before
from explorer.jobs.queue import (
    Answer,
    answers_about,
    cancel,
    cancelled,
    claim,
    database,
    lost,
    note,
    result,
    status,
    trim,
    waiting,
)
from explorer.jobs.recovering import clear_lost
from explorer.jobs.starting import resume, train
from explorer.jobs.workers import (
    STALE,
    Beat,
    Silence,
    alive,
    at_once,
    beat,
    end_other_build,
    end_worker,
    ensure_worker,
    tell_at_once,
    trainings_wait,
    worker_lock,
)

__all__ = [
    "Answer",
    "Beat",
    "STALE",
    "Silence",
    "alive",
    "answers_about",
    "at_once",
    "beat",
    "cancel",
    "cancelled",
    "claim",
    "clear_lost",
    "database",
    "end_worker",
    "end_other_build",
    "ensure_worker",
    "lost",
    "note",
    "result",
    "resume",
    "status",
    "tell_at_once",
    "trainings_wait",
    "train",
    "trainings_before",
    "trim",
    "waiting",
    "worker_lock",
]
