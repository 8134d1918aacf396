"""`prepare`: the runs that the lesson shows, trained before a class, in this process; what is there is not trained again."""

import argparse
import sys
import time
from typing import Any

from explorer import installation, jobs, runs
from explorer.cli.asking import progress
from explorer.course import lesson_runs


def prepare(options: argparse.Namespace) -> dict[str, Any]:
    """Train what is missing of the runs that the lesson shows, and say how long it took."""
    wanted = lesson_runs.missing([jobs.lost(run) for run in runs.listing()])
    installation.check()
    begun, made = time.monotonic(), {}
    for i, word in enumerate(wanted):
        made[word] = _trained(word, i, len(wanted))
    if wanted and sys.stderr.isatty():
        print(file=sys.stderr)
    found = {"trained": made, "there": [word for word in lesson_runs.NAMES if word not in wanted]}
    return found | {"seconds": round(time.monotonic() - begun, 1)}


def _trained(word: str, i: int, of: int) -> str:
    """The run of a word, trained here."""
    from explorer.training.compute import handlers  # heavy: loaded only by the commands that need it

    def report(share: float, words: str) -> None:
        progress((i + share) / of, f"{i + 1} of {of}. {lesson_runs.NAMES[word]}: {words}")

    run = runs.create(lesson_runs.recipe_of(word), here=True)
    try:
        handlers.train(run, report)
    except KeyboardInterrupt:
        runs.close(run, "stopped")
        raise
    return run
