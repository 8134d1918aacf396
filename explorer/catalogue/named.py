"""Backbones beyond the catalogue: `torchvision:NAME` and `timm:NAME`, each a row that was derived from the network itself.

The row is derived where torch is (`explorer.models.deriving`) and kept here as JSON, so that every page can read it. A cut of
one's own is part of the name: `torchvision:swin_t~1.3` begins its second stage with step 1 and its third with step 3.
"""

import functools
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from explorer.catalogue.backbone import Backbone
from explorer.catalogue.spelling import spelled
from explorer.errors import ExplorerError
from explorer.home import home, write_aside

LIBRARIES = {"torchvision": "torchvision", "timm": "timm"}
"""What may stand before the colon, and the package that must be installed."""
_NAME = re.compile(r"(torchvision|timm):([A-Za-z0-9_][A-Za-z0-9_.\-]{0,79})(?:~([0-9]{1,4}(?:\.[0-9]{1,4}){0,11}))?")
_PATH = re.compile(r"/?[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}|")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
MOST_BYTES = 1_000_000
"""Of a row as JSON; the largest known one has a tenth."""


def is_name(name: str) -> bool:
    """Whether a backbone of that name is looked for in a library."""
    return bool(_NAME.fullmatch(name))


def parsed(name: str) -> tuple[str, str, tuple[int, ...]]:
    """Library, name of the builder there, and the steps with which stages begin after the first (none: as found). Raises
    ExplorerError for what is no such name."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ExplorerError(
            f"{name[:100]!r} is not the name of a backbone in a library. Allowed: torchvision:NAME or timm:NAME, as in "
            f"torchvision:regnet_y_400mf."
        )
    return found[1], found[2], tuple(sorted({int(step) for step in found[3].split(".")})) if found[3] else ()


def cut(name: str, begins: tuple[int, ...]) -> str:
    """The same backbone with stages that begin at these steps."""
    plain = name.partition("~")[0]
    return f"{plain}~{'.'.join(map(str, begins))}" if begins else plain


def folder() -> Path:
    """Where the rows lie."""
    return home() / "backbones"


def path(name: str) -> Path:
    """The row's file."""
    return folder() / f"{spelled(name)}.json"


def keep(row: Backbone) -> None:
    """Keep a row, in place of one of the same name."""
    text = json.dumps(asdict(row), indent=1)
    folder().mkdir(parents=True, exist_ok=True)
    write_aside(path(row.name), lambda part: part.write_text(text, encoding="utf-8"))


def read(name: str) -> Backbone | None:
    """The row of that name; None where none is kept, or what is kept is no row."""
    if not is_name(name):
        return None
    file = path(name)
    try:
        found = _stored(file, file.stat().st_mtime_ns)
    except (OSError, ExplorerError):
        return None
    return found if found.name == name else None


def known() -> dict[str, Backbone]:
    """All rows that are kept, by name."""
    rows = {}
    for file in sorted(folder().glob("*.json")):
        try:
            row = _stored(file, file.stat().st_mtime_ns)
        except (OSError, ExplorerError):
            continue
        rows[row.name] = row
    return rows


@functools.lru_cache(maxsize=256)
def _stored(file: Path, stamp: int) -> Backbone:
    return checked(file.read_text(encoding="utf-8"))


def checked(text: str) -> Backbone:
    """The row in a JSON text, from wherever it came: a row found by name, which holds nothing that is ever run as code.

    Raises ExplorerError, saying what is wrong.
    """
    try:
        if len(text) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} characters")
        row = TypeAdapter(Backbone).validate_json(text)
        if '"channels_last"' not in text:  # kept before that was a field: it is derived as `bfloat16` always was
            row = replace(row, channels_last=row.bfloat16)
        if '"versioned"' not in text:  # the same: what is done for it changes nothing where there is no need
            row = replace(row, versioned=row.library == "torchvision")
    except (ValidationError, ValueError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ExplorerError(
            f"This is no backbone's description: {why}. Look the backbone up by its name again."
        ) from error
    paths = [row.head, row.pool, *row.opened, *row.skipped, *row.after_pool]
    paths += [path for stage in row.stages for path in (*stage.parts, *stage.loose, stage.ends, stage.name)]
    files = [weights.file for weights in row.weights]
    strange = [name for name in paths if not _PATH.fullmatch(name)] + [
        name for name in files if not _FILE.fullmatch(name)
    ]
    library, builder, _ = parsed(row.name)
    code = row.code or any(stage.view or stage.then for stage in row.stages)
    if strange or code or not row.stages or row.after_pool or row.until or row.rates:
        raise ExplorerError(
            f"The description of {row.name} holds what no description may: {(strange or ['code'])[0][:80]!r}."
        )
    if (library, builder) != (row.library, row.builder) or not re.fullmatch(r"[a-z_=, TFalseru]*", row.arguments):
        raise ExplorerError(f"The description of {row.name} is that of {row.library}:{row.builder}.")
    return row
