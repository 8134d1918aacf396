"""What a check's truth may ask about, and the three forms of an answer."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from explorer.catalogue import Backbone
from explorer.course.compute.snippets import scenes
from explorer.course.compute.snippets.scenes import Scene
from explorer.course.question.checks import Truth
from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.runs import OpenedRun


@dataclass(frozen=True)
class TruthContext:
    """The chosen backbone, its weights (`random` where none are here), and run ids by the lesson's word for them."""

    row: Backbone
    weights: str
    runs: dict[str, str] = field(default_factory=dict)
    _opened: dict[str, OpenedRun] = field(default_factory=dict, init=False)

    @property
    def scene(self) -> Scene:
        """The live model with a new head for four classes, and eight pictures; only copies of it may be changed."""
        return scenes.scene(self.row.name, self.weights)

    def run(self, word: str) -> OpenedRun:
        """The lesson's run of this word; ExplorerError where it is not there."""
        if word not in self.runs:
            raise ExplorerError(
                f"This check asks about the lesson's run {word!r}, which is not there (there are: "
                f"{', '.join(self.runs) or 'none'}). Let it run first."
            )
        run = self.runs[word]
        if run not in self._opened:
            self._opened[run] = compute.opened(run)
        return self._opened[run]


def picked(answer: str, words: str, **facts: str) -> Truth:
    """The right one of named options."""
    return Truth(answer=answer, value=math.nan, order=(), facts=tuple(facts.items()), words=words)


def number(value: float, words: str, **facts: str) -> Truth:
    """A number to guess."""
    return Truth(answer="", value=float(value), order=(), facts=tuple(facts.items()), words=words)


def ordered(measured: Mapping[str, float], words: str, **facts: str) -> Truth:
    """Keys from the smallest to the largest; ExplorerError where two are equal, since no order is right then."""
    order = tuple(sorted(measured, key=lambda key: measured[key]))
    if len(set(measured.values())) < len(measured):
        raise ExplorerError(
            "On this backbone two of these are equal, so there is no single right order. Choose another backbone, "
            "for instance ResNet-10."
        )
    return Truth(answer="", value=math.nan, order=order, facts=tuple(facts.items()), words=words)


def whole(n: float) -> str:
    """A count as a person reads it: 4,905,792."""
    return f"{round(n):,}"


def percent(share: float) -> str:
    """A share in [0, 1] as a person reads it; small ones keep two figures."""
    points = 100 * share
    return f"{points:.2g} %" if 0 < points < 1 else f"{points:.1f} %"
