"""Looks that other machines answer while the worker's own processes are busy. What none of them can answer is answered here."""

import logging
import time
from collections.abc import Callable
from typing import Any

from explorer import jobs
from explorer.jobs.wishes import forget
from explorer.question import Question
from explorer.worker.crew import cause
from explorer.worker.executor import Executor, Word

LANES = ("look", "map")
"""The lanes of which the worker has one process each, which is killed where its question is cancelled."""
log = logging.getLogger("worker")


class Abroad:
    """Which looks are away and since when, and which have to be answered `here`; `end` tells the queue how one ended."""

    def __init__(self, executor: Executor, end: Callable[[Question[Any], str, str, float], None]) -> None:
        self._executor, self._end = executor, end
        self._away: dict[Question[Any], float] = {}
        self._heard: dict[Question[Any], float] = {}
        self._dropped: set[str] = set()
        self._here: set[str] = set()

    def busy(self) -> bool:
        """Whether any is away."""
        return bool(self._away)

    def capacity(self) -> int:
        """How many the other machines answer at a time."""
        lookers = self._executor.lookers
        return lookers.capacity() if lookers else 0

    def claim(self, lanes: set[str]) -> None:
        """Send off what waits because the worker's own processes are busy."""
        lookers = self._executor.lookers
        for lane in LANES:
            while lookers and lane in lanes and lookers.free() > 0:
                task = jobs.claim(lane, only=lookers.names(), but=self._here)
                if task is None:
                    break
                if lookers.travels(task):
                    self._away[task] = time.monotonic()
                    lookers.ask(task)
                else:
                    self._answer_here(task)

    def stop(self, unwanted: set[str], now: float) -> None:
        """End what was cancelled, and what takes too long."""
        for task, since in list(self._away.items()):
            late = now - (max(since, self._heard.get(task, 0.0)) if task.patient else since) > task.longest
            if task.key not in unwanted and not late:
                continue
            if self._executor.lookers:
                self._executor.lookers.end(task)
            self._close(
                task, "cancelled" if task.key in unwanted else "failed", cause(None, task.longest) if late else ""
            )
            if task.key in self._dropped:
                forget(task.key)

    def drop(self, unwanted: set[str]) -> set[str]:
        """Those of the keys that are away: nobody waits for them any more, so they are to be stopped and forgotten."""
        self._dropped = {task.key for task in self._away if task.key in unwanted}
        return self._dropped

    def listen(self) -> None:
        """Take in what the other machines say."""
        for word in self._executor.lookers.words() if self._executor.lookers else ():
            if word.question in self._away:
                self._take(word)

    def _take(self, word: Word) -> None:
        if word.kind == "progress":
            self._heard[word.question] = time.monotonic()
            jobs.note(word.question, progress=word.share, message=word.words)
        elif word.kind == "done":
            self._close(word.question, "done")
        else:
            log.warning("a look is answered here, since a node did not: %s", word.words)
            self._away.pop(word.question)
            self._answer_here(word.question)

    def _answer_here(self, task: Question[Any]) -> None:
        """Put it back into the queue, for the worker's own process."""
        self._here.add(task.key)
        jobs.put_back(task)

    def _close(self, task: Question[Any], state: str, why: str = "") -> None:
        self._heard.pop(task, None)
        self._end(task, state, why, self._away.pop(task))
