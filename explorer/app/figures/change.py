"""How far each stage of a network moved."""

import math

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CONTROL, FROZEN, GREY, LEARNS, finish
from explorer.results import Comparison

_PANELS = (
    ("cka", "Similarity of features (CKA)", (0.0, 1.02)),
    ("knn_overlap", "Shared nearest neighbours", (0.0, 1.02)),
    ("weight_change", "Relative weight change", None),
)


def change_bars(comparison: Comparison, learns: frozenset[str]) -> go.Figure:
    """CKA, neighbour overlap and relative weight change per stage, input on top; `learns` names B's learning stages."""
    fig = make_subplots(cols=3, shared_yaxes=True, subplot_titles=[p[1] for p in _PANELS], horizontal_spacing=0.05)
    names = [row.stage for row in comparison.stages]
    colours = [LEARNS if name in learns else FROZEN for name in names]
    for column, (field, _, span) in enumerate(_PANELS, 1):
        values = [getattr(row, field) for row in comparison.stages]
        _panel(fig, names, values, colours, column)
        if span:
            fig.update_xaxes(range=list(span), row=1, col=column)
    _control(fig, names, [row.cka_random for row in comparison.stages])
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.12, "x": 0}, bargap=0.3)
    least = min(comparison.stages, key=lambda row: row.cka if not math.isnan(row.cka) else 2.0)
    return finish(
        fig,
        alt=f"Bars per stage from {names[0]} to {names[-1]}. The features changed most in {least.stage} "
        f"(CKA {least.cka:.2f}, neighbours kept {least.knn_overlap:.2f}).",
        look="Frozen stages must read 1, 1 and 0. Where do the bars of the learning stages fall away from that?",
        caution="High CKA between a network and its tuned copy is the rule; it does not mean that nothing was learned. "
        "The grey marks show what CKA gives for a random network.",
        height=110 + 58 * len(names),
    )


def _panel(fig: go.Figure, names: list[str], values: list[float], colours: list[str], column: int) -> None:
    """One measure: a bar a stage, its number at the foot."""
    words = ["" if math.isnan(v) else f"{v:.3f}" if v >= 0.0005 or v == 0 else f"{v:.1e}" for v in values]
    fig.add_bar(
        y=names,
        x=values,
        orientation="h",
        marker={"color": colours, "cornerradius": 5},
        text=words,
        textposition="inside",
        insidetextanchor="start",
        textfont={"size": 14},
        showlegend=False,
        row=1,
        col=column,
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    for name, value in zip(names, values, strict=True):
        if value == 0:  # plotly writes no text on a bar of no length
            fig.add_annotation(x=0, y=name, text="0", showarrow=False, xanchor="left", xshift=4, row=1, col=column)


def _control(fig: go.Figure, names: list[str], control: list[float]) -> None:
    """What the similarity is for a random network, as grey marks."""
    if any(not math.isnan(v) for v in control):
        fig.add_scatter(
            y=names,
            x=control,
            mode="markers",
            name="control: a random network",
            row=1,
            col=1,
            marker={"symbol": "line-ns-open", "size": 22, "line": {"width": 4}, "color": CONTROL},
            hovertemplate="%{y}, random network: %{x:.3f}<extra></extra>",
        )
