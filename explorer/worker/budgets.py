"""What one run may take: time, memory, and silence; settings of the server, none by default but the last."""

import psutil

from explorer import limits

SILENT = 1800.0
"""Seconds without a word from a training after which it hangs: a slow download of weights is the longest that it says nothing."""
OBEYS = 30.0
"""Seconds that a training has to end in good order when it was told that it exceeds its budget."""
HANGS = "Its process gave no sign of life for {:.0f} minutes and was replaced. Resume it; if it hangs again, try another recipe."


def exceeded(pid: int | None, seconds: float) -> str:
    """Why a run that has been at it for so long, in the process `pid`, is ended; empty where it is within its budget."""
    if seconds > limits.run_seconds():
        return (
            f"The run took longer than {limits.run_seconds() / 60:g} minutes, the most for one run here (THAW_RUN_MINUTES). "
            f"What it measured is kept. Take fewer epochs or images, or freeze more stages."
        )
    most = limits.run_memory()
    if most < float("inf") and (taken := memory(pid)) > most:
        return (
            f"The run took {taken / 1e9:.1f} GB of memory, and {most / 1e9:g} GB is the most for one run here (THAW_RUN_GB). "
            f"What it measured is kept. Take smaller batches or inputs, or freeze more stages."
        )
    return ""


def memory(pid: int | None) -> float:
    """The resident memory of a process in bytes; 0 where it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0.0


def silent(told: bool) -> float:
    """For how many seconds a training may say nothing; `told` says that it was told to end."""
    return OBEYS if told else SILENT
