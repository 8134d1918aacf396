"""How well: curves while a run learns, and accuracies of several runs with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CONTROL, FROZEN, GREY, LEARNS, TEXT, alpha, finish
from explorer.evidence import Score
from explorer.results import Epoch

_TRAIN, _VAL = CONTROL, "#009E73"


def curves(epochs: Sequence[Epoch], chosen: int | None = None) -> go.Figure:
    """Loss and accuracy after each epoch, on training and validation images; bands are 95 % Wilson intervals.

    `chosen` marks the epoch whose weights were kept.
    """
    fig = make_subplots(cols=2, subplot_titles=("Accuracy", "Loss"), horizontal_spacing=0.1)
    x = [epoch.epoch for epoch in epochs]
    for name, label, colour, dash in (
        ("train", "training images", _TRAIN, "dot"),
        ("val", "validation images", _VAL, "solid"),
    ):
        scores: list[Score] = [getattr(epoch, name) for epoch in epochs]
        losses = [getattr(epoch, f"{name}_loss") for epoch in epochs]
        _band(fig, x, scores, colour, name)
        shared = {"x": x, "name": label, "legendgroup": name, "mode": "lines+markers", "marker": {"size": 8}}
        shared |= {"line": {"color": colour, "width": 3, "dash": dash}, "row": 1}
        fig.add_scatter(
            y=[s.accuracy for s in scores],
            customdata=[[100 * s.low, 100 * s.high, s.n] for s in scores],
            hovertemplate="epoch %{x}: %{y:.1%} (%{customdata[0]:.1f} to %{customdata[1]:.1f}, n = %{customdata[2]})",
            col=1,
            **shared,
        )
        fig.add_scatter(y=losses, hovertemplate="epoch %{x}: %{y:.3f}", showlegend=False, col=2, **shared)
    _curve_axes(fig, len(x), chosen)
    last = epochs[-1]
    return finish(
        fig,
        alt=f"Curves over {len(x)} epochs. Last: training accuracy {last.train.accuracy:.0%}, "
        f"validation accuracy {last.val.accuracy:.0%} (n = {last.val.n}).",
        look="Does validation follow training, or does it stay behind? Both are scored in evaluation mode."
        + (" The dashed line marks the epoch that was kept." if chosen is not None else ""),
        height=380,
    )


def _curve_axes(fig: go.Figure, epochs: int, chosen: int | None) -> None:
    """Whole epochs below, accuracy from 0 to 1, loss from 0, a line at the epoch that was kept."""
    if chosen is not None:
        for column in (1, 2):
            fig.add_vline(x=chosen, line={"color": CONTROL, "dash": "dash", "width": 1.5}, row=1, col=column)
    fig.update_xaxes(title="epoch", gridcolor=GREY, nticks=6, dtick=1 if epochs < 7 else None)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=1)
    fig.update_yaxes(rangemode="tozero", row=1, col=2)
    fig.update_layout(legend={"orientation": "h", "y": -0.28, "x": 0})


def _band(fig: go.Figure, x: list[int], scores: list[Score], colour: str, name: str) -> None:
    """The interval around an accuracy curve."""
    fig.add_scatter(
        x=[*x, *reversed(x)],
        y=[*(s.high for s in scores), *(s.low for s in reversed(scores))],
        fill="toself",
        fillcolor=alpha(colour, 0.16),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=name,
        row=1,
        col=1,
    )


@dataclass(frozen=True)
class Bar:
    """One accuracy to show: its label, score, whether any stage learned, and whether its weights were random."""

    label: str
    score: Score
    learns: bool
    random: bool = False


def accuracies(rows: Sequence[Bar], chance: float | None = None) -> go.Figure:
    """Test accuracies as dots with their 95 % Wilson intervals; the first row on top. `chance` draws a guesser's line."""
    fig = go.Figure()
    low = min(s.score.low for s in rows)
    left = max(0.0, min(low, low if chance is None else chance) - 0.06)
    for bar in rows:
        _dot(fig, bar, bar.score.accuracy - left < 0.2)
    if chance is not None:
        fig.add_vline(x=chance, line={"color": CONTROL, "dash": "dot", "width": 2})
        fig.add_annotation(x=chance, y=1.0, yref="paper", text="guessing", showarrow=False, yanchor="bottom")
    n = rows[0].score.n
    fig.update_xaxes(tickformat=".0%", range=[left, 1.02], gridcolor=GREY, title=f"right on {n} test images")
    fig.update_yaxes(
        autorange=False, range=[len(rows) - 0.5, -0.75], showgrid=False, tickfont={"size": TEXT}, fixedrange=True
    )
    told = "; ".join(f"{b.label} {b.score}" for b in rows)
    fig = finish(
        fig,
        alt=f"Test accuracy with 95 % intervals: {told}.",
        look="The bars are 95 % intervals. Do they keep clear of each other, or could the order be chance?",
        height=96 + 74 * len(rows),
    )
    fig.update_yaxes(tickfont={"size": TEXT})
    return fig


def _dot(fig: go.Figure, bar: Bar, at_edge: bool) -> None:
    """One accuracy with its interval and its numbers, which `at_edge` begin at the dot, or the axis would cut them."""
    colour, symbol = _mark(bar)
    s = bar.score
    fig.add_scatter(
        x=[s.accuracy],
        y=[bar.label],
        mode="markers+text",
        marker={"size": 17, "color": colour, "symbol": symbol},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [s.high - s.accuracy],
            "arrayminus": [s.accuracy - s.low],
            "thickness": 3.5,
            "width": 9,
            "color": colour,
        },
        text=[f"<b>{100 * s.accuracy:.1f} %</b>  ({100 * s.low:.1f} to {100 * s.high:.1f})"],
        textposition="top right" if at_edge else "top center",
        textfont={"size": TEXT + 2},
        showlegend=False,
        hovertemplate=f"{s.low:.1%} to {s.high:.1%}, {s.correct} of {s.n}<extra></extra>",
    )


def _mark(bar: Bar) -> tuple[str, str]:
    if bar.random:
        return CONTROL, "square"
    return (LEARNS, "diamond") if bar.learns else (FROZEN, "circle")
