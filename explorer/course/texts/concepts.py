"""The concepts of the lesson and what each of them needs: assets/concepts/<language>/, one file a node of the map."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from explorer.bundle import ASSETS
from explorer.course.progress import ACHIEVEMENTS, Progress, is_code
from explorer.course.texts.lessons import STEPS
from explorer.texts.glossary import TextFolder, fresh
from explorer.texts.linking import Linker
from explorer.texts.reading import Text, fault, read_folder

STATES = {
    "done": "its checks are passed, or its achievement is there",
    "open": "begun: some of its checks are passed; or everything was unlocked",
    "next": "all that it needs is done",
    "later": "it needs something that is not done yet",
}
"""How a concept stands with a visitor. None of them locks anything."""
_FACTS = ("title", "step", "needs", "checks", "deed", "term")


@dataclass(frozen=True)
class Concept:
    """A node of the map: the step that teaches it, names of the concepts that it needs, and what opens it: the codes of
    checks (all of them), or an achievement (`deed` in its file; empty: none). `term` is its glossary entry, `depth` its
    place among those of its step (0 where it needs none of them)."""

    name: str
    title: str
    step: int
    needs: tuple[str, ...]
    checks: tuple[str, ...]
    achievement: str
    term: str
    sentence: str
    file: Path
    depth: int = 0

    def earned(self, learned: Progress) -> bool:
        """Whether all of its checks were passed or its achievement is there."""
        return self.achievement in learned.achievements or learned.passed.issuperset(self.checks)


def concept(text: Text) -> Concept:
    """A file as a concept; a fault where a fact is missing or means nothing."""
    text.only(_FACTS, ())
    step, achievement, lead = text.fact("step"), text.fact("deed", ""), text.lead
    if not (step.isascii() and step.isdecimal()) or int(step) not in STEPS:
        fault(text.path, text.facts["step"].line, f"the step {step!r} is no whole number from 1 to {STEPS[-1]}")
    if achievement and achievement not in ACHIEVEMENTS:
        fault(text.path, text.facts["deed"].line, f"unknown deed {achievement!r}. Known: {', '.join(ACHIEVEMENTS)}")
    checks = text.names("checks")
    if not checks:
        fault(text.path, text.facts["checks"].line, "the fact 'checks' names no check, such as `4a`")
    for code in checks:
        if not is_code(code):
            fault(text.path, text.facts["checks"].line, f"{code!r} is no code of a check, such as `4a`")
    if not lead.text or "\n\n" in lead.text:
        fault(text.path, lead.line, "after the facts stands one sentence that says what to know")
    sentence = " ".join(lead.text.split())
    needs, term = text.names("needs", ""), text.fact("term", "")
    return Concept(text.path.stem, text.fact("title"), int(step), needs, checks, achievement, term, sentence, text.path)


def read_concepts(folder: Path) -> TextFolder:
    """The concepts of a folder, each after those that it needs; what a file needs in vain is named and left out."""
    found, faults = read_folder(folder, concept)
    for name, row in found.items():
        lost = [other for other in row.needs if other not in found]
        ahead = [other for other in row.needs if other in found and found[other].step > row.step]
        if lost:
            faults += (f"{row.file.name}: it needs {', '.join(lost)}, which this folder does not hold.",)
        if ahead:
            faults += (f"{row.file.name}: it needs {', '.join(ahead)}, which a later step teaches.",)
        found[name] = replace(row, needs=tuple(other for other in row.needs if other not in lost + ahead))
    found, circles = _ordered(found)
    return TextFolder(found, faults + circles, Linker({}))


def _ordered(found: dict[str, Concept]) -> tuple[dict[str, Concept], tuple[str, ...]]:
    """By step, then by depth within the step; a need that closes a circle is named and left out."""
    faults: list[str] = []
    depths: dict[str, int] = {}

    def visit(name: str, road: tuple[str, ...]) -> int:
        if name in depths:
            return depths[name]
        row, before = found[name], [-1]
        for other in row.needs:
            if found[other].step < row.step:
                continue
            if other in (*road, name):
                faults.append(f"{row.file.name}: it needs {other}, which needs it in turn; the map has no circles.")
                found[name] = replace(found[name], needs=tuple(n for n in found[name].needs if n != other))
            else:
                before.append(visit(other, (*road, name)))
        depths[name] = max(before) + 1
        return depths[name]

    for name in tuple(found):
        depth = visit(name, ())  # before `found[name]` is looked up: it may leave out a need
        found[name] = replace(found[name], depth=depth)
    rows = sorted(found.values(), key=lambda row: (row.step, row.depth, row.title.casefold()))
    return {row.name: row for row in rows}, tuple(faults)


def concepts(language: str = "en") -> TextFolder:
    """The concepts in a language, kept as `terms` are."""
    return fresh(read_concepts, ASSETS / "concepts" / language)


def standings(known: Mapping[str, Concept], learned: Progress) -> dict[str, str]:
    """How each concept stands with a visitor: name → a key of STATES."""
    done = {name for name, row in known.items() if row.earned(learned)}
    states = {}
    for name, row in known.items():
        if name in done:
            states[name] = "done"
        elif learned.unlocked or learned.passed.intersection(row.checks):
            states[name] = "open"
        else:
            states[name] = "next" if done.issuperset(row.needs) else "later"
    return states
