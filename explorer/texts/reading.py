"""Read Markdown files of facts and sections; a fault is named with file, line and reason, and the other files are read.

A file is facts between two lines `---` (`name: value`), a lead, and sections that each begin with `## name`:

    ---
    title: Stage
    aliases: stage, block
    ---
    A lead of one paragraph or more.

    ## snippet
    …
"""

import ast
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn, TypeVar

from explorer.bundle import ASSETS, PAGES
from explorer.errors import ExplorerError

T = TypeVar("T")
_FENCE = re.compile(r"^\s*(```|~~~)")
_FACT = re.compile(r"^([a-z_]+):\s*(.*)$")
_LINK = re.compile(r"^-\s+([a-z_]+)(?:\?((?:[a-z_]+=[\w.-]+&?)+))?:\s+(.+)$", re.ASCII)


@dataclass(frozen=True)
class Section:
    """The text under a heading (stripped) and the number of its first line in the file."""

    text: str
    line: int


@dataclass(frozen=True)
class Text:
    """One file: its facts, its lead, and its sections by name, each with the line where it stands."""

    path: Path
    facts: dict[str, Section]
    lead: Section
    sections: dict[str, Section]

    def fact(self, name: str, default: str | None = None) -> str:
        """The value of a fact; a fault where it is missing or empty and there is no default."""
        found = self.facts.get(name)
        if (found is None or not found.text) and default is None:
            fault(
                self.path,
                found.line if found else 1,
                f"the fact {name!r} is missing. Write a line `{name}: …` between the `---`",
            )
        return found.text if found else default or ""

    def names(self, name: str, default: str | None = None) -> tuple[str, ...]:
        """The value of a fact as a list, cut at commas."""
        return tuple(part.strip() for part in self.fact(name, default).split(",") if part.strip())

    def section(self, name: str) -> Section:
        """A section; a fault where it is missing or empty."""
        found = self.sections.get(name)
        if found is None or not found.text:
            where = found.line if found else 1
            fault(self.path, where, f"the section {name!r} is missing or empty. Write `## {name}` and its text")
        return found

    def only(self, facts: tuple[str, ...], sections: tuple[str, ...]) -> None:
        """A fault for a fact or section that nobody reads: most often a name that is misspelt."""
        for kind, found, known in (("fact", self.facts, facts), ("section", self.sections, sections)):
            for name, part in found.items():
                if name not in known:
                    fault(self.path, part.line, f"unknown {kind} {name!r}. Known: {', '.join(known) or 'none'}")


@dataclass(frozen=True)
class Code:
    """Python in a fence: the code, the number of its first line in the file, and the text around the fence."""

    code: str
    line: int
    words: str


@dataclass(frozen=True)
class Link:
    """A place in the app: a page, what its address says besides, and the words to show."""

    page: str
    parameters: tuple[tuple[str, str], ...]
    words: str


def shown(path: Path) -> str:
    """A file's name as a person finds it: from `assets/` on where it lies there."""
    return path.relative_to(ASSETS.parent).as_posix() if path.is_relative_to(ASSETS) else path.name


def fault(path: Path, line: int, reason: str) -> NoReturn:
    """Raise the ExplorerError for a text that cannot be used: file, line, reason."""
    raise ExplorerError(named(path, line, reason))


def named(path: Path, line: int, reason: str) -> str:
    """The words of a fault: file, line, reason."""
    return f"{shown(path)}, line {line}: {reason}."


def read(path: Path) -> Text:
    """A file in its parts. Raises ExplorerError, naming the line, for one that does not follow the form above."""
    lines = _lines(path)
    if not lines or lines[0].strip() != "---":
        fault(path, 1, "the first line must be `---`, and facts must follow")
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        fault(path, 1, "the facts have no end. Write a second line `---` after them")
    facts: dict[str, Section] = {}
    for number, line in enumerate(lines[1:end], 2):
        match = _FACT.match(line.strip())
        if line.strip() and match is None:
            fault(path, number, f"{line.strip()[:60]!r} is no fact. Facts have the form `name: value`")
        if match:
            if match[1] in facts:
                fault(path, number, f"the fact {match[1]!r} stands here a second time")
            facts[match[1]] = Section(match[2].strip(), number)
    lead, sections = _sections(path, lines, end + 1)
    return Text(path, facts, lead, sections)


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        fault(path, 1, f"the file cannot be read ({error.strerror})")
    try:
        return raw.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        fault(path, raw[: error.start].count(b"\n") + 1, "a character is not UTF-8. Save the file as UTF-8")


def _sections(path: Path, lines: list[str], first: int) -> tuple[Section, dict[str, Section]]:
    """The lead and the sections; a `## ` inside a fence is no heading."""
    heads: list[tuple[str, int]] = [("", first)]
    fence = 0
    for i, line in enumerate(lines[first:], first):
        if _FENCE.match(line):
            fence = 0 if fence else i + 1
        elif line.startswith("## ") and not fence:
            name = line[3:].strip()
            if name in dict(heads):
                fault(path, i + 1, f"the section {name!r} stands here a second time")
            heads.append((name, i + 1))
    if fence:
        fault(path, fence, "a block of code begins here and never ends. Close it with a line of three backticks")
    ends = [*(start - 1 for _, start in heads[1:]), len(lines)]
    parts = {name: _part(lines, start, end) for (name, start), end in zip(heads, ends, strict=True)}
    return parts.pop(""), parts


def _part(lines: list[str], start: int, end: int) -> Section:
    """The text of lines[start:end]; an empty one stands where its heading does."""
    heading = start
    while start < end and not lines[start].strip():
        start += 1
    if start == end:
        return Section("", heading)
    return Section("\n".join(lines[start:end]).rstrip(), start + 1)


def code(text: Text, section: str, most: int) -> Code:
    """The one block of Python in a section, of at most `most` lines, and valid; else a fault with its line."""
    part = text.section(section)
    lines = part.text.split("\n")
    marks = [i for i, line in enumerate(lines) if _FENCE.match(line)]
    if len(marks) != 2 or lines[marks[0]].strip() != "```python":
        fault(text.path, part.line, f"the section {section!r} must hold one block that begins with ```python")
    body, first = lines[marks[0] + 1 : marks[1]], part.line + marks[0] + 1
    if not 1 <= len(body) <= most:
        fault(text.path, first, f"the code has {len(body)} lines; 1 to {most} are allowed")
    found = "\n".join(body)
    try:
        ast.parse(found)
    except SyntaxError as error:
        fault(text.path, first + (error.lineno or 1) - 1, f"this is no Python ({error.msg})")
    around = "\n".join([*lines[: marks[0]], *lines[marks[1] + 1 :]])
    return Code(found, first, around.strip())


def digest(text: str) -> str:
    """16 hexadecimal digits that change with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def links(text: Text, section: str) -> tuple[Link, ...]:
    """The places in the app that a section lists, one a line: `- page?name=value: words`."""
    part, found = text.section(section), []
    for number, line in enumerate(part.text.split("\n"), part.line):
        match = _LINK.match(line.strip())
        if line.strip() and match is None:
            fault(text.path, number, "a place in the app has the form `- page: words` or `- page?name=value: words`")
        if match and match[1] not in pages():
            fault(text.path, number, f"the app has no page {match[1]!r}. It has: {', '.join(pages())}")
        if match:
            found.append(Link(match[1], _parameters(match[2] or ""), match[3]))
    return tuple(found)


@cache
def pages() -> tuple[str, ...]:
    """The app's pages: what a link may lead to."""
    return tuple(sorted(path.stem for path in PAGES.glob("*.py")))


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    """`a=1&b=2` → (("a", "1"), ("b", "2"))."""
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return tuple((name, value) for name, _, value in pairs)


def read_folder(folder: Path, make: Callable[[Text], T]) -> tuple[dict[str, T], tuple[str, ...]]:
    """What `make` builds of each `*.md` in a folder, by file name without ending, and the faults of those that failed."""
    good: dict[str, T] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.md")):
        try:
            good[path.stem] = make(read(path))
        except ExplorerError as error:
            faults.append(str(error))
    if not good and not faults:
        faults.append(
            f"{shown(folder)} holds no text (*.md). Check out the repository again, or choose another language."
        )
    return good, tuple(faults)
