"""Learning curves: test accuracy over the images per class, a band over seeds."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.palette import GREY, alpha
from explorer.race.figures.lanes import Lane, Pen, pens


@dataclass(frozen=True)
class Mark:
    """A point of a curve: images per class, mean test accuracy over so many seeds, the band, n test images; `shown` says that
    it is shown to differ from the first curve."""

    images: float
    mean: float
    low: float
    high: float
    seeds: int
    n: int
    shown: bool = False


@dataclass(frozen=True)
class Line:
    """One arm: its title, whether its backbone is frozen, whether it starts from random weights, and its points."""

    title: str
    frozen: bool
    random: bool
    marks: tuple[Mark, ...]


def learning_curves(lines: Sequence[Line], chance: float | None = None, yours: float | None = None) -> Figure:
    """The curves; `chance` is what guessing gives, `yours` the images per class that the reader asks about."""
    fig = Figure()
    lanes = [Lane(line.title, 1, (), line.frozen, line.random) for line in lines]
    for line, pen in zip(lines, pens(lanes), strict=False):
        _curve(fig, line, pen)
    low, high = _span([m for line in lines for m in line.marks])
    sizes = sorted({round(m.images, 2) for line in lines for m in line.marks})
    fig.update_xaxes(
        type="log", title="training images per class", tickvals=_apart(sizes), gridcolor=GREY,
        ticktext=[f"{size:g}" for size in _apart(sizes)],
    )  # fmt: skip
    if sizes:
        fig.update_xaxes(range=[math.log10(sizes[0]) - 0.08, math.log10(sizes[-1]) + 0.08])
    fig.update_yaxes(title="test accuracy", tickformat=".0%", range=[low, high], gridcolor=GREY)
    if yours:
        fig.add_vline(x=yours, line={"dash": "dot", "width": 2, "color": GREY})
    fig.update_layout(legend={"orientation": "h", "y": -0.2, "x": 0})
    several = any(m.seeds > 1 for line in lines for m in line.marks)
    guess = "" if chance is None else f" Guessing gives {100 * chance:.0f} %."
    return finish(
        fig,
        alt=f"Learning curves of {len(lines)} strategies over images per class. {_told(lines)}.",
        look="Which curve is on top at your number of images, and does its filled mark say that this is more than chance? "
        + ("Bands run from the lowest seed to the highest." if several else "Bands are 95 % intervals over images."),
        caution=f"Filled marks are shown to differ from {lines[0].title if lines else 'the first'}; of hollow ones nothing is "
        f"shown. Seeds share their test images, so bands show the luck of training, not that of the test set.{guess}",
        height=480,
    )


def _curve(fig: Figure, line: Line, pen: Pen) -> None:
    """Band and line of one arm."""
    if not line.marks:
        return
    x = [m.images for m in line.marks]
    fig.add_scatter(
        x=[*x, *reversed(x)],
        y=[*(m.high for m in line.marks), *(m.low for m in reversed(line.marks))],
        fill="toself", fillcolor=alpha(pen.colour, 0.13), line={"width": 0}, mode="lines", hoverinfo="skip",
        showlegend=False, legendgroup=line.title,
    )  # fmt: skip
    fig.add_scatter(
        x=x,
        y=[m.mean for m in line.marks],
        name=line.title,
        legendgroup=line.title,
        mode="lines+markers",
        line={"color": pen.colour, "width": 3, "dash": pen.dash},
        marker={
            "size": 11,
            "symbol": [pen.symbol if m.shown else f"{pen.symbol}-open" for m in line.marks],
            "line": {"width": 2},
        },
        customdata=[[100 * m.low, 100 * m.high, m.seeds, m.n, ", shown to differ" * m.shown] for m in line.marks],
        hovertemplate=f"{line.title}<br>%{{x:.3g}} a class: %{{y:.1%}} (%{{customdata[0]:.1f}} to %{{customdata[1]:.1f}}, "
        "%{customdata[2]} seeds, n = %{customdata[3]} each%{customdata[4]})<extra></extra>",
    )


def _apart(sizes: Sequence[float]) -> list[float]:
    """The sizes that can be labelled on a logarithmic axis without touching."""
    kept: list[float] = []
    for size in sizes:
        if not kept or math.log10(size / kept[-1]) > 0.1:
            kept.append(size)
    return kept


def _span(marks: Collection[Mark]) -> tuple[float, float]:
    """From where to where the accuracies go, in steps of a tenth; (0, 1) where there is none."""
    if not marks:
        return 0.0, 1.0
    low = max(0, math.floor(10 * min(m.low for m in marks) - 0.2))
    high = min(10, math.ceil(10 * max(m.high for m in marks) + 0.2))
    return low / 10, high / 10 + 0.005


def _told(lines: Sequence[Line]) -> str:
    """Where each curve begins and ends, for who does not see the figure."""
    parts = []
    for line in lines:
        if not line.marks:
            parts.append(f"{line.title} has no result yet")
            continue
        first, last = line.marks[0], line.marks[-1]
        parts.append(f"{line.title}: {first.mean:.0%} at {first.images:.3g}, {last.mean:.0%} at {last.images:.3g}")
    return "; ".join(parts)
