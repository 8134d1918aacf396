"""Accuracy along the straight line between the weights of A and of B."""

from explorer.app.figures.figure import Figure
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.intervals import for_others
from explorer.app.figures.style import finish
from explorer.looks.similarity.question.weights import Interpolation, InterpolationScores
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, WHITE, alpha

_PENS = {"test": (FROZEN, "solid", "circle"), "validation": (CONTROL, "dot", "square")}
_SHIFTED = (LEARNS, "dash", "diamond")


def interpolation(
    found: Interpolation,
    corrupted: Interpolation | None,
    title: str,
    at: int,
    group: str = "group",
    chance: float | None = None,
) -> Figure:
    """Accuracy on test, validation and (where there are) shifted test images over alpha; a line marks mixture `at`, a
    star on test the one that validation chooses. `title` names the shift, `group` what the images of
    one group share, e.g. a photo; `chance` what always naming the largest class gives on test."""
    fig = Figure()
    alphas = list(found.alphas)
    for kind in found.kinds:
        _curve(fig, alphas, kind, kind.images, _PENS[kind.images])
    if corrupted is not None:
        _curve(fig, alphas, corrupted.kinds[0], f"test, {title}", _SHIFTED)
    best, test = found.chosen, found.on("test")
    _star(fig, alphas[best], test.score(best).accuracy)
    if len(test.controls):
        _controls(fig, test)
    fig.add_vline(x=alphas[at], line={"color": CONTROL, "width": 2, "dash": "dash"})
    guess_line(fig, chance)
    _scales(fig, alphas)
    return finish(
        fig,
        alt=_described(found, corrupted, title) + guess_words(chance, "test images"),
        look="Does the curve stay up between its ends? Then A and B lie in one valley, and a mixture may be as good "
        "as the better of the two on test and on shifted images alike. A dip in the middle means that a ridge "
        "of the loss lies between them.",
        caution="The best α on test would be optimistic: the star was chosen on validation alone. Bands are 95 % Wilson "
        "intervals of each α by itself. A and B chose their epochs on the same validation images."
        + " A and B keep their own statistics; the grey ticks show what re-estimated statistics alone cost them."
        * bool(found.settled)
        + for_others([test.grouped(i) for i in range(len(alphas))], group),
        height=470,
        top=60,
    )


def _star(fig: Figure, at: float, accuracy: float) -> None:
    """The mixture that validation chose, on test."""
    star = {"symbol": "star", "size": 20, "color": FROZEN, "line": {"width": 1.5, "color": WHITE}}
    fig.add_scatter(x=[at], y=[accuracy], mode="markers", name="chosen on validation", marker=star, hoverinfo="skip")


def _scales(fig: Figure, alphas: list[float]) -> None:
    """Alpha below, accuracy at the side, the legend above."""
    words = "α: share of B's weights (0 is A, 1 is B)"
    fig.update_xaxes(range=[-0.02, 1.02], tickvals=alphas, showgrid=False, title_text=words)
    fig.update_yaxes(tickformat=".0%", gridcolor=GREY, title_text="accuracy")
    fig.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})


def _described(found: Interpolation, corrupted: Interpolation | None, title: str) -> str:
    """What the curves say, for those who do not see them: both ends and the mixture that validation chose."""
    best, test, last = found.chosen, found.on("test"), len(found.alphas) - 1
    a, chosen, b = (test.score(i).accuracy for i in (0, best, last))
    said = f"Accuracy over α. Test, n = {test.score(0).n}: A {a:.1%}, B {b:.1%}, "
    said += f"α = {found.alphas[best]:g} chosen on validation {chosen:.1%}."
    if corrupted is None:
        return said
    shifted = [corrupted.kinds[0].score(i).accuracy for i in (0, best, last)]
    return f"{said} {title}: {shifted[0]:.1%}, {shifted[1]:.1%} and {shifted[2]:.1%}."


def _controls(fig: Figure, test: InterpolationScores) -> None:
    """A and B themselves with new statistics, at both ends."""
    scores = [test.control(end).score for end in (0, -1)]
    fig.add_scatter(
        x=[0, 1],
        y=[score.accuracy for score in scores],
        mode="markers",
        name="control: A and B, re-estimated statistics only",
        marker={"symbol": "line-ew-open", "size": 22, "line": {"width": 3}, "color": CONTROL},
        customdata=[[str(score)] for score in scores],
        hovertemplate="%{customdata[0]}<extra>re-estimated statistics only</extra>",
    )


def _curve(fig: Figure, alphas: list[float], kind: InterpolationScores, name: str, pen: tuple[str, str, str]) -> None:
    colour, dash, symbol = pen
    scores = [kind.score(i) for i in range(len(alphas))]
    if kind.images != "validation":
        fig.add_scatter(
            x=[*alphas, *reversed(alphas)],
            y=[*(s.high for s in scores), *(s.low for s in reversed(scores))],
            fill="toself",
            mode="lines",
            fillcolor=alpha(colour, 0.15),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    fig.add_scatter(
        x=alphas,
        y=[s.accuracy for s in scores],
        mode="lines+markers",
        name=f"{name} (n = {scores[0].n})",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"color": colour, "symbol": symbol, "size": 8},
        customdata=[[str(s)] for s in scores],
        hovertemplate=f"α = %{{x}}, {name}: %{{customdata[0]}}<extra></extra>",
    )
