"""A finished run as a question reads it: each stored file once, and no file that is not asked for."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np

from explorer.runs import contents
from explorer.runs.run import FinishedRun
from explorer.runs.tested import Predictions

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class OpenedRun(FinishedRun):
    """A finished run with what its folder holds, read when it is first asked for: ExplorerError where that is missing or damaged.

    Made by who answers a question, passed on, and let go with the answer; no cache holds one (see `kept_by_run`).
    """

    @classmethod
    def of(cls, run: FinishedRun) -> "OpenedRun":
        """The same run, of which nothing has been read yet."""
        return cls(**{field.name: getattr(run, field.name) for field in fields(FinishedRun)})

    @cached_property
    def predictions(self) -> Predictions:
        """What the run said of its test images."""
        return contents.predictions(self.id)

    @cached_property
    def features(self) -> dict[str, np.ndarray]:
        """Its pooled test features by moment and stage."""
        return contents.tensors(self.id, "features")

    @cached_property
    def learned(self) -> dict[str, np.ndarray]:
        """The tensors that learning changed."""
        return contents.tensors(self.id, "learned")


RunOrId: TypeAlias = str | OpenedRun
"""A run by its id, or as who answers a question has opened it."""


class _Key:
    """A run in the key of a cache, equal by its id. Who computes takes the run out: the key stays, and with it nothing read."""

    def __init__(self, run: RunOrId) -> None:
        self.id = run if isinstance(run, str) else run.id
        self._run = run

    def take(self) -> RunOrId:
        run, self._run = self._run, self.id
        return run

    def __hash__(self) -> int:
        return hash(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.id == other.id


class _KeptByRun(Generic[P, R]):
    def __init__(self, function: Callable[Concatenate[RunOrId, P], R], most: int) -> None:
        @lru_cache(maxsize=most)
        def found(key: _Key, *args: P.args, **named: P.kwargs) -> R:
            return function(key.take(), *args, **named)

        self._found, self.cache_clear = found, found.cache_clear

    def __call__(self, run: RunOrId, *args: P.args, **named: P.kwargs) -> R:
        return self._found(_Key(run), *args, **named)


def kept_by_run(most: int) -> Callable[[Callable[Concatenate[RunOrId, P], R]], _KeptByRun[P, R]]:
    """`lru_cache` for a function whose first argument is a run: the id is the key."""
    return lambda function: _KeptByRun(function, most)
