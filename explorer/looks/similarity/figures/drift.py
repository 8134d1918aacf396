"""How the last stage moved away from where it began, epoch by epoch."""

from collections.abc import Sequence

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.intervals import NO_INTERVAL, tally
from explorer.app.figures.style import cell, finish
from explorer.evidence import Score
from explorer.looks.similarity.figures.change import few_words
from explorer.looks.similarity.question.stages import Drift
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, alpha
from explorer.runs.records import Epoch

_TITLES = ("Similarity to epoch 0 (CKA)", "Nearest neighbours kept", "10 nearest neighbours name the class", "The head")


def drift(
    found: Drift,
    epochs: Sequence[Epoch],
    chosen: int = 0,
    chance: float | None = None,
    on_validation: float | None = None,
) -> Figure:
    """Four small multiples over the epochs: CKA and neighbours kept against epoch 0, k-NN accuracy on test, and the head
    on validation and training images; a dotted line marks the `chosen` epoch (0: none).
    `chance` and `on_validation` are what always naming the largest class gives on test and on validation images."""
    fig = subplots(rows=2, cols=2, titles=_TITLES, horizontal_spacing=0.1, vertical_spacing=0.2)
    _band(fig, (1, 1), found.epochs, found.low, found.high, LEARNS)
    for place, values in (((1, 1), found.cka), ((1, 2), found.overlap)):
        _line(fig, place, found.epochs, values, LEARNS, "solid", "circle", "B")
    votes, words = [s.accuracy for s in found.knn], [[tally(s)] for s in found.knn]
    _line(fig, (2, 1), found.epochs, votes, LEARNS, "solid", "circle", "test, k-NN", words)
    ends = [e.epoch for e in epochs]
    _scores(fig, (2, 2), ends, [e.val for e in epochs], FROZEN, "dash", "diamond", "validation, head")
    _scores(fig, (2, 2), ends, [e.train for e in epochs], CONTROL, "dot", "square", "training, head")
    guess_line(fig, chance, place=cell(2, 1))
    guess_line(fig, on_validation, place=cell(2, 2))
    if chosen:
        fig.add_vline(x=chosen, line={"color": CONTROL, "dash": "dot", "width": 2})
    last = max([*found.epochs, *ends])
    _scales(fig, last)
    mark = f" The upright line is epoch {chosen}, the one that was kept." if chosen else ""
    return finish(
        fig,
        alt=f"{found.stage} over {last} epochs: CKA to the start falls to {found.cka[-1]:.2f}, {found.overlap[-1]:.0%} of "
        f"the neighbours are kept, k-NN accuracy goes from {found.knn[0].accuracy:.0%} to {found.knn[-1].accuracy:.0%}."
        + guess_words(chance, "test images"),
        look="Does most of the change happen in the first epochs, while the learning rate is high? Does accuracy "
        f"still rise after the features have stopped moving?{mark}",
        caution="Validation and test use different images: compare the shapes of their curves, not the heights. "
        f"Pooled features of {found.stage} on n = {found.n} test images (of at most 12 epochs); the "
        "neighbours' vote leaves the image itself out. Bands are 95 % intervals, that of CKA by the "
        "jackknife. For the vote: "
        f"{NO_INTERVAL[0].lower()}{NO_INTERVAL[1:]}{few_words(found.n)}",
        height=620,
    )


def _scales(fig: Figure, last: int) -> None:
    """Epochs below, shares at the side."""
    fig.update_xaxes(range=[-0.2, last + 0.2], showgrid=False)
    fig.update_xaxes(title_text="epoch", row=2)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(range=[0, 1.05], row=1)
    fig.update_yaxes(tickformat=".0%", row=2)
    fig.update_layout(legend={"orientation": "h", "y": -0.16, "x": 0})


def _scores(
    fig: Figure, place: tuple[int, int], x: Sequence[int], scores: Sequence[Score], colour: str, dash: str, symbol: str,
    name: str,
) -> None:  # fmt: skip
    """A line of accuracies with its Wilson band."""
    _band(fig, place, x, [s.low for s in scores], [s.high for s in scores], colour)
    _line(fig, place, x, [s.accuracy for s in scores], colour, dash, symbol, name, [[str(s)] for s in scores])


def _band(
    fig: Figure, place: tuple[int, int], x: Sequence[int], low: Sequence[float], high: Sequence[float], colour: str
) -> None:
    """The ground between two lines."""
    fig.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        mode="lines",
        fillcolor=alpha(colour, 0.15),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        row=place[0],
        col=place[1],
    )


def _line(
    fig: Figure, place: tuple[int, int], x: Sequence[int], y: Sequence[float], colour: str, dash: str, symbol: str,
    name: str, words: list[list[str]] | None = None,
) -> None:  # fmt: skip
    fig.add_scatter(
        x=list(x),
        y=list(y),
        mode="lines+markers",
        name=name,
        showlegend=words is not None,
        line={"color": colour, "width": 2, "dash": dash},
        marker={"color": colour, "symbol": symbol, "size": 8},
        customdata=words,
        hovertemplate="epoch %{x}: " + ("%{customdata[0]}" if words else "%{y:.3f}") + "<extra></extra>",
        row=place[0],
        col=place[1],
    )
