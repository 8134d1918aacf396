"""The lesson's steps: assets/lessons/<language>/."""

import re
from dataclasses import dataclass
from pathlib import Path

from explorer.bundle import ASSETS
from explorer.course.lesson_runs import NAMES
from explorer.texts.glossary import TextFolder, fresh
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Link, Text, code, fault, links, read_folder

STEPS = range(1, 9)
LONGEST_SNIPPET = 10
LIVE = {
    "filters": 0, "walk": 0, "families": 0, "new_head": 0, "untrained": 0, "switches": 0, "audits": 2, "train": 1,
    "beside": 2, "still": 1, "moved": 2, "rates": 2, "look": 2, "trust": 1, "curve": 0, "decide": 0, "sizes": 0, "worlds": 0,
    "few": 1,
}  # fmt: skip
"""The kinds of live parts, and how many of the lesson's runs each names: `train probe`."""
PREDICT = "check"
"""The kind that is no live part: `check 2b` asks first, and what follows it opens with the answer."""
CONDITIONS = {
    "always": "", "missing": "run+", "ran": "run+", "clean": "run", "red": "run", "better": "run run", "worse": "run run",
    "undecided": "run run", "passed": "check", "open": "check", "own_run": "", "no_own_run": "", "own_red": "",
    "own_frozen": "", "own_tuned": "", "small_per_class": "", "curve_begun": "", "curve_done": "", "no_curve": "",
}  # fmt: skip
"""When a hint may be shown, by word, with what follows the word: names of the lesson's runs or the code of a check."""
RUN_PLACES = ("accuracy", "seconds", "learned", "title", "epochs", "rate", "drift", "n", "per_class")
PAIR_PLACES = ("fixed", "broken", "p", "n")
OTHER_PLACES = ("curve.low", "curve.data", "curve.probe", "curve.scratch", "curve.count", "curve.all")
"""What may stand in braces in a hint: `{probe.accuracy}`, `{own.title}`; after a condition on two runs `{fixed}`."""
_PARTS = (
    ("title", "short", "order", "minutes", "live", "proof", "related"),
    ("read", "try", "prove", "takeaway", "hints", "see"),
)
_HINT = re.compile(r"^-\s+([a-z_]+(?: [a-z0-9_]+)*):\s+(.+)$", re.ASCII)
_PLACE = re.compile(r"\{([^{}]*)\}")
_CHECK = re.compile(r"[1-8][a-z]", re.ASCII)


@dataclass(frozen=True)
class Hint:
    """What the guide may say: the condition's word and what it is about, the text with {places}, the line in the file."""

    condition: str
    about: tuple[str, ...]
    words: str
    line: int

    @property
    def places(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(_PLACE.findall(self.words))


@dataclass(frozen=True)
class Step:
    """One step of the lesson. `name` is the file's; `order` 1 to 8; `live` and `proof` are kinds from LIVE, each with the
    runs it names (or `check` with a code); `read` is Markdown with its `snippet` in it (None: there is none); `lead`, `try_`
    and `prove` are Markdown, `takeaway` a Markdown text a line."""

    name: str
    title: str
    short: str
    order: int
    minutes: int
    live: tuple[tuple[str, ...], ...]
    proof: tuple[tuple[str, ...], ...]
    related: tuple[str, ...]
    lead: str
    read: str
    snippet: Code | None
    try_: str
    prove: str
    takeaway: tuple[str, ...]
    hints: tuple[Hint, ...]
    see: tuple[Link, ...]
    file: Path

    @property
    def predicted(self) -> tuple[str, ...]:
        """The codes of the checks that are asked before something is shown."""
        return tuple(part[1] for part in (*self.live, *self.proof) if part[0] == PREDICT)

    @property
    def around(self) -> tuple[str, str]:
        """The Markdown of `read` before its snippet and after it."""
        before, _, rest = self.read.partition("```")
        return before.strip(), rest.partition("```")[2].strip()


def step(text: Text) -> Step:
    """A lesson file as a step."""
    text.only(*_PARTS)
    order, minutes = (_number(text, name) for name in ("order", "minutes"))
    if order not in STEPS:
        fault(text.path, text.facts["order"].line, f"the order {order} is not one of {STEPS[0]} to {STEPS[-1]}")
    if not text.lead.text:
        fault(text.path, text.lead.line, "before the first section stands what the reader will be able to say")
    return Step(
        name=text.path.stem,
        title=text.fact("title"),
        short=text.fact("short"),
        order=order,
        minutes=minutes,
        live=_kinds(text, "live"),
        proof=_kinds(text, "proof"),
        related=text.names("related"),
        lead=" ".join(text.lead.text.split()),
        read=text.section("read").text,
        snippet=code(text, "read", LONGEST_SNIPPET) if "```" in text.section("read").text else None,
        try_=text.section("try").text,
        prove=text.section("prove").text,
        takeaway=_bullets(text, "takeaway"),
        hints=_hints(text),
        see=links(text, "see"),
        file=text.path,
    )


def _number(text: Text, name: str) -> int:
    value = text.fact(name)
    if not (value.isascii() and value.isdigit()):
        fault(text.path, text.facts[name].line, f"the fact {name!r} is {value!r}, which is no whole number")
    return int(value)


def _kinds(text: Text, name: str) -> tuple[tuple[str, ...], ...]:
    """`train last_stage, rates full hot`: known kinds, each with as many of the lesson's runs as it needs."""
    line = text.facts[name].line if name in text.facts else 1
    found = tuple(tuple(part.split()) for part in text.names(name))
    for kind, *named in found:
        if kind == PREDICT:
            if len(named) != 1 or not _CHECK.fullmatch(named[0]):
                fault(text.path, line, f"{PREDICT} names one check, such as `{PREDICT} 4a`")
            continue
        if kind not in LIVE:
            fault(text.path, line, f"unknown kind {kind!r} of a live part. Known: {', '.join(LIVE)}")
        if len(named) != LIVE[kind]:
            fault(text.path, line, f"{kind} names {LIVE[kind]} of the lesson's runs, not {len(named)}")
        _known_runs(text, line, named)
    return found


def _known_runs(text: Text, line: int, named: list[str] | tuple[str, ...]) -> None:
    for run in named:
        if run not in NAMES:
            fault(text.path, line, f"the lesson has no run {run!r}. It has: {', '.join(NAMES)}")


def _bullets(text: Text, section: str) -> tuple[str, ...]:
    """A list with `- ` at the beginning of each line, 3 to 5 of them."""
    part = text.section(section)
    lines = [(number, line) for number, line in enumerate(part.text.split("\n"), part.line) if line.strip()]
    for number, line in lines:
        if not line.startswith("- "):
            fault(text.path, number, f"each line of {section!r} begins with `- `")
    if not 3 <= len(lines) <= 5:
        fault(text.path, part.line, f"{section!r} has {len(lines)} lines; 3 to 5 are wanted")
    return tuple(line[2:].strip() for _, line in lines)


def _hints(text: Text) -> tuple[Hint, ...]:
    """The guide's hints, one a line: `- condition words: text with {places}`."""
    part, found = text.section("hints"), []
    for number, line in enumerate(part.text.split("\n"), part.line):
        match = _HINT.match(line.strip())
        if line.strip() and match is None:
            fault(text.path, number, "a hint has the form `- condition: words`, e.g. `- ran probe: Now …`")
        if match:
            condition, *about = match[1].split()
            found.append(Hint(condition, tuple(about), match[2], number))
            _check_condition(text, found[-1])
            _check_places(text, found[-1])
    return tuple(found)


def _check_condition(text: Text, hint: Hint) -> None:
    if hint.condition not in CONDITIONS:
        fault(text.path, hint.line, f"unknown condition {hint.condition!r}. Known: {', '.join(CONDITIONS)}")
    wanted, count = CONDITIONS[hint.condition], len(hint.about)
    fits = {"": count == 0, "run": count == 1, "run run": count == 2, "run+": count >= 1, "check": count == 1}
    if not fits[wanted]:
        fault(text.path, hint.line, f"the condition {hint.condition!r} takes {wanted or 'nothing'}, not {count} words")
    if wanted == "check" and not _CHECK.fullmatch(hint.about[0]):
        fault(text.path, hint.line, f"{hint.about[0]!r} is no code of a check; one looks like 4a")
    if wanted.startswith("run"):
        _known_runs(text, hint.line, hint.about)


def _check_places(text: Text, hint: Hint) -> None:
    """Every place can be filled whenever the condition holds."""
    known = set(OTHER_PLACES) if hint.condition in ("curve_begun", "curve_done") else set()
    if CONDITIONS[hint.condition].startswith("run") and hint.condition != "missing":
        known |= {f"{run}.{place}" for run in hint.about for place in RUN_PLACES}
    if CONDITIONS[hint.condition] == "run run":
        known |= set(PAIR_PLACES)
    if hint.condition.startswith("own_") or hint.condition == "small_per_class":
        known |= {f"own.{place}" for place in RUN_PLACES}
    for place in hint.places:
        if place not in known:
            reason = f"Here may stand: {', '.join(sorted(known))}" if known else "None may stand here"
            fault(
                text.path, hint.line, f"{{{place}}} cannot be filled under the condition {hint.condition!r}. {reason}"
            )


def read_lessons(folder: Path) -> TextFolder:
    """The steps of a folder in their order; of two with one number the second is left out and named, as is what is missing."""
    found, faults = read_folder(folder, step)
    kept: dict[int, Step] = {}
    for row in sorted(found.values(), key=lambda row: (row.order, row.name)):
        if row.order in kept:
            faults += (f"{row.file.name}: step {row.order} is {kept[row.order].file.name} already.",)
        kept.setdefault(row.order, row)
    return TextFolder({row.name: row for row in kept.values()}, faults, Linker({}))


def lessons(language: str = "en") -> TextFolder:
    """The steps in a language, by name, in their order; kept as `terms` are."""
    return fresh(read_lessons, ASSETS / "lessons" / language)
