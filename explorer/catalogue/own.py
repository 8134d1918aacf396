"""Weights of a visitor's own: checkpoints that were read once and are kept by the fingerprint of what was taken from them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from explorer import workspaces
from explorer.catalogue.spelling import spelled
from explorer.home import home, write_aside

PREFIX = "own:"
"""In a recipe, `weights` is this and the fingerprint: the same weights have the same name on every machine."""
LONGEST = 24
"""Characters of a file's name in a label."""
_NAME = re.compile(r"own:[0-9a-f]{16}")


@dataclass(frozen=True)
class Own:
    """Weights that are kept: their name in a recipe, and the name of the file that they came from."""

    name: str
    source: str

    @property
    def title(self) -> str:
        """What a menu shows."""
        return f"{self.source} ({self.name.removeprefix(PREFIX)[:6]})"


def is_own(weights: str) -> bool:
    """Whether a recipe's `weights` names a checkpoint of a visitor's own."""
    return bool(_NAME.fullmatch(weights))


def words(backbone: str, weights: str) -> str:
    """What tells these weights from others in a label: the file that they came from, where that is known, and six characters
    of their name. Of what others chose to call a file only letters, digits, dots, dashes and spaces are kept."""
    there = workspaces.sees("weights", weights)  # a recipe may name another's
    source = re.sub(r"[^\w .-]", "_", _called(backbone, weights) if there else "")
    source = source if len(source) <= LONGEST else f"{source[: LONGEST - 1]}…"
    return f"{source or 'own weights'} ({weights.removeprefix(PREFIX)[:6]})"


def folder() -> Path:
    """Where they lie."""
    return home() / "weights"


def path(backbone: str, weights: str) -> Path:
    """The file of these weights of a backbone: safetensors, all tensors but the head's."""
    return folder() / f"{spelled(backbone)}-{weights.removeprefix(PREFIX)}.safetensors"


def note(backbone: str, weights: str) -> Path:
    """What is known of them besides, as JSON: the name of the file that they came from."""
    return path(backbone, weights).with_suffix(".json")


def files(weights: str) -> list[Path]:
    """What is kept of these weights, of whatever backbone."""
    return [*folder().glob(f"*-{weights.removeprefix(PREFIX)}.*")] if is_own(weights) else []


def size(weights: str) -> int:
    """The bytes on disk of these weights."""
    return sum(file.stat().st_size for file in files(weights))


def known(backbone: str) -> list[Own]:
    """The visitor's own weights of a backbone, the latest first."""
    found = sorted(
        folder().glob(f"{spelled(backbone)}-*.safetensors"), key=lambda file: file.stat().st_mtime_ns, reverse=True
    )
    rows = []
    for file in found:
        name = PREFIX + file.name.removesuffix(".safetensors").removeprefix(f"{spelled(backbone)}-")
        if is_own(name) and workspaces.sees("weights", name):
            rows.append(Own(name, _called(backbone, name) or file.name))
    return rows


def _called(backbone: str, weights: str) -> str:
    """The file that they came from: of several visitors who brought the same weights, each reads the name of their own."""
    return workspaces.own_words("weights", weights)[:80] or _source(note(backbone, weights))


def _source(file: Path) -> str:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["source"])[:80]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def keep(backbone: str, weights: str, content: bytes, source: str) -> None:
    """Keep a file of weights that came with a run from elsewhere; where they are here already, nothing is changed. A visitor of a
    shared server brings them as a checkpoint, whose fingerprint is worked out: under a name that a ZIP claims they would be
    everybody's who brings the true ones."""
    if not is_own(weights):
        return
    if path(backbone, weights).is_file():
        if path(backbone, weights).read_bytes() == content:  # who only names somebody's weights does not have them
            workspaces.take("weights", weights, words=source)
        return
    if workspaces.viewer() is not None:
        return
    folder().mkdir(parents=True, exist_ok=True)
    write_aside(path(backbone, weights), lambda part: part.write_bytes(content))
    text = json.dumps({"source": source, "backbone": backbone})
    write_aside(note(backbone, weights), lambda part: part.write_text(text, encoding="utf-8"))
