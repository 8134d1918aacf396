"""Is the map faithful? Deletion and insertion beside random orders; and whether it lies on the object."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CONTROL, FROZEN, GREY, LEARNS, SMALL, alpha, finish
from explorer.catalogue import ATTRIBUTIONS
from explorer.evidence import Score
from explorer.results import Faithfulness, OnObject, OrderedCurve

_MODELS = {"A": (FROZEN, "circle"), "B": (LEARNS, "diamond")}


def faithfulness(found: Faithfulness) -> go.Figure:
    """Deletion above, insertion below, A on the left, B on the right: the class's probability in the map's order, and the
    band that random orders take; areas in the titles."""
    panels = [
        ("A", "deletion", found.deletion_a), ("B", "deletion", found.deletion_b),
        ("A", "insertion", found.insertion_a), ("B", "insertion", found.insertion_b),
    ]  # fmt: skip
    titles = [f"{model}, {kind}: {_areas(curve)}" for model, kind, curve in panels]
    fig = make_subplots(
        rows=2, cols=2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.05, vertical_spacing=0.22
    )
    for i, (model, _, curve) in enumerate(panels):
        _panel(fig, found.share, curve, model, i // 2 + 1, i % 2 + 1, first=i == 0)
    fig.update_xaxes(range=[-0.01, 1.01], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(title={"text": "probability"}, col=1)
    fig.update_xaxes(title={"text": "cells deleted"}, row=1)
    fig.update_xaxes(title={"text": "cells inserted"}, row=2)
    fig.update_layout(legend={"orientation": "h", "y": -0.17, "x": 0}, hovermode="x unified")
    finish(
        fig,
        alt=f"Deletion and insertion for class {found.target} on image {found.image}. " + "; ".join(titles) + ".",
        look="Deletion should fall below the grey band of random orders (a smaller area), insertion should rise above it (a "
        "larger one). A curve inside the band: the network does not depend on what the map marks more than on any place.",
        caution="Compare each curve with its own band; A's area and B's differ also because A and B are not equally sure. "
        f"One picture, {len(found.deletion_a.random)} random orders. Deleted cells become mean grey, insertion begins with "
        "the blurred picture: both are pictures that the network never learned from.",
        height=640,
        width=1080,
        top=44,
    )
    return fig.update_annotations(yshift=4)


def _areas(curve: OrderedCurve) -> str:
    low, high = curve.random_areas.min(), curve.random_areas.max()
    return f"area {curve.area:.2f} (random {low:.2f} to {high:.2f})"


def _panel(
    fig: go.Figure, share: np.ndarray, found: OrderedCurve, model: str, row: int, column: int, first: bool
) -> None:
    """One curve over the band of the random orders, whose mean is dotted."""
    colour, symbol = _MODELS[model]
    x = share.round(4).tolist()
    low, high = found.random.min(axis=0), found.random.max(axis=0)
    fig.add_scatter(
        x=x + x[::-1], y=[*high.tolist(), *low[::-1].tolist()], fill="toself", mode="lines", hoverinfo="skip",
        line={"width": 0}, fillcolor=alpha(CONTROL, 0.3), name="random orders, lowest to highest", legendgroup="random",
        showlegend=first, row=row, col=column,
    )  # fmt: skip
    fig.add_scatter(
        x=x, y=found.random.mean(axis=0).tolist(), mode="lines", name="their mean", legendgroup="mean",
        line={"color": CONTROL, "dash": "dot", "width": 2}, showlegend=first, row=row, col=column,
        hovertemplate="random: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=x, y=found.curve.tolist(), mode="lines+markers", name=f"{model}, in the map's order", legendgroup=model,
        line={"color": colour, "width": 3}, marker={"symbol": symbol, "size": 8}, showlegend=row == 1,
        row=row, col=column, hovertemplate=f"{model}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip


def on_object(found: OnObject) -> go.Figure:
    """Left: the mean share of the positive evidence on the object, beside the share that the object covers; right: the
    pointing game, beside pointing at the centre; 95 % intervals."""
    names = ["A", "B", "control"]
    means = [mean_of(values) for values in (found.share_a, found.share_b, found.covered)]
    scores = found.pointing
    fig = make_subplots(
        cols=2, subplot_titles=("Evidence on the object", "Strongest point on the object"), horizontal_spacing=0.16
    )
    spans = [(mean, mean - half, mean + half) for mean, half in means]
    _bars(fig, ["A", "B", "an even map"], spans, 1)
    _bars(fig, ["A", "B", "the centre"], [(s.accuracy, s.low, s.high) for s in scores], 2)
    blank = [int(np.isnan(values).sum()) for values in (found.share_a, found.share_b)]
    (a, _), (b, _), (even, _) = means
    n = len(found.images)
    fig.update_xaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(categoryorder="array", categoryarray=names[::-1], autorange="reversed")
    skipped = f" Maps without positive evidence, left out on the left: A {blank[0]}, B {blank[1]}." * any(blank)
    return finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title} over {n} test images: {a:.1%} of A's and {b:.1%} of B's positive evidence "
        f"lies on the object, which covers {even:.1%}. Pointing game: A {_hits(scores[0])}, B {_hits(scores[1])}, the "
        f"picture's centre {_hits(scores[2])}.",
        look="A map that marks the object beats the grey bars: the share of the picture that the object covers, and a finger "
        "that always points at the centre.",
        caution=f"n = {n} test images, each asked about its own class; bars of 95 %.{skipped} A network may need what surrounds "
        "the object, so less on the object is not always worse.",
        height=300,
        width=1080,
        top=44,
    )


def mean_of(values: np.ndarray) -> tuple[float, float]:
    """The mean of the values that are numbers, and half its 95 % interval (normal); (0, 0) of none."""
    values = values[~np.isnan(values)]
    if not len(values):
        return 0.0, 0.0
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), 1.96 * spread / float(np.sqrt(len(values)))


def _hits(score: Score) -> str:
    return f"{score.correct} of {score.n}"


def _bars(fig: go.Figure, names: list[str], spans: list[tuple[float, float, float]], column: int) -> None:
    """Three bars with intervals: A, B and what they are compared with."""
    fig.add_bar(
        y=names, x=[value for value, _, _ in spans], orientation="h", row=1, col=column, showlegend=False,
        marker={"color": [FROZEN, LEARNS, CONTROL], "cornerradius": 5}, textposition="inside", insidetextanchor="start",
        text=[f"{value:.1%}".replace("%", " %") for value, _, _ in spans], textfont={"size": SMALL, "color": "white"},
        error_x={
            "array": [high - value for value, _, high in spans],
            "arrayminus": [value - low for value, low, _ in spans],
            "color": CONTROL, "thickness": 2,
        },
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
