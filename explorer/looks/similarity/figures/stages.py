"""Stages against stages, and what a linear reader finds at each."""

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.intervals import for_others
from explorer.app.figures.style import SMALL, finish
from explorer.evidence import Score
from explorer.looks.similarity.figures.change import few_words
from explorer.looks.similarity.question.stages import StagePairs, StageProbes
from explorer.palette import ALIKE, FROZEN, GREY, INK, LEARNS, LESS_MORE_ALIKE

REFERENCES = {
    "aa": "A × A (itself)",
    "difference": "A × B minus A × A",
    "bb": "B × B (itself)",
    "random": "A × random networks (mean)",
}
"""What may stand beside the stages of A against those of B."""
_GAP, _CONTROL = " ", "random"


def stage_pairs(pairs: StagePairs, reference: str = "aa") -> Figure:
    """CKA of every stage of A with every stage of B and, beside it, one of REFERENCES; numbers in the cells.

    A last column has the control: A against the same stage of random networks, the mean of their draws.
    """
    beside = pairs.ab - pairs.aa if reference == "difference" else getattr(pairs, reference)
    beside = beside.mean(axis=0) if reference == "random" else beside
    many = len(pairs.stages)
    fig = subplots(
        cols=2, titles=["A × B", REFERENCES[reference]], horizontal_spacing=0.12, column_widths=[many + 2, many]
    )
    control = np.column_stack([np.full(len(pairs.stages), np.nan), np.diag(pairs.random.mean(axis=0))])
    _matrix(fig, pairs.stages, np.hstack([pairs.ab, control]), 1, "coloraxis", (_GAP, _CONTROL))
    _matrix(fig, pairs.stages, beside, 2, "coloraxis2" if reference == "difference" else "coloraxis")
    axis = {"colorscale": ALIKE, "cmin": 0, "cmax": 1, "showscale": False}
    most = max(0.05, float(np.nanmax(np.abs(beside)))) if reference == "difference" else 1
    fig.update_layout(
        coloraxis=axis, coloraxis2={"colorscale": LESS_MORE_ALIKE, "cmin": -most, "cmax": most, "showscale": False}
    )
    fig.update_yaxes(autorange="reversed", showgrid=False, title_text="stage of A", row=1, col=1)
    fig.update_yaxes(autorange="reversed", showgrid=False, title_text="B" if reference == "bb" else "A", row=1, col=2)
    fig.update_xaxes(showgrid=False)
    for col, text in ((1, "stage of B"), (2, {"bb": "B", "random": "random network"}.get(reference, "A"))):
        fig.update_xaxes(title_text=text if reference != "difference" or col == 1 else "stage", row=1, col=col)
    own = np.diag(pairs.ab)
    place = int(np.nanargmin(own)) if not np.isnan(own).all() else len(own) - 1
    ends = f"{pairs.interval[0, place]:.2f} to {pairs.interval[1, place]:.2f}"
    draws = np.diagonal(pairs.random, axis1=1, axis2=2)
    spread = (
        "" if np.isnan(draws).all() else f", {np.nanmin(draws):.2f} to {np.nanmax(draws):.2f} over all stages and draws"
    )
    return finish(
        fig,
        alt=f"Two matrices of CKA between stages, n = {pairs.n} test images. On the diagonal A and B are least alike in "
        f"{pairs.stages[place]} ({own[place]:.2f}).",
        look="Where does the left matrix differ from A × A? Only that is due to B: neighbouring stages are alike within A.",
        caution="Features that lie alike may still be used differently: CKA does not see what the head makes of them. "
        f"Debiased linear CKA of pooled features on n = {pairs.n} test images: 1 means the same arrangement, "
        f"about 0 an unrelated one. The column ‘random’ is the control, the mean of A against {len(draws)} "
        f"random networks{spread}: even that is above 0, since all see the same images. A and B at "
        f"{pairs.stages[place]}: {own[place]:.2f}, 95 % jackknife interval {ends} over the choice of "
        f"images.{few_words(pairs.n)}",
        height=150 + 58 * len(pairs.stages),
    )


def _matrix(
    fig: Figure, names: tuple[str, ...], z: np.ndarray, column: int, axis: str, more: tuple[str, ...] = ()
) -> None:
    fig.add_heatmap(
        x=[*names, *more],
        y=list(names),
        z=[[None if np.isnan(v) else round(float(v), 4) for v in row] for row in z],
        texttemplate="%{z:.2f}",
        textfont={"size": SMALL, "color": INK},
        coloraxis=axis,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate="%{y} × %{x}: %{z:.3f}<extra></extra>",
        row=1,
        col=column,
    )


def stage_probes(found: StageProbes, group: str = "group") -> Figure:
    """Accuracy of a linear probe after each stage, of A and of B, with 95 % intervals and a line at what always naming the
    largest class gives; `group` is what images of one group share, e.g. a photo."""
    names = [row.stage for row in found.stages]
    fig = Figure()
    sides = (("A", [row.a for row in found.stages], FROZEN, "circle", -0.06, "solid"),
             ("B", [row.b.score for row in found.stages], LEARNS, "diamond", 0.06, "dash"))  # fmt: skip
    for name, scores, colour, symbol, aside, dash in sides:
        fig.add_scatter(
            x=[i + aside for i in range(len(names))],
            y=[s.accuracy for s in scores],
            error_y=_interval(scores),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "symbol": symbol, "size": 11},
            customdata=[[n, str(s)] for n, s in zip(names, scores, strict=True)],
            hovertemplate=f"{name}, %{{customdata[0]}}: %{{customdata[1]}}<extra></extra>",
        )
    guess_line(fig, found.chance)
    fig.update_xaxes(
        tickvals=list(range(len(names))), ticktext=names, showgrid=False, title_text="features taken after"
    )
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02], gridcolor=GREY, title_text="probe accuracy on test")
    fig.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return finish(
        fig,
        alt=f"Linear-probe accuracy per stage. A rises from {found.stages[0].a.accuracy:.0%} at the input to "
        f"{found.stages[-1].a.accuracy:.0%} at {names[-1]}, B to {found.stages[-1].b.score.accuracy:.0%}."
        + guess_words(found.chance, "test images"),
        look="Where does the curve stop rising? From there on a linear classifier separates the classes as well as "
        "later on, and later stages add little. Where A and B differ, fine-tuning changed what a linear "
        "classifier can read.",
        caution="A probe shows what could be read from the features, not what the network uses. n = "
        f"{found.stages[0].a.n} test images; intervals are 95 % Wilson for these fits (training images and "
        "test images are apart), and overlapping ones are not yet a test: the table compares image by image."
        + for_others([row.grouped for row in found.stages], group),
        height=440,
        top=60,
    )


def _interval(scores: list[Score]) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [s.high - s.accuracy for s in scores],
        "arrayminus": [s.accuracy - s.low for s in scores],
        "thickness": 1.5,
        "width": 4,
    }
