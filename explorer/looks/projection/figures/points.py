"""What all maps share: which points are drawn, dimmed, ringed or shown as pictures; axes, legend and words."""

from dataclasses import dataclass

import numpy as np

from explorer.app.figures.figure import Figure
from explorer.app.figures.intervals import tally
from explorer.app.figures.style import SMALL, finish
from explorer.looks.projection.figures.paint import Paint
from explorer.looks.projection.question import Projection
from explorer.palette import BLACK, GREY, OUTLINE, WHITE

MOST_POINTS, MOST_LINES, MOST_PICTURES = 2500, 250, 120
TOP = 68  # room for the browser's buttons above the headings
BRIGHT, DIM = 0.88, 0.12
MEANINGLESS = "Neither the size of a group nor the distance between two means anything on a map."
PICTURE = 0.05  # of the axis' length


@dataclass(frozen=True)
class Marks:
    """What the visitor marked: selected images (the others are dimmed), the chosen one (-1: none, else ringed), images
    shown as pictures (number, data address), and whether a drag draws a lasso."""

    selected: tuple[int, ...] = ()
    image: int = -1
    pictures: tuple[tuple[int, str], ...] = ()
    lasso: bool = False


def numbers(values: np.ndarray) -> list[float]:
    """Places with three decimals, as short on the way to the browser as they look."""
    return values.astype(float).round(3).tolist()


def opacity(rows: np.ndarray, marks: Marks) -> list[float] | float:
    """How bright each point is."""
    if marks.selected:
        return np.where(np.isin(rows, marks.selected), BRIGHT, DIM).tolist()
    if marks.pictures:
        return np.where(np.isin(rows, [i for i, _ in marks.pictures]), BRIGHT, 2 * DIM).tolist()
    return BRIGHT


def add_points(
    fig: Figure, paint: Paint, xy: np.ndarray, keep: np.ndarray, marks: Marks, half: str = "b", column: int = 1,
    legend: bool = True,
) -> None:  # fmt: skip
    """One trace a group of A's or B's `half`: of the positions `xy` (n, 2) those in `keep`."""
    groups, wrong = (paint.a, paint.wrong_a) if half == "a" else (paint.b, paint.wrong_b)
    for k, (name, (colour, symbol)) in enumerate(zip(paint.names, paint.styles, strict=True)):
        rows = keep[groups[keep] == k]
        hollow = [f"{symbol}-open" if w else symbol for w in wrong[rows]] if wrong is not None else symbol
        fig.add_scatter(
            x=numbers(xy[rows, 0]), y=numbers(xy[rows, 1]), mode="markers", name=name,
            legendgroup=name, showlegend=legend, customdata=[[int(i)] for i in rows], row=1, col=column,
            marker={"color": colour, "symbol": hollow, "size": 9, "opacity": opacity(rows, marks), "line": _line(wrong)},
            hovertemplate=f"{name}, image %{{customdata[0]}}<extra></extra>",
        )  # fmt: skip


def add_legend(fig: Figure, paint: Paint) -> None:
    """The groups at full strength, whatever their points are drawn like.

    Each stands for itself on axes of its own, outside their range: on the map's axes a film would draw it in a corner.
    """
    unseen = {"visible": False, "fixedrange": True, "range": [0, 1], "domain": [0, 0.01]}
    fig.update_layout(xaxis9={**unseen, "anchor": "y9"}, yaxis9={**unseen, "anchor": "x9"})
    hollow = paint.wrong_a is not None or paint.wrong_b is not None
    extra = [("hollow: wrong", (GREY, "circle-open"))] if hollow else []
    for name, (colour, symbol) in (*zip(paint.names, paint.styles, strict=True), *extra):
        fig.add_scatter(
            x=[9], y=[9], mode="markers", name=name, legendgroup=name, hoverinfo="skip", xaxis="x9", yaxis="y9",
            marker={"color": colour, "symbol": symbol, "size": 9, "line": _line(None)},
        )  # fmt: skip


def _line(wrong: np.ndarray | None) -> dict[str, object]:
    """A thin dark edge; hollow symbols are all edge, in the colour of their class."""
    return {"width": 0.5, "color": OUTLINE} if wrong is None else {"width": 1.6}


def ring(fig: Figure, xy: np.ndarray, marks: Marks, column: int = 1) -> None:
    """A black ring within a white one around the chosen image, seen on any ground and colour."""
    if not 0 <= marks.image < len(xy):
        return
    x, y = numbers(xy[marks.image])
    for colour, width in ((WHITE, 6), (BLACK, 2.5)):
        fig.add_scatter(
            x=[x], y=[y], mode="markers", showlegend=False, customdata=[[marks.image]], row=1, col=column,
            marker={"symbol": "circle-open", "size": 24, "color": colour, "line": {"width": width}},
            hovertemplate=f"chosen: image {marks.image}<extra></extra>", name="chosen",
        )  # fmt: skip


def pictures(
    xy: np.ndarray, marks: Marks, sides: tuple[list[float], list[float]], axis: str
) -> list[dict[str, object]]:
    """The marked pictures at their places in the subplot of x-axis `axis` (x, x2), for the layout's `images`."""
    size = [PICTURE * (side[1] - side[0]) for side in sides]
    still = {"sizex": size[0], "sizey": size[1], "xanchor": "center", "yanchor": "middle", "sizing": "contain"}
    still |= {"xref": axis, "yref": axis.replace("x", "y"), "layer": "above"}
    return [{**still, "source": address, "x": float(xy[i, 0]), "y": float(xy[i, 1])} for i, address in marks.pictures]


def box(*maps: np.ndarray) -> tuple[list[float], list[float]]:
    """The ranges of both axes that hold all points of maps (…, 2), with a margin."""
    points = np.concatenate([xy.reshape(-1, 2) for xy in maps])
    low, high = points.min(axis=0), points.max(axis=0)
    pad = 0.06 * (high - low) + 1e-6
    return [float(low[0] - pad[0]), float(high[0] + pad[0])], [float(low[1] - pad[1]), float(high[1] + pad[1])]


def frame(fig: Figure, sides: tuple[list[float], list[float]], title: str, columns: tuple[int, ...] = (1,)) -> None:
    """Axes without numbers, which would mean nothing, and the legend."""
    quiet = {"showticklabels": False, "showgrid": False, "showline": True, "linecolor": GREY, "mirror": True}
    for column in columns:
        fig.update_xaxes(range=sides[0], **quiet, row=1, col=column)
        fig.update_yaxes(range=sides[1], **quiet, row=1, col=column)
    fig.update_annotations(yshift=6)
    fig.update_layout(
        legend={"itemsizing": "constant", "tracegroupgap": 0, "font": {"size": SMALL}, "title": {"text": title}}
    )


def truth(p: Projection) -> str:
    """What holds without the map, and how far to trust it."""
    return (
        f"In the full space 10 nearest neighbours name the class of {tally(p.knn_a)} of the images in A "
        f"and of {tally(p.knn_b)} in B. Trustworthiness of the map: A {p.trust_a:.2f}, B {p.trust_b:.2f}."
    )


def moved(p: Projection) -> str:
    """How much of B the rotation could not bring back to A; empty where nothing moved."""
    if p.unmoved:
        return ""
    left = f"{100 * p.agreement.left:.0f} % of the squared distance between A and B"
    if not p.others:
        return (
            f" Nothing was rotated, since too few other images can be read: without a rotation {left} is left (0 % "
            "means that nothing moved), and a rotation of all features together counts as movement."
        )
    return (
        f" After the rotation, which was fitted on {p.others} other images, {left} is left (0 % nothing moved, about 100 % "
        "unrelated)."
    )


def words(fig: Figure, p: Projection, look: str, marks: Marks, rows: int) -> Figure:
    """The finished figure of a map of A and B."""
    if marks.selected:
        look += f" Bright: the {len(marks.selected)} selected images."
    kind = {"umap": "UMAP", "pca": "PCA", "aligned": "AlignedUMAP"}.get(p.method, p.method)
    fig = finish(
        fig,
        alt=f"{kind} map of {len(p.labels)} test images at {p.stage}, A and B together. {truth(p)}",
        look=look,
        caution=f"{MEANINGLESS} {truth(p)}{moved(p)}",
        height=max(560, 110 + 24 * min(rows, 24)),
        top=TOP,
    )
    fig.update_layout(dragmode="lasso" if marks.lasso else "pan")
    return fig
