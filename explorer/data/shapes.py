"""Generated objects on textured grounds: what the object is and where it lies is known exactly.

Size, turn, place and colours are random, so only the outline tells the class. DISTANCE moves the pictures away from
photographs: at 0 an evenly lit object of another colour, at 1 object and ground differ in nothing but the
direction of their grain.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image

from explorer.data.images import Data, Images

VERSION = 1
SIDE = 96
COUNTS = {"train": 150, "val": 25, "test": 50}
"""Images of each class."""
DISTANCE = 0.4
RADIUS = (0.22, 0.42)
"""Half the size of an object, as a share of the picture's side, from and to."""

_FINER = 2


def _disc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.hypot(x, y) < 0.8


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.hypot(x, y) - 0.7) < 0.24


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) < 0.7


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (y > -0.5) & (y < 1 - math.sqrt(3) * np.abs(x))


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    corner = np.abs((np.arctan2(x, y) / (2 * math.pi / 5)) % 1 - 0.5) * 2
    return np.hypot(x, y) < 0.42 + 0.58 * corner**2


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    far, near = np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))
    return (far < 0.95) & (near < 0.27)


def _crescent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.hypot(x + 0.1, y) < 0.9) & (np.hypot(x - 0.4, y) > 0.75)


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    u, v = 1.25 * x, 1.25 * y + 0.1
    rim = u * u + v * v - 1
    return rim * rim * rim < u * u * v * v * v


SHAPES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "crescent": _crescent,
    "cross": _cross,
    "disc": _disc,
    "heart": _heart,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}
"""Class → whether points (x right, y up, the object within [-1, 1]) belong to the object."""


def load(distance: float = DISTANCE, counts: dict[str, int] | None = None) -> Data:
    """All shapes, `counts` images per class and split (default COUNTS), at a distance in [0, 1] from photographs."""
    counts = counts or COUNTS
    parts = {split: _split(split, counts[split], distance) for split in COUNTS}
    return Data(
        "shapes",
        tuple(SHAPES),
        parts["train"],
        parts["val"],
        parts["test"],
        fingerprint=f"shapes-v{VERSION}-{distance:g}",
    )


def picture(kind: str, split: str, number: int, distance: float = DISTANCE) -> tuple[np.ndarray, np.ndarray]:
    """One picture (h, w, 3) uint8 and its mask (h, w) uint8, 255 on the object; always the same for these arguments."""
    rng = np.random.default_rng([VERSION, list(COUNTS).index(split), list(SHAPES).index(kind), number])
    cover = _cover(kind, rng)
    pixels = (1 - distance) * _lit(cover, rng) + distance * _grained(cover, rng)
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8), np.rint(cover * 255).astype(np.uint8)


def _split(split: str, count: int, distance: float) -> Images:
    names = [(kind, number) for kind in SHAPES for number in range(count)]

    @lru_cache(maxsize=len(names))
    def made(i: int) -> tuple[np.ndarray, np.ndarray]:
        return picture(names[i][0], split, names[i][1], distance)

    return Images(
        ids=tuple(f"{split}/{kind}-{number:04d}" for kind, number in names),
        labels=np.repeat(np.arange(len(SHAPES), dtype=np.int64), count),
        read=lambda i: Image.fromarray(made(i)[0]),
        mask=lambda i: Image.fromarray(made(i)[1]),
    )


def _cover(kind: str, rng: np.random.Generator) -> np.ndarray:
    """(h, w) in [0, 1]: how much of each pixel the object covers, at a random size, turn and place."""
    radius = rng.uniform(*RADIUS)
    centre = rng.uniform(radius, 1 - radius, 2)
    turn = rng.uniform(0, 2 * math.pi)
    axis = (np.arange(SIDE * _FINER, dtype=np.float32) + 0.5) / (SIDE * _FINER)
    dx, dy = (axis[None, :] - centre[0]) / radius, (centre[1] - axis[:, None]) / radius
    inside = SHAPES[kind](math.cos(turn) * dx + math.sin(turn) * dy, math.cos(turn) * dy - math.sin(turn) * dx)
    return inside.reshape(SIDE, _FINER, SIDE, _FINER).mean(axis=(1, 3), dtype=np.float32)


def _lit(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) around [0, 1]: a coloured object on a ground of another colour, both cloudy and lit from one side."""
    ground = rng.uniform(0.15, 0.85, 3).astype(np.float32)
    push = rng.standard_normal(3, np.float32)
    colour = (ground + 0.45 * push / np.linalg.norm(push)).clip(0.05, 0.95)
    surfaces = [tone + _clouds(rng, cells, 0.09) for tone, cells in ((ground, 9), (colour, 5))]
    light = 1 + rng.choice([-0.2, 0.2]) * np.linspace(-1, 1, SIDE, dtype=np.float32)[:, None, None]
    speckle = 0.07 * (rng.random((SIDE, SIDE, 3), np.float32) - 0.5)
    return (surfaces[0] + cover[:, :, None] * (surfaces[1] - surfaces[0])) * light + speckle


def _grained(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) around [0, 1]: coloured noise, its grain upright on the ground and level on the object."""
    upright, level = _grain(rng), _grain(rng).transpose(1, 0, 2)
    return upright + cover[:, :, None] * (level - upright)


def _grain(rng: np.random.Generator, length: int = 8) -> np.ndarray:
    """(h, w, 3) noise, smooth over `length` pixels from top to bottom."""
    noise = (rng.random((SIDE + length, SIDE, 3), np.float32) - 0.5).cumsum(axis=0)
    return 0.5 + 0.75 / math.sqrt(length) * (noise[length:] - noise[:-length])


def _clouds(rng: np.random.Generator, cells: int, strength: float) -> np.ndarray:
    """(h, w, 1) smooth noise of about `cells` blobs a side."""
    coarse = Image.fromarray(rng.normal(0, strength, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))[:, :, None]
