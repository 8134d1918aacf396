"""Draw what a snippet calls `picture` where it is a dict: bars of numbers, curves of lists, or marks of points, by name."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from explorer.palette import CHART, CHART_INK, CHART_LINE, WHITE

WIDE, TALL, ROW, FONT = 480, 250, 28, 14  # pixels: of a chart, of a row of bars, of letters
MOST = 8  # bars, curves or kinds of points
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 32, 28  # room around the axes
Xy = Callable[[float, float], tuple[float, float]]


def chart(values: Mapping[Any, Any]) -> tuple[np.ndarray, float, float]:
    """A chart (h, w, 3) uint8 with the least and the largest number in it.

    Raises ValueError where the values are not all numbers, all lists (k,) or all points (k, 2), or are not finite.
    """
    rows = {str(name): torch.as_tensor(value).detach().double().numpy() for name, value in values.items()}
    if not 1 <= len(rows) <= MOST:
        raise ValueError(f"`picture` has {len(rows)} entries; 1 to {MOST} can be drawn")
    shapes = {row.ndim for row in rows.values()}
    fits = shapes in ({0}, {1}) or (shapes == {2} and all(row.shape[1] == 2 for row in rows.values()))
    if not fits or not all(row.size and np.isfinite(row).all() for row in rows.values()):
        raise ValueError("`picture` as a dict may hold finite numbers (bars), lists (k,) (curves) or points (k, 2)")
    every = np.concatenate([row.ravel() for row in rows.values()])
    image = _bars(rows) if shapes == {0} else _plot(rows, joined=shapes == {1})
    return np.asarray(image), float(every.min()), float(every.max())


def _paper(tall: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (WIDE, tall), WHITE)
    draw = ImageDraw.Draw(image)
    draw.font = ImageFont.load_default(size=FONT)
    return image, draw


def _bars(rows: dict[str, np.ndarray]) -> Image.Image:
    """A bar a row from zero, its name before it and its number behind."""
    image, draw = _paper(ROW * len(rows) + 12)
    names = 16 + max(draw.textlength(name) for name in rows)
    low, high = min(0.0, *(float(v) for v in rows.values())), max(0.0, *(float(v) for v in rows.values()))
    scale = (WIDE - names - 84) / (high - low or 1.0)
    zero = names - low * scale
    for i, (name, value) in enumerate(rows.items()):
        middle = 6 + ROW * (i + 0.5)
        draw.text((names - 8, middle), name, fill=CHART_INK, anchor="rm")
        ends = sorted((zero, zero + float(value) * scale))
        draw.rectangle((ends[0], middle - 9, ends[1], middle + 9), fill=CHART[0])
        draw.text((WIDE - 8, middle), f"{float(value):.3g}", fill=CHART_INK, anchor="rm")
    draw.line((zero, 4, zero, image.height - 4), fill=CHART_INK)
    return image


def _plot(rows: dict[str, np.ndarray], joined: bool) -> Image.Image:
    """Curves over 0, 1, 2 … or points by their two numbers, on axes that say their ends."""
    image, draw = _paper(TALL)
    points = {name: np.stack([np.arange(len(r)), r], axis=1) if joined else r for name, r in rows.items()}
    every = np.concatenate(list(points.values()))
    at = _axes(draw, every.min(axis=0), every.max(axis=0))
    for i, row in enumerate(points.values()):
        places = [at(float(x), float(y)) for x, y in row]
        if joined and len(places) > 1:
            draw.line(places, fill=CHART[i], width=2)
        for place in places if len(places) <= 12 else places[:: max(1, len(places) // 6)]:
            _mark(draw, i, place)
    x = float(_LEFT)
    for i, name in enumerate(rows):
        _mark(draw, i, (x + 6, 14))
        draw.text((x + 18, 14), name, fill=CHART_INK, anchor="lm")
        x += 34 + draw.textlength(name)
    return image


def _axes(draw: ImageDraw.ImageDraw, low: np.ndarray, high: np.ndarray) -> Xy:
    """Two axes with their least and largest number; what follows puts a point in its place."""
    span = np.where(high > low, high - low, 1.0)
    floor, right = TALL - _BOTTOM, WIDE - _RIGHT
    draw.line((_LEFT, _TOP, _LEFT, floor, right, floor), fill=CHART_LINE)
    inner = (_LEFT + 12, _TOP + 10, right - 10, floor - 10)  # marks at the ends stay off the axes

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (np.array([x, y]) - low) / span
        return inner[0] + across * (inner[2] - inner[0]), inner[3] - up * (inner[3] - inner[1])

    for y in {low[1], high[1]}:
        draw.text((_LEFT - 8, at(low[0], y)[1]), _number(y, span[1]), fill=CHART_INK, anchor="rm")
    for x in {low[0], high[0]}:
        draw.text((at(x, low[1])[0], floor + 6), _number(x, span[0]), fill=CHART_INK, anchor="mt")
    return at


def _number(value: float, span: float) -> str:
    """Three figures; what is next to nothing beside the length of the axis is 0."""
    return "0" if abs(value) < span / 1000 else f"{value:.3g}"


def _mark(draw: ImageDraw.ImageDraw, kind: int, place: tuple[float, float]) -> None:
    """An empty mark, so that one under another is seen: circle, square, triangle, diamond; each kind in its colour."""
    x, y = place
    size = 6 - kind % 4 if kind else 6
    if kind % 4 == 0:
        draw.ellipse((x - size, y - size, x + size, y + size), outline=CHART[kind], width=2)
        return
    corners = {
        1: ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        2: ((0, -1.3), (1.3, 1), (-1.3, 1)),
        3: ((0, -1.6), (1.6, 0), (0, 1.6), (-1.6, 0)),
    }[kind % 4]
    draw.polygon([(x + a * size, y + b * size) for a, b in corners], outline=CHART[kind], width=2)
