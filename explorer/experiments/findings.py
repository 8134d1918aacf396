"""What we found: the page of the docs in parts, each with the files that hold its numbers."""

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from explorer.bundle import ROOT

DOCS = ROOT / "docs"
_FILE = re.compile(r"\[[^\]]*\]\((?P<path>[a-z_/0-9]+\.csv)\)")

Block = str | dict[str, list[str]]
"""Some Markdown, or a table: its columns by their heads."""


@dataclass(frozen=True)
class Finding:
    """One part: its title, its text and tables in order, without links to files, and those files, below docs/."""

    title: str
    blocks: tuple[Block, ...]
    files: tuple[Path, ...]


def findings() -> tuple[str, tuple[Finding, ...]]:
    """What stands before the first part, and all parts in order. Where the docs did not come along there is nothing."""
    path = DOCS / "findings.md"
    if not path.is_file():
        return "", ()
    before, *parts = path.read_text(encoding="utf-8").split("\n## ")
    return _plain(before.partition("\n")[2]), tuple(map(_part, parts))


def _part(text: str) -> Finding:
    title, _, rest = text.partition("\n")
    found = dict.fromkeys(match["path"] for match in _FILE.finditer(rest))
    return Finding(
        title.strip(), _blocks(_plain(rest)), tuple(DOCS / name for name in found if (DOCS / name).is_file())
    )


def _blocks(text: str) -> tuple[Block, ...]:
    found: list[Block] = []
    for is_table, lines in groupby(text.splitlines(), lambda line: line.startswith("|")):
        rows = list(lines)
        if is_table:
            head, _, *body = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
            found.append({name: [row[i] for row in body] for i, name in enumerate(head)})
        elif words := "\n".join(rows).strip():
            found.append(words)
    return tuple(found)


def _plain(text: str) -> str:
    """Links to files of the repository as their words: on a page they would lead nowhere."""
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", text).strip()
