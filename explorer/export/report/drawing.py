"""Figures of a report as SVG: no library, no script."""

from collections.abc import Sequence
from html import escape

import numpy as np

from explorer.palette import BLUE, INK, QUIET, RULE, VERMILLION
from explorer.runs import Predictions
from explorer.runs.records import Epoch

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 240, 46, 28, 12
TRAIN, VAL = BLUE, VERMILLION


def curves(epochs: Sequence[Epoch], chosen: int | None, chance: float | None = None) -> str:
    """Accuracy on training and validation images after each epoch, the latter with its 95 % interval; the kept epoch is
    marked, and `chance`, what always naming the largest class gives on validation."""
    low = min(*(min(e.val.low, e.train.accuracy) for e in epochs), 1.0 if chance is None else chance)
    floor = max(0.0, np.floor(low * 10) / 10)
    last = max(2, len(epochs))

    def x(epoch: int) -> float:
        return LEFT + (WIDTH - LEFT - 90) * (epoch - 1) / (last - 1)

    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (share - floor) / max(1 - floor, 1e-9))

    band = [f"{x(e.epoch):.1f},{y(e.val.high):.1f}" for e in epochs]
    band += [f"{x(e.epoch):.1f},{y(e.val.low):.1f}" for e in reversed(epochs)]
    parts = [f'<polygon points="{" ".join(band)}" fill="{VAL}" opacity=".15"/>']
    for step in np.linspace(floor, 1, 3):
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 90}" y1="{y(step):.1f}" y2="{y(step):.1f}" stroke="{RULE}"/>')
        parts.append(_words(LEFT - 6, y(step) + 4, f"{100 * step:.0f} %", "end"))
    for name, colour, shares in (
        ("training", TRAIN, [e.train.accuracy for e in epochs]),
        ("validation", VAL, [e.val.accuracy for e in epochs]),
    ):
        points = " ".join(f"{x(e.epoch):.1f},{y(share):.1f}" for e, share in zip(epochs, shares, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lower = 14 if name == "validation" and abs(shares[-1] - epochs[-1].train.accuracy) < 0.05 else 4
        parts.append(_words(x(epochs[-1].epoch) + 6, y(shares[-1]) + lower, name, "start", colour))
    if chance is not None:
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 90}" y1="{y(chance):.1f}" y2="{y(chance):.1f}" stroke="{QUIET}" '
                     f'stroke-dasharray="1 4"/>')  # fmt: skip
        parts.append(_words(LEFT + 6, y(chance) - 5, "always the largest class", "start"))
    if chosen:
        parts.append(f'<line x1="{x(chosen):.1f}" x2="{x(chosen):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{QUIET}" '
                     f'stroke-dasharray="4 3"/>')  # fmt: skip
        parts.append(_words(x(chosen), HEIGHT - 8, f"kept: epoch {chosen}", "middle"))
    alt = f"Accuracy after each of {len(epochs)} epochs, on training and on validation images"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{alt}">{"".join(parts)}</svg>'


def confusion(predictions: Predictions) -> str:
    """Who is taken for whom: a row a true class, a column a named one, the number in each cell."""
    k = len(predictions.classes)
    counts = np.zeros((k, k), int)
    np.add.at(counts, (predictions.labels, predictions.predicted), 1)
    left, top, side = 150, 96, max(18, min(44, (WIDTH - 150) // k))
    parts = []
    for i, name in enumerate(predictions.classes):
        short = name if len(name) <= 20 else name[:19] + "…"
        parts.append(_words(left - 6, top + side * (i + 0.5) + 4, short, "end"))
        x = left + side * (i + 0.5)
        parts.append(f'<g transform="translate({x:.1f} {top - 6}) rotate(-55)">{_words(0, 0, short, "start")}</g>')
    for (i, j), n in np.ndenumerate(counts):
        share = n / max(1, counts[i].sum())
        colour = VAL if i != j else TRAIN
        x, y = left + side * j, top + side * i
        parts.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{colour}" fill-opacity="{0.75 * share:.2f}" '
                     f'stroke="{RULE}"/>')  # fmt: skip
        if n:
            parts.append(_words(x + side / 2, y + side / 2 + 4, str(n), "middle", INK))
    width, height = left + side * k + 70, top + side * k + 8
    alt = "How often each class, a row, was named as each class, a column"
    words = '<p class="small">Rows: what an image is; columns: what the run named it. Numbers are images.</p>'
    return f'{words}<svg viewBox="0 0 {width} {height}" role="img" aria-label="{alt}">{"".join(parts)}</svg>'


def _words(x: float, y: float, text: str, anchor: str, colour: str = QUIET) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" fill="{colour}">{escape(text)}</text>'
