"""Answers as files that people open: a shared map as .json, .html or .png, a run's attribution as .npy or .png."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from explorer.cli.asking import plain, written
from explorer.errors import ExplorerError
from explorer.looks.attribution.question.maps import Attribution
from explorer.looks.projection.question import Projection
from explorer.palette import BLACK, BLUE, CLASSES, VERMILLION, WHITE

MAPS, HEATS = (".json", ".html", ".png"), (".npy", ".png")
SIDE, MARGIN, DOT = 640, 40, 5  # pixels of one panel of a map, around it, and of a point's radius
AGAINST, FOR = ImageColor.getrgb(BLUE), ImageColor.getrgb(VERMILLION)
LEAST = 512  # pixels of the shorter side of an attribution's picture


def ending(out: Path) -> str:
    """`ends in .txt`, or `has no ending`."""
    return f"ends in {out.suffix}" if out.suffix else "has no ending"


def check(out: Path, allowed: tuple[str, ...], option: str = "--out") -> None:
    """Before anything is computed: raises ExplorerError for an ending that is not allowed, or a folder that is not there."""
    if out.suffix not in allowed:
        raise ExplorerError(f"{option} {out.name} {ending(out)}. Allowed: {', '.join(allowed)}.")
    check_folder(out)


def check_folder(out: Path) -> None:
    """Before anything is computed: raises ExplorerError for a folder that is not there."""
    if not out.parent.is_dir():
        raise ExplorerError(f"There is no folder {out.parent}. Name a file in a folder that exists.")


def write_map(found: Projection, out: Path) -> None:
    """A shared map: points (`id`, `class`, `before`, `after`) with how far to trust them, a figure to explore, or a picture."""
    if out.suffix == ".json":
        points = [
            {"id": name, "class": found.classes[k], "before": a.tolist(), "after": b.tolist()}
            for name, k, a, b in zip(found.ids, found.labels, found.a, found.b, strict=True)
        ]
        facts = {"method": found.method, "stage": found.stage, "seed": found.seed, "unmoved": found.unmoved}
        trust = {"trust": {"a": found.trust_a, "b": found.trust_b}, "agreement": plain(found.agreement)}
        written(out, json.dumps(facts | trust | {"points": points}).encode())
    elif out.suffix == ".html":
        from explorer.looks.projection.figures.still import projection_pair  # loads Plotly

        written(out, projection_pair(found).checked().to_html(include_plotlyjs=True).encode())
    else:
        written(out, _png(_panels(found)))


def write_heat(found: Attribution, out: Path) -> None:
    """A run's map (h, w), in the method's own unit and resolution, or drawn over its picture."""
    if out.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, found.a, allow_pickle=False)
        written(out, buffer.getvalue())
    else:
        written(out, _png(_overlay(found)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _panels(found: Projection) -> Image.Image:
    """A (before) on the left, B (after) on the right, on one scale."""
    both = np.concatenate([found.a, found.b])
    low, size = both.min(axis=0), max(float(np.ptp(both, axis=0).max()), 1e-12)
    sheet = Image.new("RGB", (2 * SIDE, SIDE), WHITE)
    draw = ImageDraw.Draw(sheet)
    for left, points, title in ((0, found.a, "A (before)"), (SIDE, found.b, "B (after)")):
        places = MARGIN + (points - low) / size * (SIDE - 2 * MARGIN)
        for (x, y), k in zip(places, found.labels, strict=True):
            x, y = left + x, SIDE - y
            draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=CLASSES[k % len(CLASSES)], outline=WHITE)
        draw.text((left + 12, 10), title, fill=BLACK, font_size=18)
    return sheet


def _overlay(found: Attribution) -> Image.Image:
    """The picture in grey with the map's cells where they look: vermillion supports the class, blue opposes it."""
    scale = max(1, -(-LEAST // min(found.picture.shape[:2])))
    grey = Image.fromarray(found.picture).convert("L").convert("RGB")
    grey = grey.resize((grey.width * scale, grey.height * scale), Image.Resampling.BICUBIC)
    strongest = max(float(np.abs(found.a).max()), 1e-12)
    veil = Image.new("RGBA", grey.size)
    draw = ImageDraw.Draw(veil)
    rows, columns = (found.cells_a.edges(count) for count in found.a.shape)
    for i, j in np.ndindex(found.a.shape):
        share = float(found.a[i, j]) / strongest
        left, right = (float(x) * grey.width for x in columns[j : j + 2])
        top, bottom = (float(y) * grey.height for y in rows[i : i + 2])
        corners = (left, top, right, bottom)
        draw.rectangle(corners, fill=(*(FOR if share > 0 else AGAINST), int(190 * abs(share))))
    return Image.alpha_composite(grey.convert("RGBA"), veil).convert("RGB")
