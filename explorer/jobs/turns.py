"""Whose turn it is: one order, by which tasks begin and by which visitors are told how many are before them.

A presenter's tasks come first. Else who has fewest tasks under way comes first, of these who was served least recently, and of
one visitor's tasks the oldest: so a race of 25 is spread between the runs of others, and a probe behind it begins next.
"""

import heapq
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from explorer import machine, workspaces


@dataclass
class Line:
    """A lane as it stands: `waiting` and `running` are (time, key) by owner, the time when it was asked or begun; `served` says
    when an owner's latest task began; `first` are the owners who go before all others."""

    waiting: Mapping[str, list[tuple[float, str]]]
    running: list[tuple[float, str, str]] = field(default_factory=list)
    served: dict[str, float] = field(default_factory=dict)
    first: frozenset[str] = frozenset()

    def turns(self, at_once: int) -> Iterator[str]:
        """The keys of what waits in the order in which it begins, where `at_once` run at a time and the one that began first ends
        first."""
        queues = {owner: sorted(tasks, reverse=True) for owner, tasks in self.waiting.items() if tasks}
        served, running, now = dict(self.served), list(self.running), 1e12  # later than any real time
        heapq.heapify(running)
        while queues:
            while len(running) >= at_once:
                heapq.heappop(running)
            owner = min(queues, key=lambda one: self._rank(one, running, served, queues[one][-1]))
            _, key = queues[owner].pop()
            if not queues[owner]:
                del queues[owner]
            now += 1.0
            served[owner] = now
            heapq.heappush(running, (now, key, owner))
            yield key

    def next(self) -> str | None:
        """The key of what begins now, with all that runs still running."""
        some = {owner: min(tasks) for owner, tasks in self.waiting.items() if tasks}
        if not some:
            return None
        return some[min(some, key=lambda one: self._rank(one, self.running, self.served, some[one]))][1]

    def _rank(
        self, owner: str, running: list[tuple[float, str, str]], served: Mapping[str, float], oldest: tuple[float, str]
    ) -> tuple[bool, int, float, tuple[float, str]]:
        busy = sum(one == owner for _, _, one in running)
        return owner not in self.first, busy, served.get(owner, 0.0), oldest


def line(db: sqlite3.Connection, lane: str, only: Collection[str] = (), but: Collection[str] = ()) -> Line:
    """The lane as the queue holds it; of what waits, with `only`, the questions of these names that are not in `but` (keys)."""
    waiting: dict[str, list[tuple[float, str]]] = {}
    running = []
    for row in db.execute(
        "SELECT key, name, owner, state, created, started FROM task WHERE lane = ? AND state IN ('queued', 'running')",
        (lane,),
    ):
        owner = row["owner"] or ""
        if row["state"] == "queued" and only and (row["name"] not in only or row["key"] in but):
            continue
        if row["state"] == "queued":
            waiting.setdefault(owner, []).append((row["created"], row["key"]))
        else:
            running.append((row["started"] or 0.0, row["key"], owner))
    served = {
        row["owner"] or "": row["latest"]
        for row in db.execute(
            "SELECT owner, max(started) AS latest FROM task WHERE lane = ? AND started IS NOT NULL GROUP BY owner",
            (lane,),
        )
    }
    first = frozenset(filter(workspaces.is_presenter, waiting if workspaces.shared() else ()))
    return Line(waiting, running, served, first)


def before(db: sqlite3.Connection, lane: str, key: str) -> list[str]:
    """The keys of what runs, and of what begins before this task, in that order; empty for one that does not wait."""
    found = line(db, lane)
    if not any(key == one for tasks in found.waiting.values() for _, one in tasks):
        return []
    return [*takewhile(lambda one: one != key, _order(found, at_once(db, lane)))]


def order(db: sqlite3.Connection, lane: str) -> list[str]:
    """The keys of what runs, and of all that waits in the order in which it begins."""
    return [*_order(line(db, lane), at_once(db, lane))]


def at_once(db: sqlite3.Connection, lane: str) -> int:
    """How many tasks of a lane run at a time: what the worker said last, and until then as many trainings as this machine
    has slots, and one of all else."""
    row = db.execute("SELECT trainings FROM at_once WHERE lane = ?", (lane,)).fetchone()
    if row is None:
        return machine.slots() if lane == "train" else 1
    return max(row["trainings"], 1)


def _order(found: Line, at_once: int) -> Iterator[str]:
    yield from (key for _, key, _ in sorted(found.running))
    yield from found.turns(at_once)
