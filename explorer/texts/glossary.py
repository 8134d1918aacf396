"""The glossary's terms and the questions people ask: assets/glossary/<language>/ and assets/questions/<language>/."""

import functools
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.bundle import ASSETS
from explorer.catalogue import BACKBONES, STRATEGIES, Backbone
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Link, Text, code, fault, links, read_folder

LONGEST_SNIPPET = 10
MOST_PLACES = 3  # that a question leads to
FRESH = 2.0  # seconds for which a folder that was read is not looked at again
NEEDS = {
    "grid": "This snippet needs a last stage with a grid of places; {} gives tokens instead. Choose a convolutional backbone.",
    "batchnorm": "{} has no BatchNorm layers, so there is nothing to show. Choose one of: "
    + ", ".join(row.title for row in BACKBONES.values() if row.normalisation == "batch")
    + ".",
}
"""What a snippet may ask of the backbone, and what is said where it has not got it."""
PICTURES = {"strategy": True, "rates": True, "softmax": False, "interval": False, "mcnemar": False}
"""Pictures that need no snippet, and whether each shows a strategy, named after it: `strategy full`."""
_TERM = (
    ("title", "topic", "aliases", "keywords", "picture", "needs", "related"),
    ("explained", "snippet", "confused", "see", "papers"),
)
_QUESTION = (("title", "order", "related"), ("see",))


@dataclass(frozen=True)
class Term:
    """A term: `name` in the address, words that stand for it in texts (`words`, the title among them) and in the search
    alone (`keywords`), and its parts; `picture` is empty or a kind from PICTURES with its argument."""

    name: str
    title: str
    topic: str
    words: tuple[str, ...]
    keywords: tuple[str, ...]
    picture: str
    sentence: str
    explained: str
    snippet: Code
    needs: str
    confused: str
    see: tuple[Link, ...]
    related: tuple[str, ...]
    papers: tuple[str, ...]
    file: Path

    def misfit(self, row: Backbone) -> str:
        """Why the snippet means nothing on this backbone; empty where it does."""
        lacks = {"grid": row.tokens, "batchnorm": row.normalisation != "batch"}
        return NEEDS[self.needs].format(row.title) if lacks.get(self.needs) else ""

    def matches(self, search: str) -> bool:
        """Whether every word of `search` occurs in the title, the other names, the keywords or the sentence."""
        text = " ".join((self.name, *self.words, *self.keywords, self.sentence)).casefold()
        return all(word in text for word in search.casefold().split())


@dataclass(frozen=True)
class Question:
    """A question, its answer, the places in the app that show it (the first is the one to press), and the terms it uses."""

    name: str
    title: str
    order: int
    answer: str
    see: tuple[Link, ...]
    related: tuple[str, ...]
    file: Path


@dataclass(frozen=True, eq=False)
class TextFolder:
    """What a folder holds: terms (or questions) by name, the faults of files that cannot be used, and the linker.

    The same folder gives the same object until one of its files changes.
    """

    by_name: dict[str, Any]
    faults: tuple[str, ...]
    linker: Linker


def term(text: Text) -> Term:
    """A glossary file as a term."""
    text.only(*_TERM)
    title, lead = text.fact("title"), text.lead
    if not lead.text or "\n\n" in lead.text:
        fault(text.path, lead.line, "before the first section stands one sentence that says what the term is")
    needs = text.fact("needs", "")
    if needs and needs not in NEEDS:
        fault(text.path, text.facts["needs"].line, f"unknown need {needs!r}. Known: {', '.join(NEEDS)}")
    papers = text.section("papers")
    return Term(
        name=text.path.stem,
        title=title,
        topic=text.fact("topic"),
        words=(title, *(name for name in text.names("aliases", "") if name.casefold() != title.casefold())),
        keywords=text.names("keywords", ""),
        picture=_picture(text),
        sentence=" ".join(lead.text.split()),
        explained=text.section("explained").text,
        snippet=code(text, "snippet", LONGEST_SNIPPET),
        needs=needs,
        confused=text.section("confused").text,
        see=links(text, "see"),
        related=text.names("related"),
        papers=tuple(line.strip().removeprefix("- ") for line in papers.text.split("\n") if line.strip()),
        file=text.path,
    )


def _picture(text: Text) -> str:
    """The fact `picture`: a kind, and where it shows a strategy, which one."""
    kind, _, argument = text.fact("picture", "").partition(" ")
    if not kind:
        return ""
    line = text.facts["picture"].line
    if kind not in PICTURES:
        fault(text.path, line, f"unknown picture {kind!r}. Known: {', '.join(PICTURES)}")
    if PICTURES[kind] and argument not in STRATEGIES:
        fault(text.path, line, f"{kind!r} shows a strategy, not {argument!r}. Known: {', '.join(STRATEGIES)}")
    if argument and not PICTURES[kind]:
        fault(text.path, line, f"after {kind!r} nothing may follow, got {argument!r}")
    return f"{kind} {argument}".strip()


def question(text: Text) -> Question:
    """A file of the questions people ask."""
    text.only(*_QUESTION)
    order, see = text.fact("order"), links(text, "see")
    if not order.isdigit():
        fault(text.path, text.facts["order"].line, f"the order {order!r} is no whole number")
    if len(see) > MOST_PLACES:
        reason = f"the section 'see' names {len(see)} places; a question has at most {MOST_PLACES}"
        fault(text.path, text.section("see").line, reason)
    if not text.lead.text:
        fault(text.path, text.lead.line, "the answer is missing. Write it before the first section")
    return Question(
        name=text.path.stem,
        title=text.fact("title"),
        order=int(order),
        answer=" ".join(text.lead.text.split()),
        see=see,
        related=text.names("related"),
        file=text.path,
    )


def languages(of: str = "glossary") -> tuple[str, ...]:
    """The languages that the glossary (or the lessons) is written in, English first."""
    found = {path.name for path in (ASSETS / of).glob("*") if path.is_dir()}
    return tuple(sorted(found, key=lambda name: (name != "en", name)))


def read_terms(folder: Path) -> TextFolder:
    """The terms of a folder in the order of their titles; one that names an unknown related term is kept, with a fault."""
    found, faults = read_folder(folder, term)
    found = dict(sorted(found.items(), key=lambda row: row[1].title.casefold()))
    for row in found.values():
        lost = [name for name in row.related if name not in found]
        if lost:
            faults += (f"{row.file.name}: the related terms {', '.join(lost)} are not in this folder.",)
    spoken = {word: (row.name, plain(row.sentence)) for row in found.values() for word in row.words}
    return TextFolder(found, faults, Linker(spoken))


def read_questions(folder: Path) -> TextFolder:
    """The questions of a folder in their order."""
    found, faults = read_folder(folder, question)
    return TextFolder(dict(sorted(found.items(), key=lambda row: row[1].order)), faults, Linker({}))


def terms(language: str = "en") -> TextFolder:
    """The glossary in a language; read again when a file changes, at the latest after two seconds."""
    return fresh(read_terms, ASSETS / "glossary" / language)


def questions(language: str = "en") -> TextFolder:
    """The questions people ask in a language, kept as `terms` are."""
    return fresh(read_questions, ASSETS / "questions" / language)


def plain(text: str) -> str:
    """A sentence without Markdown marks: for a hover text."""
    return re.sub(r"[`*$]", "", text)


def fresh(reader: Callable[[Path], TextFolder], folder: Path) -> TextFolder:
    """What `reader` makes of a folder of texts; read again when a file changes, at the latest after two seconds."""
    return _kept(reader, folder, _stamp(folder))


_SEEN: dict[Path, tuple[float, int]] = {}
"""Folder → when its files were last looked at, and what `_look` gave then."""
_LOOKING = threading.Lock()


def _stamp(folder: Path) -> int:
    """A number that changes with the files of a folder. Whoever comes first after two seconds looks at them (a hundred calls to
    the system); whoever comes meanwhile goes by what was seen before."""
    seen = _SEEN.get(folder)
    if seen is not None and (time.monotonic() - seen[0] < FRESH or not _LOOKING.acquire(blocking=False)):
        return seen[1]
    try:
        found = _look(folder)
        _SEEN[folder] = time.monotonic(), found
        return found
    finally:
        if seen is not None:
            _LOOKING.release()


def _look(folder: Path) -> int:
    with suppress(OSError), os.scandir(folder) as entries:
        files = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".md")]
        return hash(tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)))
    return 0


@functools.lru_cache(maxsize=32)
def _kept(reader: Callable[[Path], TextFolder], folder: Path, stamp: int) -> TextFolder:
    return reader(folder)
