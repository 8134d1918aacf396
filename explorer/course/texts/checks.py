"""The lesson's checks: assets/checks/<language>/, one file a question."""

import math
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explorer.bundle import ASSETS
from explorer.course.lesson_runs import NAMES
from explorer.course.progress import is_code
from explorer.course.texts.places import cases, filled
from explorer.texts.glossary import TextFolder, fresh
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Text, code, digest, fault, read_folder

KINDS = {
    "choice": "one of several answers, with a reason for each wrong one",
    "guess": "a number, committed before it is computed",
    "order": "things from the smallest to the largest, measured",
    "bug": "the one wrong line in a few lines of PyTorch; both versions are carried out",
    "lines": "lines of PyTorch in an order that works; the reader's order is carried out",
}
"""The kinds of checks and what the reader gives."""
STAGES, ANY = "stages", "*"  # as `options`: one for each stage of the backbone; a reason for what has none of its own
LONGEST, LONGEST_TEST = 6, 8  # lines of code that the reader sees; of the test that decides
_FACTS = ("code", "kind", "title", "truth", "options", "unit", "within", "low", "high", "related")
_PARTS = {
    "choice": ("options", "reasons", "explained", "look"),
    "guess": ("cases", "explained", "look"),
    "order": ("options", "explained", "look"),
    "bug": ("buggy", "fixed", "test", "reasons", "explained", "look"),
    "lines": ("lines", "test", "explained", "look"),
}
_NEEDED = {
    "choice": ("truth",),
    "guess": ("truth", "unit", "within", "low", "high"),
    "order": ("truth",),
    "bug": (),
    "lines": (),
}
_ROW = re.compile(r"^-\s+([a-z0-9_]+|\*):\s+(.+)$", re.ASCII)
_WITHIN = re.compile(r"(\d+(?:\.\d+)?)( %)?")


@dataclass(frozen=True)
class Check:
    """A question. `code` (`4a`) is its name in progress and address; `truth` a word from the table of truths with
    what follows it, empty where code decides (`bug`, `lines`).

    `options` and `reasons` are by key, in the order of the file; no options stand for the stages of the backbone. A guess
    lies in [low, high], in `unit`, and is right within `within`, a share of the truth where `relative`. `explained` is
    Markdown with {places} that the truth's facts fill; `look` says after a wrong answer what to look at. `others` are further
    cases of a guess, each a check of its own, so that a second guess is none of a number that was just printed. Of a bug
    `wrong` and `right` are the two versions, of `lines` the right order is `right`; `test` leaves its verdict as the value of
    its last line.
    """

    name: str
    code: str
    kind: str
    title: str
    question: str
    truth: tuple[str, ...]
    options: dict[str, str]
    reasons: dict[str, str]
    unit: str
    within: float
    relative: bool
    low: float
    high: float
    explained: str
    look: str
    wrong: Code | None
    right: Code | None
    test: Code | None
    related: tuple[str, ...]
    file: Path
    others: tuple["Check", ...] = ()

    @property
    def cases(self) -> tuple["Check", ...]:
        """This one and its others."""
        return (self, *self.others)

    @property
    def step(self) -> int:
        """The step of the lesson that asks it."""
        return int(self.code[0])

    @property
    def runs(self) -> tuple[str, ...]:
        """The lesson's runs that the truth is read from."""
        strategies = self.truth[:1] == (
            "weights_to_keep",
        )  # whose words name strategies, some of them as runs are named
        return () if strategies else tuple(word for word in self.truth[1:] if word in NAMES)

    @property
    def digest(self) -> str:
        """Changes with whatever decides the answer."""
        codes = (part.code if part else "" for part in (self.wrong, self.right, self.test))
        return digest("\n".join((*self.truth, *codes)))

    @property
    def faulty(self) -> int:
        """Of a bug: the place of the line, from 0, in which the two versions differ."""
        a, b = (part.code.split("\n") if part else [] for part in (self.wrong, self.right))
        return next(i for i, pair in enumerate(zip(a, b, strict=True)) if pair[0] != pair[1])

    def close(self, guess: float, truth: float) -> bool:
        """Whether a guess is near enough."""
        return abs(guess - truth) <= self.within * (abs(truth) if self.relative else 1)

    def reason(self, key: str) -> str:
        """Why this answer is wrong, where it is."""
        return self.reasons.get(key) or self.reasons.get(ANY, "")


def shuffled(check: Check) -> list[str]:
    """Keys of an order, or lines of code, as they are offered: always the same way, and never in the order of the file."""
    offered = check.right.code.split("\n") if check.right else list(check.options)
    right, draw = list(offered), random.Random(check.digest)
    while offered == right and len(right) > 1:
        draw.shuffle(offered)
    return offered


def check(text: Text) -> Check:
    """A file as a check; a fault where something is missing or fits nothing."""
    kind, name = text.fact("kind"), text.fact("code")
    if kind not in KINDS:
        fault(text.path, text.facts["kind"].line, f"unknown kind {kind!r}. Known: {', '.join(KINDS)}")
    if not is_code(name):
        fault(text.path, text.facts["code"].line, f"{name!r} is no code of a check; one looks like 4a")
    text.only(_FACTS, _PARTS[kind])
    for fact in _NEEDED[kind]:
        text.fact(fact)
    if not text.lead.text:
        fault(text.path, text.lead.line, "the question is missing. Write it before the first section")
    options = _rows(text, "options") if "options" in _PARTS[kind] and text.fact("options", "") != STAGES else {}
    within = _WITHIN.fullmatch(text.fact("within", "0"))
    if within is None:
        fault(text.path, text.facts["within"].line, "`within` is a number such as `5`, or a share such as `20 %`")
    codes = _codes(text, kind)
    low, high = _number(text, "low"), _number(text, "high")
    if kind == "guess" and low >= high:
        fault(text.path, text.facts["low"].line, f"`low` is {low:g} and `high` {high:g}; `low` must be the smaller one")
    found = Check(
        name=text.path.stem,
        code=name,
        kind=kind,
        title=text.fact("title"),
        question=text.lead.text,
        truth=tuple(text.fact("truth", "").split()),
        options=options,
        reasons=_reasons(text, kind, options, codes),
        unit=text.fact("unit", ""),
        within=float(within[1]) / (100 if within[2] else 1),
        relative=bool(within[2]),
        low=low,
        high=high,
        explained=text.section("explained").text,
        look=" ".join(text.section("look").text.split()),
        **codes,
        related=text.names("related"),
        file=text.path,
    )
    return _in_cases(found, cases(text))


def _in_cases(found: Check, every: list[dict[str, str]]) -> Check:
    """The check with the places filled that its first case names; the other cases as its others."""
    done = []
    for case in every:
        words = {name: filled(getattr(found, name), case) for name in ("question", "explained", "unit", "look")}
        done.append(replace(found, truth=tuple(filled(" ".join(found.truth), case).split()), **words))
    return replace(done[0], others=tuple(done[1:]))


def _number(text: Text, name: str) -> float:
    try:
        found = float(text.fact(name, "0"))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        fault(text.path, text.facts[name].line, f"the fact {name!r} is {text.fact(name)!r}, which is no number")
    return found


def _rows(text: Text, section: str) -> dict[str, str]:
    """`- key: words`, a line each, in their order."""
    part, found = text.section(section), {}
    for number, line in enumerate(part.text.split("\n"), part.line):
        match = _ROW.match(line.strip())
        if line.strip() and match is None:
            fault(text.path, number, f"a line of {section!r} has the form `- key: words`")
        if match and match[1] in found:
            fault(text.path, number, f"the key {match[1]!r} stands here a second time")
        if match:
            found[match[1]] = match[2]
    return found


def _reasons(text: Text, kind: str, options: dict[str, str], codes: dict[str, Code | None]) -> dict[str, str]:
    """Why each answer is wrong; none may be without (the right one's is never shown)."""
    if "reasons" not in _PARTS[kind]:
        return {}
    found, wrong, line = _rows(text, "reasons"), codes["wrong"], text.section("reasons").line
    lines = [str(i + 1) for i in range(len(wrong.code.split("\n")))] if wrong else []
    known = lines or list(options)
    for key in found:
        if known and key not in (*known, ANY):
            fault(text.path, line, f"a reason is given for {key!r}, which is no answer. Answers: {', '.join(known)}")
    lacking = [key for key in known or [ANY] if key not in found]
    if lacking and ANY not in found:
        fault(text.path, line, f"there is no reason for {', '.join(lacking)}. Write one, or one for all as `- *: …`")
    return found


def _codes(text: Text, kind: str) -> dict[str, Any]:
    """The versions of a check whose answer is code."""
    if kind not in ("bug", "lines"):
        return {"wrong": None, "right": None, "test": None}
    wrong = code(text, "buggy", LONGEST) if kind == "bug" else None
    right = code(text, "fixed" if kind == "bug" else "lines", LONGEST)
    if wrong:
        a, b = wrong.code.split("\n"), right.code.split("\n")
        if len(a) != len(b) or sum(x != y for x, y in zip(a, b, strict=True)) != 1:
            fault(text.path, right.line, "the fixed version must differ from the buggy one in exactly one line")
    elif len(set(right.code.split("\n"))) < len(right.code.split("\n")):
        fault(text.path, right.line, "two of these lines are equal, so their order cannot be told")
    return {"wrong": wrong, "right": right, "test": code(text, "test", LONGEST_TEST)}


def read_checks(folder: Path) -> TextFolder:
    """The checks of a folder by code, in their order; of two with one code the second is left out and named."""
    found, faults = read_folder(folder, check)
    kept: dict[str, Check] = {}
    for row in sorted(found.values(), key=lambda row: (row.code, row.name)):
        if row.code in kept:
            faults += (f"{row.file.name}: the check {row.code} is {kept[row.code].file.name} already.",)
        kept.setdefault(row.code, row)
    return TextFolder(kept, faults, Linker({}))


def checks(language: str = "en") -> TextFolder:
    """The checks in a language by code, kept as `terms` are."""
    return fresh(read_checks, ASSETS / "checks" / language)
