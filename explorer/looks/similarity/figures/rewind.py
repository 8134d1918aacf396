"""What a network still knows with a stage rewound."""

from explorer.app.figures.figure import Figure
from explorer.app.figures.guessing import LARGEST, guess_line, guess_words
from explorer.app.figures.intervals import for_others
from explorer.app.figures.style import SMALL, finish
from explorer.looks.similarity.question.weights import Reset, Rewind
from explorer.palette import BLUE, CONTROL, GREY, LEARNS, PINK, alpha

START, RANDOM = "first weights", "random weights"
_PENS = {"start": (START, BLUE, "diamond", -0.16), "random": (RANDOM, PINK, "x", 0.16)}


def rewind(found: Rewind, reestimated: bool = True, group: str = "group") -> Figure:
    """Test accuracy with each stage rewound to its first and to random weights, beside the run's own, with intervals; `group` is
    what images of one group share, e.g. a photo."""
    names = list(dict.fromkeys(" + ".join(r.stages) for r in found.resets))
    fig = Figure()
    fig.add_vrect(x0=found.base.low, x1=found.base.high, fillcolor=alpha(LEARNS, 0.14), line={"width": 0})
    fig.add_vline(x=found.base.accuracy, line={"color": LEARNS, "width": 2})
    for to, (label, colour, symbol, aside) in _PENS.items():
        rows = [r for r in found.resets if r.to == to]
        if rows:
            _dots(fig, rows, names, reestimated, (label, colour, symbol, aside))
    _controls(fig, found, names, reestimated)
    fig.add_annotation(  # above the words on guessing, with which it would read as one sentence on a phone
        x=found.base.accuracy, y=1, yref="paper", text="as it is", showarrow=False, yanchor="bottom", yshift=18,
    )  # fmt: skip
    guess_line(fig, found.chance, upright=True)
    fig.update_xaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GREY, title_text="test accuracy")
    places = list(range(len(names)))
    fig.update_yaxes(tickvals=places, ticktext=names, range=[len(names) - 0.5, -0.75], showgrid=False)
    fig.update_layout(legend={"orientation": "h", "y": -0.2, "x": 0, "title": {"text": "rewound to its"}})
    controlled = reestimated and any(r.control is not None for r in found.resets)
    worst = {to: _worst(found, to, reestimated) for to in _PENS}
    how = f", statistics re-estimated on {found.images} training images" if reestimated and found.images else ""
    return finish(
        fig,
        alt=f"Test accuracy with one stage rewound at a time{how}; as it is: {found.base.accuracy:.1%}."
        + guess_words(found.chance, "test images")
        + " "
        + " ".join(f"Worst with {_PENS[to][0]}: {words}." for to, words in worst.items() if words),
        look="A stage that can be rewound to its first weights at no cost did not need to be trained. If random "
        "weights break it, later stages rely on what it learned. A frozen stage must lie exactly on the line"
        + (", or on its grey tick where only its statistics moved." if controlled else "."),
        caution=_caution(found, reestimated) + for_others([found.grouped], group),
        height=188 + 74 * len(names),
        top=68,
    )


def _controls(fig: Figure, found: Rewind, names: list[str], reestimated: bool) -> None:
    """The run with nothing rewound but the same statistics re-estimated: a grey tick at the height of each reset."""
    rows = [(r, r.control.score) for r in found.resets if reestimated and r.control is not None]
    if rows:
        fig.add_scatter(
            x=[score.accuracy for _, score in rows],
            y=[names.index(" + ".join(r.stages)) + _PENS[r.to][3] for r, _ in rows],
            mode="markers",
            name="(control) nothing, re-estimated statistics only",
            marker={"symbol": "line-ns-open", "size": 18, "line": {"width": 3}, "color": CONTROL},
            customdata=[[str(score)] for _, score in rows],
            hovertemplate="%{customdata[0]}<extra>control: re-estimated statistics only</extra>",
        )


def _caution(found: Rewind, reestimated: bool) -> str:
    words = (
        "One draw of random weights: another may cost more or less. "
        if len(found.resets) == 1
        else "Stages are rewound one at a time: two that can each be spared cannot always be spared together. "
    )
    words += (
        f"n = {found.base.n} test images, 95 % Wilson intervals. Random weights were drawn once; ‘{LARGEST}’ is the "
        "most frequent training class."
    )
    if reestimated and any(r.control is not None for r in found.resets):
        words += (
            " Re-estimated statistics cost something by themselves: what a stage held is the distance from the grey "
            "tick to the mark."
        )
    if len(found.resets) == 1:
        return words
    return f"{words} These are {len(found.resets)} comparisons, and up to one in twenty differs by chance alone."


def _worst(found: Rewind, to: str, reestimated: bool) -> str:
    rows = [r for r in found.resets if r.to == to and not r.identical]
    if not rows:
        return ""
    row = min(rows, key=lambda r: r.outcome(reestimated).score.accuracy)
    return f"{' + '.join(row.stages)}, {row.outcome(reestimated).score.accuracy:.1%}"


def _dots(
    fig: Figure, rows: list[Reset], names: list[str], reestimated: bool, pen: tuple[str, str, str, float]
) -> None:
    label, colour, symbol, aside = pen
    scores = [r.outcome(reestimated).score for r in rows]
    fig.add_scatter(
        x=[s.accuracy for s in scores],
        y=[names.index(" + ".join(r.stages)) + aside for r in rows],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [s.high - s.accuracy for s in scores],
            "arrayminus": [s.accuracy - s.low for s in scores],
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers+text",
        name=label,
        marker={"color": colour, "symbol": symbol, "size": 12},
        text=["same weights" if r.identical else f"{s.accuracy:.1%}" for r, s in zip(rows, scores, strict=True)],
        textposition=["top left" if s.accuracy > 0.5 else "top right" for s in scores],
        textfont={"size": SMALL},
        customdata=[[str(s)] for s in scores],
        hovertemplate="%{customdata[0]}<extra>" + label + "</extra>",
    )
