"""Every cut of a backbone: accuracy against depth, and against what it costs."""

import math
from collections.abc import Sequence
from typing import Any

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.experiments.depth import COSTS, Cut
from explorer.palette import CONTROL, GREY, LEARNS

_STARTS = {
    "pretrained": ("pre-trained", LEARNS, "solid", "circle"),
    "random": ("random start", CONTROL, "dash", "diamond"),
}


def depth_curves(cuts: Sequence[Cut], stages: Sequence[str], shown: frozenset[str] = frozenset()) -> Figure:
    """Test accuracy over the number of trainable stages, from pre-trained and from random weights; `shown` are the arms that
    are shown to differ from the head alone."""
    fig = Figure()
    for start, (title, colour, dash, symbol) in _STARTS.items():
        line = [cut for cut in cuts if cut.start == start]
        if not line:
            continue
        spread = [cut.accuracy.deviation or 0 for cut in line]
        marks = [symbol if cut.arm in shown else f"{symbol}-open" for cut in line]
        hover = f"%{{customdata[0]}}, {title}: %{{y:.1%}} (%{{customdata[1]}} seeds, n = %{{customdata[2]}} each)<extra></extra>"
        fig.add_scatter(
            x=[cut.depth for cut in line],
            y=[cut.accuracy.mean for cut in line],
            error_y={"type": "data", "array": spread, "color": colour, "thickness": 2},
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 3, "dash": dash},
            marker={"size": 12, "symbol": marks, "line": {"width": 2}},
            customdata=[[words_of(cut), cut.accuracy.n, cut.n] for cut in line],
            hovertemplate=hover,
        )
    # in two lines each, so that a phone turns none
    ends = ["head<br>alone", *(f"+<br>{stage}" for stage in reversed(stages))]
    fig.update_xaxes(tickvals=[*range(len(ends))], ticktext=ends, tickangle=0, gridcolor=GREY)
    fig.update_yaxes(title="test accuracy", tickformat=".0%", gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.3, "x": 0})
    told = "; ".join(f"{words_of(cut)} from {_STARTS[cut.start][0]} weights {cut.accuracy.mean:.0%}" for cut in cuts)
    return finish(
        fig,
        alt=f"Test accuracy of {len(cuts)} cuts. {told}.",
        look="At which depth does unfreezing one more stage stop paying off? Bars are one standard deviation over seeds.",
        caution="Stages behind the cut start from pre-trained weights, not from new ones. Where they are drawn at random, as in "
        "Yosinski and others (2014, arXiv 1411.1792), a cut in the middle can cost more. Filled marks are shown to differ from "
        "the head alone.",
        height=460,
    )


def cost_front(cuts: Sequence[Cut], best: Sequence[Cut], cost: str) -> Figure:
    """Accuracy against cost, a mark a cut; those that nothing beats are joined by a line."""
    fig = Figure()
    known = [cut for cut in cuts if cut.costs.get(cost)]
    line = [cut for cut in best if cut.costs.get(cost)]
    fig.add_scatter(
        x=[cut.costs[cost] for cut in line], y=[cut.accuracy.mean for cut in line], mode="lines", name="nothing beats these",
        line={"color": GREY, "width": 7, "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    for start, (title, colour, _, symbol) in _STARTS.items():
        some = [cut for cut in known if cut.start == start]
        if some:
            fig.add_scatter(
                x=[cut.costs[cost] for cut in some],
                y=[cut.accuracy.mean for cut in some],
                mode="markers+text",
                name=title,
                text=[str(cut.depth) if cut in line else "" for cut in some],
                textposition="bottom center",
                cliponaxis=False,
                marker={"size": [16 if cut in line else 9 for cut in some], "color": colour, "symbol": symbol},
                customdata=[[words_of(cut)] for cut in some],
                hovertemplate="%{customdata[0]}, " + title + ": %{y:.1%}, %{x:.3g}<extra></extra>",
            )
    words = COSTS[cost][1]
    fig.update_xaxes(title=words, gridcolor=GREY, **_logarithmic([cut.costs[cost] for cut in known]))
    fig.update_yaxes(title="test accuracy", tickformat=".0%", gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.25, "x": 0})
    kept = "; ".join(f"{words_of(cut)} ({_STARTS[cut.start][0]}) {cut.accuracy.mean:.0%}" for cut in line)
    return finish(
        fig,
        alt=f"Accuracy against {words} of {len(known)} cuts. Nothing beats: {kept}.",
        look="The large marks are the Pareto front: nothing else is as cheap and more often right. Numbers count the "
        "trainable stages.",
        caution="A point on the front need not be shown to be better than its cheaper neighbour: seeds move every mark. Seconds "
        "are this machine's, and less where an earlier run left its frozen stages in the cache.",
        height=440,
    )


def _logarithmic(costs: Sequence[float]) -> dict[str, Any]:
    """An axis of these costs."""
    values = [math.log10(cost) for cost in costs] or [0.0]
    ticks, span = _ticks(min(values), max(values)), [min(values) - 0.15, max(values) + 0.15]
    return {"type": "log", "range": span, "tickvals": ticks, "ticktext": [*map(_short, ticks)]}


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, … between two logarithms; powers of ten alone where they lie far apart."""
    steps = (1, 2, 5) if high - low < 2 else (1,)
    every = [step * 10.0**power for power in range(math.floor(low) - 1, math.ceil(high) + 1) for step in steps]
    return [tick for tick in every if low - 0.15 <= math.log10(tick) <= high + 0.15]


def _short(number: float) -> str:
    """`0.5`, `20`, `5 k`, `1 M`, `2 G`."""
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= limit:
            return f"{number / limit:g}{unit}"
    return f"{number:g}"


def words_of(cut: Cut) -> str:
    """`head alone`, `last stage`, `last 3 stages`."""
    return "head alone" if not cut.depth else "last stage" if cut.depth == 1 else f"last {cut.depth} stages"
