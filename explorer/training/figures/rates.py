"""Which learning rate? The curves of a range test."""

import math

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import SMALL, cell, finish
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, alpha
from explorer.training.question import RateCurve, RateSearch


def rate_curves(found: RateSearch) -> Figure:
    """The smoothed training loss while the rate rises, for the head and (where stages are trained) for the backbone.

    The range in which it falls fast is shaded; a dotted line stands at the recipe's rate, a dashed one at the proposal
    where that is another. Beside the backbone's loss: that of the head learning alone in the same steps. One plot above
    the other: the form's column is narrow.
    """
    curves = [("Head learning rate", FROZEN, found.head)]
    if found.backbone is not None:
        curves.append(("Backbone learning rate", LEARNS, found.backbone))
    fig = subplots(rows=len(curves), titles=[title for title, _, _ in curves], vertical_spacing=0.24)
    for row, (title, colour, curve) in enumerate(curves, start=1):
        _curve(fig, title, colour, curve, row)
    fig.update_xaxes(type="log", title="learning rate", gridcolor=GREY, exponentformat="power", dtick=1)
    fig.update_yaxes(gridcolor=GREY, title="loss (smoothed)")
    told = " ".join(_verdict(title, curve) for title, _, curve in curves)
    limits = " ".join(_limit(title, curve) for title, _, curve in curves)
    measure = " (for the backbone: the gap below the head alone, grey)" if found.backbone is not None else ""
    return finish(
        fig,
        alt=f"Training loss against a rising learning rate on {found.n} images. {told} {limits}",
        look=f"{told} Shaded: where the loss{measure} falls at least half as fast, per tenfold of the rate, as at its steepest.",
        caution=f"{limits} A range test is good to an order of magnitude: it saw {found.n} training images in batches of "
        f"{found.batch_size} for a few dozen steps, and no validation image. "
        "Inside the range it does not tell one rate from another."
        + (
            " A backbone learning rate that is far too large can pass unnoticed: in this test the backbone first "
            "learned at smaller rates."
            if found.backbone is not None
            else ""
        ),
        height=340 * len(curves),
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
    if curve.own <= curve.falling[1]:
        return f"{title}: keep {curve.own:g}; it is in the range where the loss falls fast, {span}."
    above = f"{title}: keep {curve.own:g}; it is {{}}above the range where the loss falls fast, {span}"
    if curve.own <= 3 * curve.falling[1]:
        return above.format("within a factor of three ") + "."
    return above.format("") + ", but the loss does not rise again up to it, so the test does not contradict it."


def _limit(title: str, curve: RateCurve) -> str:
    """What the test says of an upper limit."""
    last = f"{curve.rates[-1]:.1g}" if curve.rates else "the first rate"
    if curve.ran_away:
        return f"{title}: the loss diverged at {last}."
    return f"{title}: the loss did not diverge up to {last}, so the test says nothing about an upper limit."


def _curve(fig: Figure, title: str, colour: str, curve: RateCurve, place: int) -> None:
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
            row=place,
            col=1,
        )
    if curve.losses:
        low, high = min((*curve.losses, *curve.control)), max(curve.losses[: max(1, len(curve.losses) // 3)])
        margin = 0.15 * (high - low) or 0.1
        fig.update_yaxes(range=[low - margin, high + 3 * margin], row=place, col=1)
        ends = [f(math.log10(r) for r in (*curve.rates, curve.own, curve.suggested)) for f in (min, max)]
        fig.update_xaxes(range=ends, row=place, col=1)
    if curve.falling:
        first, last = curve.falling
        fig.add_vrect(first, last, fillcolor=alpha(colour, 0.15), line_width=0, layer="below", **cell(place, 1))
    _mark(fig, curve.own, f"keep {curve.own:g}" if curve.kept else f"now {curve.own:g}", "dot", CONTROL, place)
    if not curve.kept:
        _mark(fig, curve.suggested, f"proposed {curve.suggested:g}", "dash", colour, place, below=True)


def _mark(fig: Figure, rate: float, words: str, dash: str, colour: str, place: int, below: bool = False) -> None:
    """A line at a rate, with its name at the top, or at the bottom so that two names never meet; on the side that has room."""
    ends = fig.axis(fig.subplot(place, 1)[0]).get("range", (0.0, 0.0))
    fig.add_vline(x=rate, line={"color": colour, "dash": dash, "width": 2}, **cell(place, 1))
    fig.add_annotation(
        x=math.log10(rate),  # an annotation on a log axis is placed by the exponent, a line by the value
        y=0 if below else 1,
        yref="y domain" if place == 1 else f"y{place} domain",
        text=words,
        font={"size": SMALL},
        showarrow=False,
        xanchor="left" if math.log10(rate) <= sum(ends) / 2 else "right",
        yanchor="bottom" if below else "top",
        row=place,
        col=1,
    )
