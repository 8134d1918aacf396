"""Which learning rate? The curves of a range test."""

import math

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CONTROL, FROZEN, GREY, LEARNS, SMALL, alpha, finish
from explorer.training.question import RateCurve, RateSearch


def rate_curves(found: RateSearch) -> go.Figure:
    """The smoothed training loss while the rate rises, for the head and (where stages learn) for the last stage.

    The range in which it falls fast is shaded; a dotted line stands at the recipe's rate, a dashed one at the proposal
    where that is another. Beside the last stage's loss: that of the head learning alone in the same steps.
    """
    curves = [("The head", FROZEN, found.head)]
    if found.backbone is not None:
        curves.append(("The last stage", LEARNS, found.backbone))
    fig = make_subplots(cols=len(curves), subplot_titles=[title for title, _, _ in curves], horizontal_spacing=0.1)
    for column, (title, colour, curve) in enumerate(curves, start=1):
        _curve(fig, title, colour, curve, column)
    fig.update_xaxes(type="log", title="learning rate", gridcolor=GREY, exponentformat="power", dtick=2)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(title="loss (smoothed)", col=1)
    told = " ".join(_verdict(title, curve) for title, _, curve in curves)
    limits = " ".join(_limit(title, curve) for title, _, curve in curves)
    measure = " (for the last stage: the gap below the head alone, grey)" if found.backbone is not None else ""
    return finish(
        fig,
        alt=f"Training loss against a rising learning rate on {found.n} images. {told} {limits}",
        look=f"{told} Shaded: where the loss{measure} falls at least half as fast, per tenfold of the rate, as at its steepest.",
        caution=f"{limits} A range test is good to an order of magnitude: it saw {found.n} training images in batches of "
        f"{found.batch_size} for a few dozen steps, and no validation image. "
        "Inside the range it does not tell one rate from another.",
        height=360,
    )


def _verdict(title: str, curve: RateCurve) -> str:
    """What is proposed, and why."""
    if not curve.falling:
        where = "no clear fall in the loss" if not curve.control else "no clear gain over the head alone"
        return f"{title}: keep {curve.own:g}; {where}, so the test cannot tell."
    span = f"{curve.falling[0]:.1g} to {curve.falling[1]:.1g}"
    if not curve.kept:
        return (
            f"{title}: {curve.suggested:g}, the largest rate at which the loss falls fast ({span}), instead of {curve.own:g}, "
            f"which is too {'large' if curve.own > curve.suggested else 'small'} for that."
        )
    where = (
        "it lies where"
        if curve.own <= curve.falling[1]
        else "it lies within a factor of three above the range in which"
    )
    return f"{title}: keep {curve.own:g}; {where} the loss falls fast, {span}."


def _limit(title: str, curve: RateCurve) -> str:
    """What the test says of an upper limit."""
    last = f"{curve.rates[-1]:.1g}" if curve.rates else "the first rate"
    if curve.ran_away:
        return f"{title}: the loss ran away at {last}."
    return f"{title}: the loss never ran away up to {last}, so the test says nothing about an upper limit."


def _curve(fig: go.Figure, title: str, colour: str, curve: RateCurve, column: int) -> None:
    """One range test; what lies far above its first loss is cut off."""
    lines = [(title, {"color": colour, "width": 3}, curve.losses)]
    if curve.control:
        lines.insert(0, ("The head alone", {"color": CONTROL, "width": 2}, curve.control))
    for name, line, losses in lines:
        fig.add_scatter(
            x=curve.rates,
            y=losses,
            name=name,
            mode="lines",
            line=line,
            hovertemplate="rate %{x:.2g}: loss %{y:.3f}<extra>" + name + "</extra>",
            showlegend=False,
            row=1,
            col=column,
        )
    if curve.losses:
        low, high = min((*curve.losses, *curve.control)), max(curve.losses[: max(1, len(curve.losses) // 3)])
        margin = 0.15 * (high - low) or 0.1
        fig.update_yaxes(range=[low - margin, high + 3 * margin], row=1, col=column)
        ends = [f(math.log10(r) for r in (*curve.rates, curve.own, curve.suggested)) for f in (min, max)]
        fig.update_xaxes(range=ends, row=1, col=column)
    if curve.falling:
        fig.add_vrect(*curve.falling, fillcolor=alpha(colour, 0.15), line_width=0, layer="below", row=1, col=column)
    _mark(fig, curve.own, f"keep {curve.own:g}" if curve.kept else f"now {curve.own:g}", "dot", CONTROL, column)
    if not curve.kept:
        _mark(fig, curve.suggested, f"proposed {curve.suggested:g}", "dash", colour, column, below=True)


def _mark(fig: go.Figure, rate: float, words: str, dash: str, colour: str, column: int, below: bool = False) -> None:
    """A line at a rate, with its name at the top, or at the bottom so that two names never meet."""
    fig.add_vline(x=rate, line={"color": colour, "dash": dash, "width": 2}, row=1, col=column)
    fig.add_annotation(
        x=math.log10(rate),  # an annotation on a log axis is placed by the exponent, a line by the value
        y=0 if below else 1,
        yref="y domain" if column == 1 else f"y{column} domain",
        text=words,
        font={"size": SMALL},
        showarrow=False,
        xanchor="left",
        yanchor="bottom" if below else "top",
        row=1,
        col=column,
    )
