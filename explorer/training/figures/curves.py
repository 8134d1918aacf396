"""How well: curves while a run learns."""

from collections.abc import Sequence

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.intervals import validation_for_others
from explorer.app.figures.style import cell, finish
from explorer.evidence import Score
from explorer.palette import CONTROL, GREEN, GREY, alpha
from explorer.runs.records import Epoch

_TRAIN, _VAL = CONTROL, GREEN


def curves(epochs: Sequence[Epoch], chosen: int | None = None, chance: float | None = None) -> Figure:
    """Loss and accuracy after each epoch, on training and validation images; bands are 95 % Wilson intervals.

    `chosen` marks the epoch whose weights were kept; `chance` is what always naming the largest class gives on validation.
    """
    fig = subplots(cols=2, titles=("Accuracy", "Loss"), horizontal_spacing=0.1)
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
    guess_line(fig, chance, place=cell(1, 1))
    last = epochs[-1]
    return finish(
        fig,
        alt=f"Curves over {len(x)} epochs. Last: training accuracy {last.train.accuracy:.0%}, "
        f"validation accuracy {last.val.accuracy:.0%} (n = {last.val.n}).{guess_words(chance, 'validation images')}",
        look="Does validation follow training, or does it fall behind? Both are scored in eval mode."
        + (" The dashed line marks the epoch that was kept." if chosen is not None else ""),
        caution=validation_for_others([last]).strip(),
        height=380,
    )


def _curve_axes(fig: Figure, epochs: int, chosen: int | None) -> None:
    """Whole epochs below, accuracy from 0 to 1, loss from 0, a line at the epoch that was kept."""
    if chosen is not None:
        for column in (1, 2):
            fig.add_vline(x=chosen, line={"color": CONTROL, "dash": "dash", "width": 1.5}, **cell(1, column))
    fig.update_xaxes(title="epoch", gridcolor=GREY, nticks=6, dtick=1 if epochs < 7 else None)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=1)
    fig.update_yaxes(rangemode="tozero", row=1, col=2)
    fig.update_layout(legend={"orientation": "h", "y": -0.28, "x": 0})


def _band(fig: Figure, x: list[int], scores: list[Score], colour: str, name: str) -> None:
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
