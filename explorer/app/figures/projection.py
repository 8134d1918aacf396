"""One shared map of the test images, before and after."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CLASSES, GREY, SMALL, SYMBOLS, finish, named
from explorer.evidence import Score
from explorer.results import Projection

MOST_POINTS, MOST_LINES = 2500, 250


def _chosen(labels: np.ndarray, most: int) -> np.ndarray:
    """At most `most` indices, each class in proportion, always the same ones."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(0).permutation(len(labels))
    quota = {k: max(1, round(most * float((labels == k).mean()))) for k in np.unique(labels)}
    taken = np.concatenate([order[labels[order] == k][:q] for k, q in quota.items()])
    return np.sort(taken)


def class_style(k: int) -> dict[str, object]:
    """Colour and symbol of class k: eight colours, then the next symbol."""
    return {
        "color": CLASSES[k % len(CLASSES)],
        "symbol": SYMBOLS[(k // len(CLASSES)) % len(SYMBOLS)],
        "line": {"width": 0.5, "color": "rgba(60, 70, 80, 0.8)"},
    }


def _points(fig: go.Figure, p: Projection, xy: np.ndarray, keep: np.ndarray, column: int, legend: bool) -> None:
    for k, name in enumerate(map(named, p.classes)):
        rows = keep[p.labels[keep] == k]
        fig.add_scatter(
            x=xy[rows, 0].round(3).tolist(), y=xy[rows, 1].round(3).tolist(), mode="markers", name=name,
            legendgroup=name, showlegend=legend, marker={**class_style(k), "size": 9, "opacity": 0.88},
            customdata=[[int(i)] for i in rows], row=1, col=column,
            hovertemplate=f"{name}, image %{{customdata[0]}}<extra></extra>",
        )  # fmt: skip


def _share(score: Score) -> str:
    return f"{score.accuracy:.1%}".replace("%", " %")


def _ranges(p: Projection) -> tuple[list[float], list[float]]:
    both = np.concatenate([p.a, p.b])
    low, high = both.min(axis=0), both.max(axis=0)
    pad = 0.05 * (high - low) + 1e-6
    return [low[0] - pad[0], high[0] + pad[0]], [low[1] - pad[1], high[1] + pad[1]]


def _truth(p: Projection) -> str:
    return (
        f"In the full space 10 nearest neighbours name the class of {p.knn_a} of the images in A "
        f"and of {p.knn_b} in B. Trustworthiness of the map: A {p.trust_a:.2f}, B {p.trust_b:.2f}."
    )


def projection_pair(p: Projection, compact: bool = False) -> go.Figure:
    """Before on the left, after on the right, on the same axes; colour and symbol by class; `compact` has no legend."""
    titles = (f"A · before: k-NN {_share(p.knn_a)}", f"B · after: k-NN {_share(p.knn_b)}")
    fig = make_subplots(cols=2, subplot_titles=titles, horizontal_spacing=0.03)
    keep = _chosen(p.labels, MOST_POINTS // 2)
    _points(fig, p, p.a, keep, 1, not compact)
    _points(fig, p, p.b, keep, 2, False)
    _frame(fig, p)
    same = "Nothing moved: every stage was frozen, so both halves are identical. " if p.unmoved else ""
    return _words(
        fig, p, f"{same}The same images sit in both halves. Which classes part from A to B, and which stay mixed?"
    )


def projection_moves(p: Projection) -> go.Figure:
    """After as points, with a thin line from where each image was before (some of them where there are many)."""
    fig = make_subplots(cols=1)
    keep = _chosen(p.labels, MOST_POINTS)
    lines = _chosen(p.labels, MOST_LINES)
    x = np.column_stack([p.a[lines, 0], p.b[lines, 0], np.full(len(lines), np.nan)]).ravel()
    y = np.column_stack([p.a[lines, 1], p.b[lines, 1], np.full(len(lines), np.nan)]).ravel()
    fig.add_scatter(
        x=[None if np.isnan(v) else round(float(v), 3) for v in x],
        y=[None if np.isnan(v) else round(float(v), 3) for v in y],
        mode="lines", line={"color": GREY, "width": 1.3}, hoverinfo="skip", name="from A to B",
    )  # fmt: skip
    _points(fig, p, p.b, keep, 1, True)
    _frame(fig, p)
    some = f" Lines are drawn for {len(lines)} of {len(p.labels)} images." if len(lines) < len(p.labels) else ""
    same = "Nothing moved: every stage was frozen, so all lines have length 0." if p.unmoved else ""
    return _words(fig, p, (same or "Each line runs from A to the point in B. Do whole classes move together?") + some)


def _frame(fig: go.Figure, p: Projection) -> None:
    x, y = _ranges(p)
    fig.update_xaxes(range=x, showticklabels=False, showgrid=False, showline=True, linecolor=GREY, mirror=True)
    fig.update_yaxes(range=y, showticklabels=False, showgrid=False, showline=True, linecolor=GREY, mirror=True)
    fig.update_annotations(yshift=6)
    fig.update_layout(
        legend={"itemsizing": "constant", "tracegroupgap": 0, "font": {"size": SMALL}, "title": {"text": "class"}}
    )


def _words(fig: go.Figure, p: Projection, look: str) -> go.Figure:
    return finish(
        fig,
        alt=f"{p.method.upper()} map of {len(p.labels)} test images at {p.stage}, fitted on A and B together. {_truth(p)}",
        look=look,
        caution=_truth(p),
        height=max(520, 90 + 26 * min(len(p.classes), 20)),
    )
