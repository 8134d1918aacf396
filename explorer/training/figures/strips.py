"""Networks as rows of blocks: plain HTML, since it is the first thing a newcomer sees and Plotly takes a second to load."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from explorer.app.figures.style import FLAME, SNOWFLAKE
from explorer.catalogue.weights import drawn_words
from explorer.palette import FROZEN, HATCH, LEARNS_DARK, WHITE
from explorer.recipe import Recipe
from explorer.training.question import Description, StageDescription


@dataclass(frozen=True)
class Strip:
    """One network: `stages` from input to head, whether each `learns`, and a note under each name (may be empty).

    `drawn` says which weights the seed draws, where it does; `partly` names the stages of which only the normalisation layers
    learn.
    """

    label: str
    stages: tuple[str, ...]
    learns: tuple[bool, ...]
    drawn: str = ""
    notes: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()


def strip(label: str, recipe: Recipe) -> Strip:
    """The strip of a recipe, without sizes."""
    names = recipe.row.stage_names
    return Strip(label, (*names, "head"), (*(n in recipe.stages for n in names), True), drawn_words(recipe.weights))


def described(label: str, description: Description) -> Strip:
    """The strip of a description, with the parameters of each stage."""
    rows = description.stages
    notes = tuple(_sizes(row) for row in rows)
    partly = tuple(row.stage for row in rows if 0 < row.learned < row.parameters)
    stages, learns = tuple(row.stage for row in rows), tuple(row.learns for row in rows)
    return Strip(label, stages, learns, drawn_words(description.weights), notes, partly)


def phases(recipe: Recipe, description: Description) -> list[Strip]:
    """One strip for each phase of a run, the first on top: what is trained then, with the epochs it takes."""
    if len(recipe.phases) == 1:
        return [described("", description)]
    found, first = [], 1
    for phase in recipe.phases:
        last = first + phase.epochs - 1
        names = tuple(row.stage for row in description.stages)
        learns = tuple(name in (*phase.learns, "head") for name in names)
        label = f"Epoch {first}" if first == last else f"Epochs {first} to {last}"
        found.append(replace(described(label, description), learns=learns))
        first = last + 1
    return found


def _sizes(row: StageDescription) -> str:
    """How many parameters, and how many of them learn where that is only a part."""
    part = f"{_short(row.learned)} of " if 0 < row.learned < row.parameters else ""
    return part + _short(row.parameters)


def _short(number: int) -> str:
    return next((f"{number / s:.3g} {u}" for s, u in ((1e6, "M"), (1e3, "k")) if number >= s), str(number))


def strips(rows: Sequence[Strip]) -> str:
    """One row of blocks per network, as HTML: blue with a snowflake where frozen, vermillion with a flame where it learns.

    Blocks share the width and wrap on a narrow screen; text keeps the page's size and colour.
    """
    return (
        f'<div style="display:flex;flex-direction:column;gap:1.1rem;padding:0.5rem 0">{"".join(map(_row, rows))}</div>'
    )


def legend(rows: Sequence[Strip]) -> str:
    """What to look for."""
    words = "Blue blocks with a snowflake keep their weights; vermillion blocks with a flame are trained."
    if any(row.partly for row in rows):
        words += " A vermillion foot: only the scale and shift of normalisation layers are trained there."
    drawn = " or ".join(dict.fromkeys(row.drawn for row in rows if row.drawn))
    return words + f" Hatched blocks hold {drawn}." * bool(drawn)


def _row(row: Strip) -> str:
    notes = row.notes or tuple("learns" if learns else "frozen" for learns in row.learns)
    hatched = (bool(row.drawn) and name != "head" for name in row.stages)
    partly = (name in row.partly for name in row.stages)
    blocks = "".join(map(_block, row.stages, notes, row.learns, hatched, partly))
    label = (
        f'<div style="flex:0 1 9.5rem;font-weight:600;text-align:right">{html.escape(row.label)}</div>'
        if row.label
        else ""
    )
    told = html.escape(f"{row.label}: {_told(row)}".removeprefix(": "), quote=True)
    line = "display:flex;flex-wrap:wrap;align-items:center;gap:0.5rem 1.25rem"
    inner = "display:flex;flex-wrap:wrap;flex:1 1 20rem;gap:0.5rem"
    return f'<div role="img" aria-label="{told}" style="{line}">{label}<div style="{inner}">{blocks}</div></div>'


def _told(row: Strip) -> str:
    """The row in words, for those who do not see it."""
    only = {name: f"{name} (normalisation only)" for name in row.partly}
    trainable = [only.get(name, name) for name, learns in zip(row.stages, row.learns, strict=True) if learns]
    frozen = [name for name, learns in zip(row.stages, row.learns, strict=True) if not learns]
    start = f"{row.drawn}; " if row.drawn else ""
    return f"{start}{', '.join(trainable)} trainable; {', '.join(frozen) or 'nothing'} frozen"


def _block(name: str, note: str, learns: bool, hatched: bool, partly: bool) -> str:
    lines = f"repeating-linear-gradient(135deg,{HATCH} 0 2px,transparent 2px 9px)," if hatched else ""
    ground = LEARNS_DARK if learns and not partly else FROZEN
    shades = f"linear-gradient(0deg,{LEARNS_DARK} 0.7rem,{FROZEN} 0.7rem)" if partly else ground
    foot = "1.1rem" if partly else "0.7rem"
    box = (
        f"flex:1 1 6rem;display:flex;align-items:center;justify-content:center;gap:0.6rem;padding:0.7rem 0.5rem {foot};"
        f"border-radius:0.6rem;color:{WHITE};background:{lines}{shades};line-height:1.35;text-shadow:0 0 3px {ground}"
    )
    mark = f'<img src="{_mark(learns)}" width="20" height="24" alt="">'
    return f'<div style="{box}">{mark}<div><b>{html.escape(name)}</b><br>{html.escape(note)}</div></div>'


@cache
def _mark(learns: bool) -> str:
    """A white flame or snowflake as a data address (Streamlit removes drawings that stand in the text itself)."""
    stroke = f'fill="{WHITE}"' if learns else f'fill="none" stroke="{WHITE}" stroke-width="1.8"'
    path = f'<path {stroke} transform="scale(1 -1)" d="{FLAME if learns else SNOWFLAKE}"/>'  # drawn with y upwards
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="24" viewBox="-10 -12 20 24">{path}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()
