"""Accuracy over epochs, or over severities, of several seeds: a line with its band."""

from collections.abc import Sequence

from explorer.app.figures.figure import Figure
from explorer.palette import GREY, alpha
from explorer.race.races import Spread

Pen = tuple[str, str, str]
"""Colour, dash and symbol of a line."""


def banded(fig: Figure, values: Sequence[Spread], title: str, pen: Pen, axis: str, first: int = 0, n: str = "") -> None:
    """Draw one arm: accuracy in [0, 1] at each whole number of the `axis` from `first` on; the mean over seeds, a band from the
    lowest to the highest; `n` in words ends what a point says."""
    colour, dash, symbol = pen
    x = [*range(first, first + len(values))]
    fig.add_scatter(
        x=[*x, *reversed(x)], y=[*(v.high for v in values), *(v.low for v in reversed(values))], fill="toself",
        fillcolor=alpha(colour, 0.13), line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
        legendgroup=title,
    )  # fmt: skip
    fig.add_scatter(
        x=x,
        y=[v.mean for v in values],
        name=title,
        legendgroup=title,
        mode="lines+markers",
        line={"color": colour, "width": 3, "dash": dash},
        marker={"size": 9, "symbol": symbol},
        customdata=[[v.low, v.high, v.n] for v in values],
        hovertemplate=f"{title}<br>{axis} %{{x}}: %{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}}, "
        f"%{{customdata[2]}} seeds{n})<extra></extra>",
    )


def line_over_epochs(fig: Figure, values: Sequence[Spread], title: str, pen: Pen) -> None:
    """Draw one arm after each epoch."""
    banded(fig, values, title, pen, "epoch", first=1)


def axes_over_epochs(fig: Figure, epochs: int) -> None:
    """The axes of such lines, with the legend below them."""
    fig.update_xaxes(title="epoch", gridcolor=GREY, range=[0.5, epochs + 0.5], nticks=10)
    fig.update_yaxes(title="validation accuracy", tickformat=".0%", gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.22, "x": 0})
