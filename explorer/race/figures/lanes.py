"""A race as its figures take it: a lane a strategy, and how each is told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.evidence import Score
from explorer.palette import CONTROL, FROZEN, GREEN, LEARNS, ORANGE, PINK, SKY
from explorer.runs.records import Epoch

# No blue: that stands for frozen. The last two are weak on white, so they come last.
_TUNED = (LEARNS, GREEN, PINK, ORANGE, SKY)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross")


@dataclass(frozen=True)
class Curve:
    """One run of a race: its epochs, and the `start` in seconds at which the first began (the frozen front ran before)."""

    seed: int
    epochs: tuple[Epoch, ...]
    start: float = 0.0
    score: Score | None = None


@dataclass(frozen=True)
class Lane:
    """One strategy of a race, a curve for each seed that has begun; `epochs` is the number that each is to have."""

    label: str
    epochs: int
    curves: tuple[Curve, ...]
    frozen: bool = False
    random: bool = False


@dataclass(frozen=True)
class Pen:
    """How a lane is drawn: told apart by colour, by dash and by marker."""

    colour: str
    dash: str
    symbol: str


def pens(lanes: Sequence[Lane]) -> list[Pen]:
    """Blue for what stays frozen, grey for random weights, then a colour for each; the same in both figures."""
    colours, found = iter(_TUNED), []
    frozen = True
    for lane, dash, symbol in zip(lanes, _DASHES, _SYMBOLS, strict=False):
        colour = CONTROL if lane.random else FROZEN if lane.frozen and frozen else next(colours)
        frozen = frozen and colour != FROZEN
        found.append(Pen(colour, dash, symbol))
    return found
