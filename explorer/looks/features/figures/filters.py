"""The first convolution's filters as small colour pictures, before, after, and their difference."""

from typing import Any

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import bare, finish
from explorer.app.figures.tiles import clickable
from explorer.looks.features.question import Filters

COLUMNS = 8
CUT = 99.5  # per cent of the weights that the common scale shows without cutting


def first_filters(filters: Filters, related: bool = True, each: bool = False) -> Figure:
    """A, B and B - A as mosaics: red, green, blue are the weights on those colours, grey is 0.

    One scale for all filters of A and B, from -s to s with s the 99.5th percentile of |weight|, or with `each` one scale
    a filter, shared by A and B; the difference has its own, so magnified. Without `related` there is no difference.
    """
    a, b = filters.a, filters.b
    size = np.abs(np.concatenate([a, b], axis=1)).max(axis=(1, 2, 3)) if each else np.full(len(a), _scale(a, b))
    far = float(np.abs(b - a).max())
    panels = [("A", a, size), ("B", b, size)]
    if related:
        panels.append(("B − A", b - a, np.full(len(a), far or 1.0)))
    titles = [f"<b>{name}</b>" for name, _, _ in panels]
    fig = subplots(cols=len(panels), titles=titles, horizontal_spacing=0.02)
    norms = [np.linalg.norm(w.reshape(len(w), -1), axis=1) for w in (a, b - a)]
    for column, (_, weights, scale) in enumerate(panels, 1):
        pixels, x, y, across = _mosaic(weights, scale)
        fig.add_image(z=pixels, colormodel="rgba", hoverinfo="skip", row=1, col=column)
        words = [f"filter {i}: size {n:.3g}" + related * f", changed by {100 * d / (n or 1):.2g} %"
                 for i, n, d in zip(filters.kept, *norms, strict=True)]  # fmt: skip
        clickable(fig, x, y, size=24, data=[[int(i)] for i in filters.kept], words=words, col=column)
        square: dict[str, Any] = {
            "scaleanchor": "x" if column == 1 else f"x{column}",
            "constrain": "domain",
            "constraintoward": "top",
        }
        fig.update_xaxes(range=[-0.5, pixels.shape[1] - 0.5], constrain="domain", row=1, col=column)
        fig.update_yaxes(range=[pixels.shape[0] - 0.5, -0.5], **square, row=1, col=column)
    bare(fig)
    return finish(
        fig,
        alt=f"{len(a)} of {filters.total} filters of {filters.layer}, {a.shape[2]} by {a.shape[3]} pixels, in A and in B"
        + (f"; the largest change of a weight is {far:.3g}." if related else "."),
        look=_look(a, b, far, related),
        caution=_caution(a, b, size, far, related, each),
        height=110 + 340 * -(-len(a) // COLUMNS) // COLUMNS if len(a) < 64 else 420,
        width=1080,
        top=40,
    )


def _scale(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.percentile(np.abs(np.concatenate([a, b])), CUT)) or 1.0


def _mosaic(weights: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, list[float], list[float], int]:
    """Filters (f, 3, h, w) in rows of eight with a clear pixel between them: (H, W, 4) uint8, and the filters' middles."""
    f, _, h, w = weights.shape
    across = min(COLUMNS, f)
    down = -(-f // across)
    out = np.zeros((down * (h + 1) - 1, across * (w + 1) - 1, 4), np.uint8)
    shades = np.clip(weights / np.where(scale > 0, scale, 1)[:, None, None, None], -1, 1) * 127.5 + 127.5
    x, y = [], []
    for i, tile in enumerate(shades):
        row, column = divmod(i, across)
        top, left = row * (h + 1), column * (w + 1)
        out[top : top + h, left : left + w, :3] = np.rint(tile.transpose(1, 2, 0))
        out[top : top + h, left : left + w, 3] = 255
        x.append(left + (w - 1) / 2)
        y.append(top + (h - 1) / 2)
    return out, x, y, across


def _look(a: np.ndarray, b: np.ndarray, far: float, related: bool) -> str:
    if not related:
        return "Edges, blobs and colour contrasts come from pre-training; a random network's filters are noise."
    if far == 0:
        return "The right panel is plain grey, exactly 0: not one of these weights moved."
    share = float(np.linalg.norm(b - a) / (np.linalg.norm(a) or 1))
    moved = f"Tuning moved these weights by {100 * share:.2g} % of their size"
    return f"Edges, blobs, colour contrasts. {moved}. Is any filter new?"


def _caution(a: np.ndarray, b: np.ndarray, size: np.ndarray, far: float, related: bool, each: bool) -> str:
    words = "A filter does not tell what later stages make of it. Colours are weights on normalised pixels; grey is 0. "
    if each:
        words += "Every filter has its own scale, shared by A and B, so weak filters look as bold as strong ones."
    else:
        cut = float((np.abs(np.concatenate([a, b])) > size[0]).mean())
        beyond = f"{100 * cut:.1f} % of the weights lie beyond and are cut"
        words += f"A and B share one scale, −{size[0]:.3g} to {size[0]:.3g} ({beyond})."
    if related and far:
        times = "" if each else f", so changes are magnified {size[0] / far:.3g} times"
        words += f" The difference runs from −{far:.3g} to {far:.3g}{times}."
    return words
