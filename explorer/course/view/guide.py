"""The guide at the side of a step: the first hints of its file that hold for what this reader really did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from explorer import runs
from explorer.app.asking import all_runs
from explorer.app.links import linked
from explorer.app.words import count, plain, safe_md
from explorer.catalogue import DATASETS
from explorer.course import lesson_runs, texts
from explorer.course.question.live import CurvePoint
from explorer.course.texts import Hint, Step, filled
from explorer.course.view.choosing import asked_for, computed, pick_curve, tasks_of
from explorer.course.view.progress_words import passed
from explorer.course.view.runs import known
from explorer.errors import ExplorerError
from explorer.evidence import Paired, share_words
from explorer.evidence.many import p_digits
from explorer.looks.pair.view.choosing import difference
from explorer.runs import FinishedRun, Run

MOST = 3  # hints at a time
SMALL = 10  # images per class from which on downwards a run of the reader's own counts as small


class Reader:
    """What the reader has done: looked up once for all hints of a step, and only where one asks."""

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, the latest first."""
        return all_runs()

    @cached_property
    def own(self) -> FinishedRun | None:
        """The reader's latest finished run that is none of the lesson's."""
        started = set(st.session_state.get("started_runs", ()))
        recipes = [lesson_runs.recipe_of(word) for word in lesson_runs.NAMES]
        own = (run for run in self.runs if run.id in started and isinstance(run, FinishedRun))
        return next((run for run in own if run.recipe not in recipes), None)

    @cached_property
    def committed(self) -> frozenset[str]:
        """Codes of checks that the reader answered in this session, rightly or not."""
        return frozenset(st.session_state.get("lesson_answers", ()))

    @cached_property
    def skipped(self) -> frozenset[str]:
        """Codes of checks whose answer the reader had shown without a guess."""
        return frozenset(st.session_state.get("lesson_skipped", ()))

    @cached_property
    def points(self) -> list[CurvePoint]:
        """The points of the curve that the reader chose; none before they asked for it, whoever computed it here."""
        return computed(pick_curve()) if pick_curve() in asked_for() else []


@dataclass
class Done:
    """A hint, and what its reader did of what it speaks of."""

    hint: Hint
    reader: Reader

    @cached_property
    def made(self) -> list[FinishedRun]:
        """The runs of the lesson that the hint speaks of, in its order; missing ones left out."""
        return [run for word in self.hint.about if (run := known(word, self.reader.runs)) is not None]

    @property
    def all_there(self) -> bool:
        """Whether each of them is there."""
        return len(self.made) == len(self.hint.about)

    @cached_property
    def pair(self) -> Paired:
        """Of two runs: the second against the first on the same images."""
        one, two = self.made
        return difference(one, two)


def _pair_is(sign: int) -> Callable[[Done], bool]:
    """Whether the second of two runs is better (1), worse (-1), or neither shown (0)."""

    def holds(done: Done) -> bool:
        if not done.all_there:
            return False
        gap = done.pair
        return gap.p_value >= 0.05 if sign == 0 else gap.p_value < 0.05 and gap.value * sign > 0

    return holds


def _own(holds: Callable[[FinishedRun], bool]) -> Callable[[Done], bool]:
    return lambda done: done.reader.own is not None and holds(done.reader.own)


def _borrowed(run: FinishedRun) -> bool:
    """Whether a run began from pre-trained weights: from random ones nothing is tuned, and a probe of them sets no mark."""
    return not run.recipe.drawn


HOLDS: dict[str, Callable[[Done], bool]] = {
    "always": lambda done: True,
    "missing": lambda done: not done.all_there,
    "ran": lambda done: done.all_there,
    "clean": lambda done: done.all_there and bool(done.made[0].clean),
    "red": lambda done: done.all_there and done.made[0].clean is False,
    "better": _pair_is(1),
    "worse": _pair_is(-1),
    "undecided": _pair_is(0),
    "passed": lambda done: done.hint.about[0] in passed(),
    "open": lambda done: done.hint.about[0] not in passed() | done.reader.committed | done.reader.skipped,
    "own_run": _own(lambda run: True),
    "no_own_run": lambda done: done.reader.own is None,
    "own_red": _own(lambda run: run.clean is False),
    "own_frozen": _own(lambda run: _borrowed(run) and not run.recipe.tuned),
    "own_tuned": _own(lambda run: _borrowed(run) and run.recipe.tuned),
    "small_per_class": _own(lambda run: (run.recipe.per_class or SMALL + 1) <= SMALL),
    "curve_begun": lambda done: 0 < len(done.reader.points) < len(tasks_of(pick_curve())),
    "curve_done": lambda done: len(done.reader.points) == len(tasks_of(pick_curve())),
    "no_curve": lambda done: not done.reader.points,
}
"""The conditions of hints, by word (texts.lessons.CONDITIONS says what follows each)."""


def _drift(run: FinishedRun) -> str:
    """The largest drift of a BatchNorm statistic in a frozen stage."""
    try:
        rows = runs.audit(run.id).stages
    except ExplorerError:
        return "unknown"
    return f"{max((row.batchnorm_drift for row in rows if row.declared == 'frozen'), default=0.0):.2g}"


RUN_PLACES: dict[str, Callable[[FinishedRun], str]] = {
    "accuracy": lambda run: share_words(run.test.accuracy) if run.test else "no score",
    "n": lambda run: str(run.test.n) if run.test else "0",
    "seconds": lambda run: f"{(run.facts.get('seconds') or {}).get('total', 0):.1f}",
    "learned": lambda run: count((run.facts.get("parameters") or {}).get("learned", 0)),
    "title": lambda run: safe_md(run.title),
    "epochs": lambda run: str(run.recipe.epochs),
    "rate": lambda run: f"{run.recipe.backbone_rate:g}",
    "drift": _drift,
    "per_class": lambda run: str(run.recipe.per_class or "all"),
}
"""What a place in a hint says of a run."""


def facts(done: Done) -> dict[str, str]:
    """What fills the places of a hint whose condition holds."""
    said = {f"{word}.{name}": say(run) for word, run in zip(done.hint.about, done.made, strict=False)
            for name, say in RUN_PLACES.items() if f"{word}.{name}" in done.hint.places}  # fmt: skip
    if done.reader.own is not None:
        said |= {
            f"own.{name}": say(done.reader.own) for name, say in RUN_PLACES.items() if f"own.{name}" in done.hint.places
        }
    if done.hint.condition in ("better", "worse", "undecided"):
        found = done.pair
        said |= {
            "fixed": str(found.fixed),
            "broken": str(found.broken),
            "p": p_digits(found.p_value),
            "n": str(found.n),
        }
    if done.hint.condition in ("curve_begun", "curve_done"):
        said |= _curve_facts(done.reader.points)
    return said


def _curve_facts(points: Sequence[CurvePoint]) -> dict[str, str]:
    low = min(point.per_class for point in points)
    dataset = pick_curve()
    said = {"curve.low": str(low), "curve.data": plain(DATASETS[dataset].title), "curve.count": str(len(points)),
            "curve.all": str(len(tasks_of(dataset)))}  # fmt: skip
    for arm in ("probe", "scratch"):
        scores = [p.score.accuracy for p in points if p.arm == arm and p.per_class == low]
        said[f"curve.{arm}"] = share_words(sum(scores) / len(scores)) if scores else "not there yet"
    return said


def hints_of(step: Step, language: str = "en") -> list[str]:
    """What to look at after an answer that was wrong, then the first hints of the step that hold, as Markdown."""
    missed = st.session_state.get("lesson_wrong", set())
    rows = [row for code, row in texts.checks(language).by_name.items() if row.step == step.order and code in missed]
    found, reader = (
        [f":material/error_outline: **{row.code}** is not right yet. {row.look}" for row in rows[-2:]],
        Reader(),
    )
    for hint in step.hints:
        done = Done(hint, reader)
        if HOLDS[hint.condition](done):
            found.append(filled(hint.words, facts(done)))
        if len(found) == MOST:
            break
    return found


def show_guide(step: Step, language: str) -> None:
    """The guide's box."""
    with st.container(border=True, key="lesson_guide"):
        st.markdown(":material/explore: **Guide**")
        for words in hints_of(step, language):
            st.markdown(linked(words))
