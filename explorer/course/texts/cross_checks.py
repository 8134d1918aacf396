"""Texts as the app reads them: each folder tested against the others, so that what one of them lacks is named.

A check whose truth does not fit it is left out, a hint about a check that is not there too; all else stays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from explorer.course.texts.checks import checks as written_checks
from explorer.course.texts.concepts import Concept
from explorer.course.texts.concepts import concepts as written_concepts
from explorer.course.texts.lessons import CONDITIONS, PREDICT, STEPS, Step
from explorer.course.texts.lessons import lessons as written_lessons
from explorer.course.texts.truths import wrong
from explorer.texts.glossary import TextFolder, terms
from explorer.texts.glossary import questions as written_questions
from explorer.texts.reading import named, read, shown


def checks(language: str = "en") -> TextFolder:
    """The checks in a language by code; what does not fit its truth, and codes that are missing, are named."""
    return _checks(written_checks(language), written_concepts(language), _known_terms(language))


def lessons(language: str = "en") -> TextFolder:
    """The steps in a language by name; steps that are missing, and checks and terms that are not there, are named."""
    return _lessons(written_lessons(language), checks(language), _known_terms(language))


def concepts(language: str = "en") -> TextFolder:
    """The concepts in a language by name; checks and terms that are not there are named."""
    return _concepts(written_concepts(language), checks(language), _known_terms(language))


def questions(language: str = "en") -> TextFolder:
    """The questions in a language by name; terms that are not there are named."""
    return _questions(written_questions(language), _known_terms(language))


def _known_terms(language: str) -> TextFolder:
    """The terms that a text in this language links to: English ones where the glossary is not written in it."""
    found = terms(language)
    return found if found.by_name else terms()


@lru_cache(maxsize=8)
def _checks(found: TextFolder, named_by: TextFolder, known: TextFolder) -> TextFolder:
    kept, faults = {}, list(found.faults)
    for code, row in found.by_name.items():
        part, reason = wrong(row)
        if reason:
            faults.append(_at(row.file, part, reason))
        else:
            kept[code] = row
    faults += _missing_codes(found, named_by)
    return TextFolder(kept, (*faults, *_lost_terms(kept.values(), known)), found.linker)


def _missing_codes(found: TextFolder, named_by: TextFolder) -> Iterator[str]:
    """Codes that a concept names, or that lie between two others of a step, and no file has."""
    if not found.by_name:
        return
    folder = shown(next(iter(found.by_name.values())).file.parent)
    wanted = {code: f"the concept {row.title!r} needs it" for row in named_by.by_name.values() for code in row.checks}
    for code in found.by_name:
        for letter in range(ord("a"), ord(code[1])):
            wanted.setdefault(f"{code[0]}{chr(letter)}", f"{code} follows it")
    for code in sorted(set(wanted) - set(found.by_name)):
        yield f"{folder}: the check {code} is missing; {wanted[code]}. No file that can be used has `code: {code}`."


@lru_cache(maxsize=8)
def _lessons(found: TextFolder, known_checks: TextFolder, known: TextFolder) -> TextFolder:
    kept, faults = {}, list(found.faults)
    for name, row in found.by_name.items():
        lost = [hint for hint in row.hints if _lacks(hint.condition, hint.about, known_checks)]
        for hint in lost:
            reason = f"the hint is about the check {hint.about[0]}, which is not there, and is left out"
            faults.append(named(row.file, hint.line, reason))
        known_codes = known_checks.by_name
        for code in row.predicted if known_codes else ():
            if code not in known_codes:
                faults.append(_at(row.file, "live", f"the check {code} is not there, and is left out"))
        live, proof = (
            tuple(part for part in parts if part[0] != PREDICT or part[1] in known_codes)
            for parts in (row.live, row.proof)
        )
        hints = tuple(hint for hint in row.hints if hint not in lost)
        kept[name] = replace(row, hints=hints, live=live, proof=proof)
    rows: list[Step] = list(kept.values())
    orders = {row.order for row in rows}
    if rows:
        where = shown(rows[0].file.parent)
        gaps = [order for order in STEPS if order not in orders]
        faults += [f"{where}: step {n} is missing. No file that can be used has `order: {n}`." for n in gaps]
    return TextFolder(kept, (*faults, *_lost_terms(rows, known)), found.linker)


def _lacks(condition: str, about: tuple[str, ...], known: TextFolder) -> bool:
    """Whether a hint is about a check that is not there (of no checks at all the folder's own fault speaks)."""
    return CONDITIONS[condition] == "check" and bool(known.by_name) and about[0] not in known.by_name


@lru_cache(maxsize=8)
def _concepts(found: TextFolder, known_checks: TextFolder, known: TextFolder) -> TextFolder:
    kept, faults = {}, list(found.faults)
    for name, row in found.by_name.items():
        lost = [code for code in row.checks if known_checks.by_name and code not in known_checks.by_name]
        if lost:
            faults.append(_at(row.file, "checks", f"the check {', '.join(lost)} is not there"))
        kept[name] = _without(row, lost)
        if row.term and row.term not in known.by_name:
            faults.append(_at(row.file, "term", f"the glossary has no term {row.term!r}"))
    return TextFolder(kept, tuple(faults), found.linker)


def _without(row: Concept, lost: Iterable[str]) -> Concept:
    """The concept with the checks that are there; where none is, it stays as it is: nothing opens it but its achievement."""
    left = tuple(code for code in row.checks if code not in lost)
    return replace(row, checks=left or row.checks)


@lru_cache(maxsize=8)
def _questions(found: TextFolder, known: TextFolder) -> TextFolder:
    return TextFolder(found.by_name, (*found.faults, *_lost_terms(found.by_name.values(), known)), found.linker)


def _lost_terms(rows: Iterable[Any], known: TextFolder) -> Iterator[str]:
    """A fault for each text that names a related term which the glossary lacks."""
    for row in rows:
        lost = [name for name in row.related if name not in known.by_name]
        if lost:
            yield _at(row.file, "related", f"the glossary has no term {', '.join(map(repr, lost))}")


def _at(path: Any, part: str, reason: str) -> str:
    """A fault with the line of a fact or a section of a file."""
    text = read(path)
    found = text.facts.get(part) or text.sections.get(part)
    return named(path, found.line if found else 1, reason)
