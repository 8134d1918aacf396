"""Which learning rate? The curves of a range test."""

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import FROZEN, GREY, LEARNS, finish
from explorer.results import RateCurve, RateSearch


def rate_curves(found: RateSearch) -> go.Figure:
    """The smoothed training loss while the rate rises, for the head and (where stages learn) for the last stage; a line
    stands at the rate proposed, a tenth of where the loss is lowest."""
    curves = [("The head", FROZEN, found.head)]
    if found.backbone is not None:
        curves.append(("The last stage", LEARNS, found.backbone))
    fig = make_subplots(cols=len(curves), subplot_titles=[title for title, _, _ in curves], horizontal_spacing=0.1)
    for column, (title, colour, curve) in enumerate(curves, start=1):
        _curve(fig, title, colour, curve, column)
    fig.update_xaxes(type="log", title="learning rate", gridcolor=GREY, exponentformat="power", dtick=2)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(title="loss (smoothed)", col=1)
    told = "; ".join(f"{title.lower()} {curve.suggested:g}" for title, _, curve in curves)
    return finish(
        fig,
        alt=f"Training loss against a rising learning rate on {found.n} images. Proposed: {told}.",
        look="The loss falls while the rate is useful and climbs when steps become too large. The dashed line, a tenth of "
        "the rate at the lowest point, is the proposal.",
        caution=f"A proposal to start from, good to an order of magnitude: it saw {found.n} training images in batches of "
        f"{found.batch_size} for a few dozen steps, and no validation image.",
        height=360,
    )


def _curve(fig: go.Figure, title: str, colour: str, curve: RateCurve, column: int) -> None:
    """One range test; what lies far above its first loss is cut off."""
    fig.add_scatter(
        x=curve.rates,
        y=curve.losses,
        name=title,
        mode="lines",
        line={"color": colour, "width": 3},
        hovertemplate="rate %{x:.2g}: loss %{y:.3f}<extra></extra>",
        showlegend=False,
        row=1,
        col=column,
    )
    if curve.losses:
        low, high = min(curve.losses), max(curve.losses[: max(1, len(curve.losses) // 3)])
        margin = 0.15 * (high - low) or 0.1
        fig.update_yaxes(range=[low - margin, high + 3 * margin], row=1, col=column)
    line = {"color": colour, "dash": "dash", "width": 2}
    fig.add_vline(x=curve.suggested, line=line, row=1, col=column)
