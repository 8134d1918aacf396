"""Looks that nodes answer beside the worker's own processes: an actor of Ray on each, which keeps networks warm."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from explorer import machine, runs
from explorer.errors import ExplorerError
from explorer.home import write_aside
from explorer.jobs.permission import RUNS
from explorer.question import Question, every
from explorer.recipe import Recipe
from explorer.worker.cluster.job import Ask, LookUpdate, Parcel
from explorer.worker.cluster.parcels import Shipping
from explorer.worker.executor import Word

ROOM = "explorer.looks."
"""Whose questions name all that they read in their fields: runs, and recipes."""
AGAIN = 60.0  # seconds after which a node whose actor ended gets another
log = logging.getLogger("worker")


@dataclass
class Actor:
    """An actor: `first` becomes ready once it can answer; the question that it was `asked`, and, once it is `sent`, the stream
    of what it says."""

    handle: Any
    first: Any
    ready: bool = False
    asked: Question[Any] | None = None
    sent: "Future[Any]" = field(default_factory=Future)


class Lookers:
    """The actors: one on each node that lends a processor, but for the worker's own, whose looking processes answer there.

    They take no processor from trainings, as on one machine. `start` makes one on a node; `own` is the worker's.
    """

    def __init__(self, ray: Any, start: Callable[[str], Any], own: str) -> None:
        self._ray, self._start, self._own = ray, start, own
        self._shipping = Shipping(ray.put)
        self._sender = ThreadPoolExecutor(1, "looks")  # of its own: a look does not wait for a training's pictures
        self._actors: dict[str, Actor] = {}
        self._ended: dict[str, float] = {}

    def names(self) -> frozenset[str]:
        """The questions that nodes may be asked."""
        return frozenset(name for name, kind in every().items() if kind.handler.startswith(ROOM))

    def travels(self, question: Question[Any]) -> bool:
        """Whether a node can answer it: a visitor's own picture stays on the server."""
        return question.name() in self.names() and not isinstance(getattr(question, "image", 0), str)

    def follow(self, nodes: Collection[str]) -> None:
        """Have one actor on each of the nodes but the worker's own, and none elsewhere."""
        for node in self._actors.keys() - set(nodes):
            if self._actors[node].asked is None:
                del self._actors[node]
        for node in [one for one in nodes if one != self._own]:
            if node not in self._actors and time.monotonic() - self._ended.get(node, -AGAIN) >= AGAIN:
                handle = self._start(node)
                self._actors[node] = Actor(handle, handle.ready.remote())
        for node, actor in list(self._actors.items()):
            if not actor.ready and self._ray.wait([actor.first], timeout=0)[0]:
                try:
                    actor.ready = bool(self._ray.get(actor.first))
                except self._ray.exceptions.RayError as error:
                    log.warning("the node %s answers no looks: %s", node[:8], error)
                    self._bury(node)

    def capacity(self) -> int:
        """How many looks they answer at a time."""
        return sum(actor.ready for actor in self._actors.values())

    def free(self) -> int:
        """How many more they would begin now."""
        return sum(actor.ready and actor.asked is None for actor in self._actors.values())

    def ask(self, question: Question[Any]) -> None:
        """Send a question to an actor that is free; only where there is one."""
        actor = next(one for one in self._actors.values() if one.ready and one.asked is None)
        actor.asked, actor.sent = question, self._sender.submit(self._send, actor, question)

    def end(self, question: Question[Any]) -> None:
        """End a look: its process goes, since Ray does not interrupt an actor, and another takes its place."""
        for node, actor in list(self._actors.items()):
            if actor.asked == question:
                self._bury(node)
                self._ended.pop(node)

    def words(self) -> Iterator[Word]:
        """What they said: `done` once the answer lies where it is looked for, `failed` where there is none."""
        for node, actor in list(self._actors.items()):
            if actor.asked is not None and actor.sent.done():
                yield from self._hear(node, actor, actor.asked)

    def close(self) -> None:
        """End all of them."""
        for node in list(self._actors):
            self._bury(node)

    def _send(self, actor: Actor, question: Question[Any]) -> Any:
        """Send a question off and return the stream of what is said of it."""
        recipes = [value for value in question.arguments().values() if isinstance(value, Recipe)]
        folders: dict[str, Parcel] = {}
        for run in {given for name in RUNS if (given := getattr(question, name, ""))}:
            folders[run] = self._shipping.parcel("", runs.folder(run))
            recipes += [known.recipe for known in runs.known([runs.read(run)])]
        needs = self._shipping.needs(recipes, machine.threads())
        needs["parcels"] += tuple(folders.values())
        places = {run: parcel.place for run, parcel in folders.items()}
        ask = Ask(question.name(), question.stored(), places, **needs)
        return actor.handle.answer.options(num_returns="streaming").remote(ask)

    def _hear(self, node: str, actor: Actor, question: Question[Any]) -> Iterator[Word]:
        try:
            stream = actor.sent.result()
            while self._ray.wait([stream], timeout=0, fetch_local=False)[0]:
                told: LookUpdate = self._ray.get(next(stream))
                if not told.ended:
                    yield Word(question, "progress", told.share, told.words)
                    continue
                actor.asked = None
                if told.answer:
                    _keep(question, told.answer)
                yield Word(question, "done" if told.answer else "failed", words=told.words)
                return
        except self._ray.exceptions.RayError as error:
            self._bury(node)
            yield Word(question, "failed", words=str(error))
        except (ExplorerError, OSError, StopIteration) as error:  # a run that cannot be read; a full disk
            actor.asked = None
            yield Word(question, "failed", words=str(error))

    def _bury(self, node: str) -> None:
        self._ended[node] = time.monotonic()
        with suppress(Exception):  # one that has ended already
            self._ray.kill(self._actors.pop(node).handle)


def _keep(question: Question[Any], answer: bytes) -> None:
    """Write an answer where it is looked for."""
    question.path.parent.mkdir(parents=True, exist_ok=True)
    write_aside(question.path, lambda part: part.write_bytes(answer))
