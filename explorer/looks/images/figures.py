"""What is taken for what: confusion matrices of A and B, and what changed between them."""

from collections.abc import Sequence

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import CLEAR, SMALL, finish, named
from explorer.palette import CHANGE, COUNTS, GREY, LEARNS, NOTHING

MOST_SIDE_BY_SIDE = 8  # classes up to which three matrices fit beside each other


def counts(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How many images of class i (row) were named class j (column), (k, k) int."""
    found = np.zeros((classes, classes), np.int64)
    np.add.at(found, (labels, predicted), 1)
    return found


PANELS = {"A": "A says", "B": "B says", "change": "B − A"}


def confusion(
    labels: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    classes: tuple[str, ...],
    cell: tuple[str, int, int] | None = None,
    only: str = "",
) -> Figure:
    """Confusion matrices of A, of B and B - A from labels and predictions (n,); rows are true classes, shades are shares of
    the row. `cell` (which, true, named) is framed; `only` shows one of PANELS. Each cell carries an invisible marker with
    [which, true, named]: a heatmap tells nobody that it was clicked."""
    k = len(classes)
    before, after = counts(labels, a, k), counts(labels, b, k)
    numbers = {"A": before, "B": after, "change": after - before}
    shown = [only] if only else list(PANELS)
    titles = [PANELS[which] for which in shown]
    fig = subplots(cols=len(shown), titles=titles, horizontal_spacing=0.03, shared_yaxes=True)
    total = np.maximum(before.sum(axis=1, keepdims=True), 1)
    for column, which in enumerate(shown, 1):
        place = {"row": 1, "col": column}
        _matrix(fig, numbers[which], total, which, place)
        _targets(fig, which, k, max(10, int((900 / len(shown)) / k)), place)
        if cell is not None and cell[0] == which and min(cell[1:]) >= 0:
            _, t, j = cell
            frame = {"line": {"color": LEARNS, "width": 4}, "layer": "above"}
            fig.add_shape(type="rect", x0=j - 0.5, x1=j + 0.5, y0=t - 0.5, y1=t + 0.5, **frame, **place)
    _axes(fig, [named(name) for name in classes])
    return _worded(fig, before, after, classes)


def _matrix(fig: Figure, numbers: np.ndarray, total: np.ndarray, which: str, place: dict[str, int]) -> None:
    """Shades by the share of the row, numbers where they are not 0."""
    change = which == "change"
    far = float(np.abs(numbers / total).max()) or 1.0
    words = [[f"{v:+d}".replace("-", "−") if change else str(v) if v else "" for v in row] for row in numbers.tolist()]
    if change:
        words = [
            ["" if v == 0 else word for v, word in zip(*pair, strict=True)] for pair in zip(numbers, words, strict=True)
        ]
    fig.add_heatmap(
        z=(numbers / total).tolist(), text=words, texttemplate="%{text}", textfont={"size": SMALL}, hoverinfo="skip",
        colorscale=CHANGE if change else COUNTS, zmin=-far if change else 0, zmax=far if change else 1,
        showscale=False, name=CLEAR, xgap=1, ygap=1, **place,
    )  # fmt: skip


def _targets(fig: Figure, which: str, k: int, width: int, place: dict[str, int]) -> None:
    """A transparent square over each cell, which tells that it was clicked."""
    t, j = (grid.ravel().tolist() for grid in np.mgrid[:k, :k])
    size = min(width, max(10, 300 // k))  # a cell is about 300 / k pixels high
    fig.add_scatter(
        x=j, y=t, mode="markers", showlegend=False, name=which, customdata=[[which, *pair] for pair in zip(t, j, strict=True)],
        marker={"symbol": "square", "size": size, "color": NOTHING, "line": {"width": 0}},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}}, hovertemplate=_hover(which), **place,
    )  # fmt: skip


def _hover(which: str) -> str:
    return "%{y} named %{x}: click to see them<extra>" + ("B − A" if which == "change" else which) + "</extra>"


def _axes(fig: Figure, names: list[str]) -> None:
    k = len(names)
    ticks = {"tickmode": "array", "tickvals": list(range(k)), "ticktext": names, "showgrid": False, "fixedrange": True}
    line = {"showline": True, "linecolor": GREY, "mirror": True}
    fig.update_xaxes(**ticks, **line, range=[-0.5, k - 0.5], tickangle=-45 if k > 3 else 0)
    fig.update_yaxes(**ticks, **line, range=[k - 0.5, -0.5])
    fig.update_yaxes(title="true class", col=1)


def _worded(fig: Figure, before: np.ndarray, after: np.ndarray, classes: Sequence[str]) -> Figure:
    k, n = len(classes), int(before.sum())
    wrong = after.copy()
    np.fill_diagonal(wrong, 0)
    t, j = divmod(int(wrong.argmax()), wrong.shape[1])
    most = f"B takes {classes[t][:40]} for {classes[j][:40]} most often ({wrong[t, j]} times). " if wrong.any() else ""
    fig = finish(
        fig,
        alt=f"Confusion matrices of {k} classes on {n} test images: {int(np.trace(before))} right in A, "
        f"{int(np.trace(after))} in B. {most}",
        look="The diagonal counts correct predictions. Which mistakes of A are gone in B, which are new? Click a "
        "cell to see its images. B − A: vermillion is more in B, blue is fewer.",
        caution="A difference of two or three images in a cell is often chance. Shades are shares of a row.",
        height=150 + max(300, 26 * k),
    )
    fig.update_annotations(yshift=4)
    return fig
