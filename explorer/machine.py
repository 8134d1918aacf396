"""What this machine lends to trainings: its cores, how many trainings at a time, and the threads of each."""

import os
from pathlib import Path

from explorer.errors import ExplorerError

CORES_A_TRAINING = 4
ON_A_GPU = 2  # trainings at a time on one GPU, whose memory they share


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slots() -> int:
    """How many trainings run at a time: $THAW_SLOTS, else one for each four cores, and with an NVIDIA GPU at most two."""
    usual = max(1, cores() // CORES_A_TRAINING)
    return _setting("THAW_SLOTS", min(usual, ON_A_GPU) if Path("/dev/nvidia0").exists() else usual)


def threads() -> int:
    """How many threads each of them uses: $THAW_THREADS, else its share of all cores but one, which serves pages.

    Two OpenMP threads on two busy cores are several times slower than one.
    """
    return _setting("THAW_THREADS", max(1, (cores() - 1) // slots()))


def side_by_side() -> int:
    """How many trainings a command runs at a time, which serves no pages: $THAW_SLOTS, else as many as have cores of their own,
    and with an NVIDIA GPU `slots`."""
    return slots() if Path("/dev/nvidia0").exists() else _setting("THAW_SLOTS", max(1, cores() // threads()))


def passes() -> int:
    """How many passes without gradients a training computes at a time, where each uses one thread: as many as there are cores
    for it. The last of them is the pages' core, which they take back at once, since trainings have a lower priority; they share
    it evenly where Linux groups processes by session (benchmarks/README.md). One where threads share a pass, or $THAW_THREADS
    says how many there are to be."""
    told = os.environ.get("THAW_THREADS", "").strip()
    return 1 if told or threads() > 1 else max(1, cores() // slots())


def _setting(name: str, usual: int) -> int:
    """A whole number from the environment; ExplorerError where it is none."""
    text = os.environ.get(name, "").strip()
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ExplorerError(f"{name} is {text!r}. Allowed: a whole number from 1. Set it right, or unset it.")
    return int(text)
