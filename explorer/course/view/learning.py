"""Live parts of the lesson in which runs are made and held against each other."""

from functools import partial

import streamlit as st

from explorer import evidence, jobs, runs
from explorer.app.asking import ask, majority
from explorer.app.drawing import draw, explain
from explorer.app.figures.accuracies import Bar, Gap, accuracies, differences
from explorer.app.words import audit_badge, difference_words, group_of, percent, result_words
from explorer.catalogue import Backbone
from explorer.course import lesson_runs
from explorer.course.question.live import BesideStartQuestion
from explorer.course.view.runs import need_runs, seen
from explorer.errors import ExplorerError
from explorer.looks.pair.view.choosing import difference
from explorer.looks.projection.figures.still import projection_pair
from explorer.looks.similarity.figures.change import change_bars
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.runs import FinishedRun, Run
from explorer.runs.life import LIVE
from explorer.training.figures.curves import curves
from explorer.training.view.following import follow, latest, start
from explorer.training.view.tables import audit_table

ON = "Built-in ResNet-10 on photo patches, {per_class} training images per class, {pixels} px: small, so that it takes seconds."


def on_what() -> None:
    """What the lesson's runs are trained on; they do not follow the chosen backbone."""
    st.caption(ON.format(per_class=lesson_runs.PER_CLASS, pixels=lesson_runs.PIXELS))


def train(row: Backbone, weights: str, word: str) -> None:
    """Train one of the lesson's runs, with its curves as they come."""
    run = latest(lesson_runs.recipe_of(word)) if word in seen() else None
    for wanted in (_repeated(word), run):
        if wanted is not None and wanted.state in LIVE:
            follow(wanted.id)
            return
    made = need_runs((word,), f"lesson_{word}")
    on_what()
    if made is None:
        return
    st.markdown(f"**{lesson_runs.NAMES[word]}.** {result_words(made[word])}")
    draw(partial(curves, made[word].epochs, made[word].facts.get("chosen_epoch")), f"lesson_curves_{word}")
    st.button("Train it once more", icon=":material/refresh:", key=f"lesson_more_{word}", on_click=_again, args=(word,))


def _repeated(word: str) -> Run | None:
    """The run that *Train it once more* started in this session, unless it was deleted since."""
    try:
        wanted = st.session_state.get(f"lesson_again_{word}")
        return jobs.lost(runs.read(wanted)) if wanted else None
    except ExplorerError:
        del st.session_state[f"lesson_again_{word}"]
        return None


def _again(word: str) -> None:
    """The same recipe again, to watch: on one machine the same numbers come out. A second click starts nothing."""
    repeated = _repeated(word)
    if repeated is not None and repeated.state in LIVE:
        return
    try:
        st.session_state[f"lesson_again_{word}"] = start(lesson_runs.recipe_of(word))
    except ExplorerError as error:
        st.session_state["lesson_error"] = str(error)


def _bar(word: str, run: FinishedRun) -> Bar:
    learns, random = bool(run.recipe.learns), run.recipe.weights == "random"
    return Bar(lesson_runs.NAMES[word], run.test or evidence.Score(0, 0), learns, random, run.grouped)


def _beside(made: dict[str, FinishedRun], key: str) -> None:
    """Accuracies with intervals, and the paired test of the second against the first."""
    (one, a), (two, b) = made.items()
    bars = [_bar(word, run) for word, run in made.items()]
    draw(partial(accuracies, bars, majority(a), group_of(a)), key)
    found = difference(a, b)
    gaps = [Gap("B − A", found)]
    draw(partial(differences, gaps, group_of(a)), f"{key}_gap", code=("explorer/evidence/pairs.py", "difference"))
    st.markdown(
        f"From “{lesson_runs.NAMES[one]}” (A) to “{lesson_runs.NAMES[two]}” (B): {difference_words(found, group_of(a))}"
    )


def borrowed(row: Backbone, weights: str, one: str, two: str) -> None:
    """Two runs, their accuracies, the paired test."""
    made = need_runs((one, two), f"lesson_{one}_{two}")
    on_what()
    if made is not None:
        _beside(made, f"lesson_beside_{one}_{two}")


def audits(row: Backbone, weights: str, one: str, two: str) -> None:
    """The freeze audits of two runs."""
    made = need_runs((one, two), f"lesson_audits_{one}_{two}")
    on_what()
    if made is None:
        return
    for word, run in made.items():
        audit = runs.audit(run.id)
        st.markdown(f"**{lesson_runs.NAMES[word]}** {audit_badge(audit.clean, audit.fault)}")
        st.table(audit_table(audit), hide_index=True, alt=f"Freeze audit of {lesson_runs.NAMES[word]}")
    explain(
        "Frozen stages must show exactly 0 in both columns of change. In the second table the weights do, the statistics do not.",
        "The audit compares bit by bit; it says that something stayed, not that freezing it was wise.",
    )


def still(row: Backbone, weights: str, word: str) -> None:
    """A run beside its start: the largest difference of any feature, and both on one map."""
    made = need_runs((word,), f"lesson_still_{word}")
    if made is None:
        return
    found = ask(BesideStartQuestion(run=made[word].id, method="pca"), "Before and after, bit by bit", height=420)
    if found is None:
        return
    n, points = len(found.map.labels), dict(zip(found.stages, found.largest, strict=True))
    st.table(
        {"Stage": list(points), f"Largest difference of any feature, {n} images": [f"{v:g}" for v in points.values()]},
        hide_index=True,
        alt="Per stage the largest difference between the features before and after",
    )
    draw(
        partial(projection_pair, found.map),
        "lesson_still_map",
        code=("explorer/course/compute/truths/looking.py", "before_and_after"),
    )


def rates(row: Backbone, weights: str, cool: str, hot: str) -> None:
    """Two runs that differ in the rate alone: curves and accuracies."""
    made = need_runs((cool, hot), f"lesson_rates_{cool}_{hot}")
    on_what()
    if made is None:
        return
    for word, run in made.items():
        rate = f"{run.recipe.backbone_rate:g}"
        st.markdown(f"**{lesson_runs.NAMES[word]}** (rate {rate}): {percent(run.test) if run.test else run.state}")
        draw(partial(curves, run.epochs, run.facts.get("chosen_epoch")), f"lesson_rates_{word}")
    _beside(made, f"lesson_rates_beside_{cool}")


def moved(row: Backbone, weights: str, one: str, two: str) -> None:
    """How far each stage moved in two runs, from the pre-trained weights (those of the probe): bars for each. Where both let
    the same stages learn, bars for the second alone, to be read against those of the first above, and the paired test."""
    made = need_runs(("probe", one, two), f"lesson_moved_{one}_{two}")
    on_what()
    if made is None:
        return
    same = _learns(made[one]) == _learns(made[two])
    for word in (two,) if same else (one, two):
        found = ask(CompareQuestion(a=made["probe"].id, b=made[word].id), "Comparing stage by stage", height=360)
        if found is not None:
            st.markdown(f"**{lesson_runs.NAMES[word]}**, against the frozen backbone")
            draw(partial(change_bars, found, _learns(made[word])), f"lesson_moved_{word}")
    if same:
        _beside({word: made[word] for word in (one, two)}, f"lesson_moved_beside_{one}_{two}")


def _learns(run: FinishedRun) -> frozenset[str]:
    return frozenset((*run.recipe.learns, "head"))
