"""What a visitor has learned: checks passed and achievements, as a value; to and from a small JSON file and the address."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from explorer import runs
from explorer.catalogue import STRATEGIES
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, Run
from explorer.runs.records import Audit

VERSION = 1
MOST_BYTES = 20_000
MOST_LETTERS = 1000  # of the address; every check and achievement there is needs about 200
ALL = "all"  # stands for `unlocked` in the address
HOT = 10  # a rate so many times the strategy's own counts as large
_CODE = re.compile(r"[1-9][a-z]")


@dataclass(frozen=True)
class Achievement:
    """Something to do in the app: in words, as a task; and the page where it is done."""

    words: str
    page: str


ACHIEVEMENTS = {
    "probed": Achievement("train a head on a frozen, pre-trained backbone", "training"),
    "frozen_clean": Achievement("make a run with frozen stages whose audit is clean", "training"),
    "bug_seen": Achievement("make a run with moving BatchNorm statistics, so that its audit turns red", "training"),
    "tuned": Achievement("make a run in which a pre-trained stage is trained", "training"),
    "hot": Achievement(f"tune pre-trained stages with at least {HOT} times the strategy's learning rate", "training"),
    "unlearned": Achievement("make a run that starts from random weights", "training"),
    "elsewhere": Achievement("make a run on other images than the photo patches", "training"),
    "raced": Achievement("let two strategies race to the end", "race"),
    "compared": Achievement("look at which images a run of yours and another disagree on", "images"),
    "excited": Achievement("see what excites the channels of a run of yours, beside another", "features"),
    "mapped": Achievement("see a run of yours and another on one shared map", "projection"),
    "looked": Achievement("see where a run of yours looks, and where another does", "attribution"),
    "measured": Achievement("see how far the stages moved between a run of yours and another", "similarity"),
}
"""Achievements by the word that concept files and the address use."""
VISITS = {
    "images": "compared",
    "features": "excited",
    "projection": "mapped",
    "attribution": "looked",
    "similarity": "measured",
}
"""The achievement of having seen a page with two runs that do not both ship, which every page shows by itself."""


@dataclass(frozen=True)
class Progress:
    """Codes of checks passed (`4a`), words of achievements (`deeds` in the file), and whether a presenter opened everything."""

    passed: frozenset[str] = frozenset()
    achievements: frozenset[str] = frozenset()
    unlocked: bool = False

    def __or__(self, other: "Progress") -> "Progress":
        """All that either holds."""
        return Progress(
            self.passed | other.passed, self.achievements | other.achievements, self.unlocked or other.unlocked
        )

    def __bool__(self) -> bool:
        return bool(self.passed or self.achievements or self.unlocked)


def is_code(text: str) -> bool:
    """Whether this is how the code of a check looks: a step and a letter."""
    return _CODE.fullmatch(text) is not None


# The address


def to_address(progress: Progress) -> str:
    """E.g. `1a.1b.frozen_clean`; empty where there is nothing yet."""
    return ".".join([*sorted(progress.passed), *sorted(progress.achievements), *[ALL] * progress.unlocked])


def from_address(text: str) -> tuple[Progress, str]:
    """What an address holds, and a note where part of it was no progress (empty where all was)."""
    parts = [part for part in text[:MOST_LETTERS].split(".") if part]
    found = Progress(frozenset(filter(is_code, parts)), frozenset(ACHIEVEMENTS.keys() & set(parts)), ALL in parts)
    strange = [part for part in parts if not is_code(part) and part not in ACHIEVEMENTS and part != ALL]
    if len(text) > MOST_LETTERS:
        return found, f"The address holds {len(text)} characters of progress; only the first {MOST_LETTERS} were read."
    if strange:
        return (
            found,
            f"The address holds progress that Thaw does not know: {', '.join(strange[:3])[:80]!r}. It was left out.",
        )
    return found, ""


# The file


def to_json(progress: Progress) -> str:
    """The file that a visitor keeps."""
    parts = {"passed": sorted(progress.passed), "deeds": sorted(progress.achievements), "unlocked": progress.unlocked}
    return json.dumps({"thaw": "progress", "version": VERSION, **parts}, indent=1) + "\n"


def from_json(raw: bytes) -> Progress:
    """The progress in a file; ExplorerError where it is none: too large, broken, foreign, of a later version."""
    if len(raw) > MOST_BYTES:
        _refuse(f"it has {len(raw):,} bytes, and a file of progress has at most {MOST_BYTES:,}")
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _refuse("it is no text")
    except json.JSONDecodeError as error:
        _refuse(f"line {error.lineno} is no JSON ({error.msg})")
    except (ValueError, RecursionError):
        _refuse("it is no JSON that can be read")
    if not isinstance(found, dict) or found.get("thaw") != "progress":
        _refuse('it is JSON, but of something else: "thaw": "progress" is not in it')
    version = found.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        _refuse(f"its version is {str(version)[:20]!r}; this Thaw reads versions 1 to {VERSION}")
    unlocked = found.get("unlocked", False)
    if not isinstance(unlocked, bool):
        _refuse(f"“unlocked” is {str(unlocked)[:20]!r}; allowed: true, false")
    return Progress(_words(found, "passed", is_code), _words(found, "deeds", ACHIEVEMENTS.__contains__), unlocked)


def _words(found: dict[str, Any], name: str, known: Any) -> frozenset[str]:
    """A list of the file, each word checked."""
    words = found.get(name, [])
    if not isinstance(words, list):
        _refuse(f"“{name}” is no list")
    for word in words:
        if not isinstance(word, str) or not known(word):
            form = "codes of checks such as '4a'" if name == "passed" else ", ".join(ACHIEVEMENTS)
            _refuse(f"“{name}” holds {str(word)[:20]!r}; allowed: {form}")
    return frozenset(words)


def _refuse(reason: str) -> NoReturn:
    raise ExplorerError(
        f"This file cannot be imported: {reason}. Choose a file that Export wrote; what you have learned here is unchanged."
    )


# Achievements, from what was really done


def achievements_of(run: Run) -> frozenset[str]:
    """What this run proves that its owner did; nothing before it has finished.

    What stayed and what moved is read from the freeze audit, not from what the recipe declared.
    """
    if not isinstance(run, FinishedRun):
        return frozenset()
    recipe = run.recipe
    try:
        audit = runs.audit(run.id)
    except ExplorerError:
        audit = None
    done = {"elsewhere"} if recipe.dataset != "photo_patches" else set()
    if recipe.drawn:
        done.add("unlearned")
    if audit is not None:
        done |= _audited(audit, recipe)
    return frozenset(done)


def _audited(audit: Audit, recipe: Recipe) -> set[str]:
    done = set()
    stages = [row for row in audit.stages if row.stage != "head"]
    moved = any(row.declared == "learns" and row.max_change > 0 for row in stages)
    if not audit.clean:
        done |= {"bug_seen"} if recipe.batchnorm == "moving" else set()
    elif any(row.declared == "frozen" for row in stages):
        done.add("frozen_clean")
        if all(row.declared == "frozen" for row in stages) and not recipe.drawn:
            done.add("probed")
    if moved and not recipe.drawn:
        done.add("tuned")
        if recipe.backbone_rate >= HOT * recipe.row.rate(STRATEGIES[recipe.strategy]) > 0:
            done.add("hot")
    return done


def raced(own: Iterable[Run]) -> bool:
    """Whether two strategies of one race among these runs have finished."""
    strategies: dict[str, set[str]] = {}
    for run in own:
        race = str(run.facts.get("race") or "")
        if race and isinstance(run, FinishedRun):
            strategies.setdefault(race, set()).add(run.recipe.strategy)
    return any(len(names) > 1 for names in strategies.values())


def achievements(own: Sequence[Run]) -> frozenset[str]:
    """What these runs together prove."""
    found: frozenset[str] = frozenset().union(*map(achievements_of, own))
    return found | {"raced"} if raced(own) else found
