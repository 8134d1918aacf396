"""Live parts of the lesson in which runs are made and held against each other."""

from functools import partial

import streamlit as st

from explorer import evidence, jobs, runs
from explorer.app.asking import all_runs, ask, majority
from explorer.app.drawing import draw, explain
from explorer.app.figures.accuracies import Bar, Gap, accuracies, differences
from explorer.app.words import audit_badge, difference_words, group_of, percent, result_words
from explorer.catalogue import DATASETS, Backbone
from explorer.course import lesson_runs
from explorer.course.question.live import BesideStartQuestion
from explorer.course.view.runs import find, need_runs, seen
from explorer.errors import ExplorerError
from explorer.looks.pair.view.choosing import difference
from explorer.looks.projection.figures.still import projection_pair
from explorer.looks.similarity.figures.change import change_bars
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.runs import FinishedRun, Run
from explorer.runs.life import LIVE
from explorer.training.figures.curves import curves
from explorer.training.view.following import follow
from explorer.training.view.live import live_probe, live_switch
from explorer.training.view.starting import start
from explorer.training.view.tables import audit_table
from explorer.worlds.view.two_worlds import decision, sample_pairs


def on_what(*words: str) -> None:
    """What the lesson's runs are trained on; they do not follow the chosen backbone."""
    told = []
    for recipe in map(lesson_runs.recipe_of, words):
        many = "all training images" if recipe.per_class is None else f"{recipe.per_class} training images per class"
        told.append(f"{DATASETS[recipe.dataset].title.lower()}, {many}, {recipe.preprocessing.crop} px")
    st.caption(f"Built-in ResNet-10 on {'; '.join(dict.fromkeys(told))}.")


def train(row: Backbone, weights: str, word: str) -> bool:
    """Train one of the lesson's runs, with its curves as they come."""
    run = find(word) if word in seen() else None
    for wanted in (_repeated(word), run):
        if wanted is not None and wanted.state in LIVE:
            follow(wanted.id)
            return False
    made = need_runs((word,), f"lesson_{word}")
    on_what(word)
    if made is None:
        return False
    st.markdown(f"**{lesson_runs.NAMES[word]}.** {result_words(made[word])}")
    _curves(made[word], f"lesson_curves_{word}")
    st.button("Train it once more", icon=":material/refresh:", key=f"lesson_more_{word}", on_click=_again, args=(word,))
    return True


def few(row: Backbone, weights: str, word: str) -> None:
    """The live probe on the pictures of one of the lesson's runs: how few images are enough?"""
    if live_switch("few"):
        live_probe(lesson_runs.recipe_of(word), "few")


def _curves(run: Run, key: str) -> None:
    draw(partial(curves, run.epochs, run.facts.get("chosen_epoch"), run.majority_on_validation), key)


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
    learns, random = run.recipe.tuned, run.recipe.drawn
    return Bar(lesson_runs.NAMES[word], run.test or evidence.Score(0, 0), learns, random, run.grouped)


def _beside(made: dict[str, FinishedRun], key: str) -> None:
    """Accuracies with intervals, and the paired test of the second against the first."""
    (one, a), (two, b) = made.items()
    bars = [_bar(word, run) for word, run in made.items()]
    draw(partial(accuracies, bars, majority(a), group_of(a)), key)
    gap = difference(a, b)
    gaps = [Gap("B − A", gap)]
    draw(partial(differences, gaps, group_of(a)), f"{key}_gap", code=("explorer/evidence/pairs.py", "difference"))
    st.markdown(
        f"From “{lesson_runs.NAMES[one]}” (A) to “{lesson_runs.NAMES[two]}” (B): {difference_words(gap, group_of(a))}"
    )


def beside(row: Backbone, weights: str, one: str, two: str) -> bool:
    """Two runs, their accuracies, the paired test."""
    made = need_runs((one, two), f"lesson_{one}_{two}")
    on_what(one, two)
    if made is not None:
        _beside(made, f"lesson_beside_{one}_{two}")
    return made is not None


def worlds(row: Backbone, weights: str) -> bool:
    """The home page's two worlds beside each other: what tuning changes in each, and what follows. Sample runs where they
    ship, for the numbers to be those of the home page."""
    words = {"Photo patches: last stage tuned − frozen": ("probe", "last_stage"),
             "Shapes: everything tuned − frozen": ("far_probe", "far_full")}  # fmt: skip
    pairs = list(sample_pairs(all_runs()).values())
    if not pairs:
        made = need_runs([word for pair in words.values() for word in pair], "lesson_worlds")
        if made is None:
            return False
        pairs = [(made[a], made[b]) for a, b in words.values()]
    gaps = [Gap(title, difference(a, b)) for title, (a, b) in zip(words, pairs, strict=True)]
    code = ("explorer/evidence/pairs.py", "difference")
    draw(partial(differences, gaps, group_of(pairs[0][0])), "lesson_worlds_gaps", code=code)
    for gap, (a, b) in zip(gaps, pairs, strict=True):
        said = f"{decision(gap.difference, _seconds(b) / max(_seconds(a), 0.1))} {difference_words(gap.difference, group_of(a))}"
        st.markdown(f"**{gap.label.partition(':')[0]}.** {said}")
    on_what("probe", "far_probe")
    return True


def _seconds(run: FinishedRun) -> float:
    return float((run.facts.get("seconds") or {}).get("total") or 0)


def audits(row: Backbone, weights: str, one: str, two: str) -> bool:
    """The freeze audits of two runs."""
    made = need_runs((one, two), f"lesson_audits_{one}_{two}")
    on_what(one, two)
    if made is None:
        return False
    for word, run in made.items():
        audit = runs.audit(run.id)
        st.markdown(f"**{lesson_runs.NAMES[word]}** {audit_badge(audit.clean, audit.fault)}")
        st.table(audit_table(audit), hide_index=True, alt=f"Freeze audit of {lesson_runs.NAMES[word]}")
    explain(
        "Frozen stages must show exactly 0 in both columns of change. In the second table the weights do, the statistics do not.",
        "The audit compares bit by bit; it says that something stayed, not that freezing it was wise.",
    )
    return True


def still(row: Backbone, weights: str, word: str) -> bool:
    """A run beside its start: the largest difference of any feature, and both on one map."""
    made = need_runs((word,), f"lesson_still_{word}")
    if made is None:
        return False
    stayed = ask(BesideStartQuestion(run=made[word].id, method="pca"), "Before and after, bit by bit", height=420)
    if stayed is None:
        return True
    n, points = len(stayed.map.labels), dict(zip(stayed.stages, stayed.largest, strict=True))
    st.table(
        {"Stage": list(points), f"Largest difference of any feature, {n} images": [f"{v:g}" for v in points.values()]},
        hide_index=True,
        alt="Per stage the largest difference between the features before and after",
    )
    draw(
        partial(projection_pair, stayed.map),
        "lesson_still_map",
        code=("explorer/course/compute/truths/looking.py", "before_and_after"),
    )
    return True


def rates(row: Backbone, weights: str, cool: str, hot: str) -> bool:
    """Two runs that differ in the rate alone: curves and accuracies."""
    made = need_runs((cool, hot), f"lesson_rates_{cool}_{hot}")
    on_what(cool, hot)
    if made is None:
        return False
    for word, run in made.items():
        rate = f"{run.recipe.backbone_rate:g}"
        st.markdown(f"**{lesson_runs.NAMES[word]}** (rate {rate}): {percent(run.test) if run.test else run.state}")
        _curves(run, f"lesson_rates_{word}")
    _beside(made, f"lesson_rates_beside_{cool}")
    return True


def moved(row: Backbone, weights: str, one: str, two: str) -> bool:
    """How far each stage of the second run moved from the first, whose backbone is frozen or learned in another way; between
    two that let the same stages learn, the paired test too."""
    made = need_runs((one, two), f"lesson_moved_{one}_{two}")
    on_what(one, two)
    if made is None:
        return False
    a, b = made[one], made[two]
    changed = ask(CompareQuestion(a=a.id, b=b.id), "Comparing stage by stage", height=360)
    if changed is not None:
        st.markdown(f"**{lesson_runs.NAMES[two]}**, against “{lesson_runs.NAMES[one]}”")
        draw(partial(change_bars, changed, _learns(b)), f"lesson_moved_{one}_{two}")
        st.caption(
            "Change: the length of the difference of a stage's weights, as a share of the length of the weights before. At "
            "100 % the way is as long as what was there; it can be longer."
        )
    if _learns(a) == _learns(b):
        _beside(made, f"lesson_moved_beside_{one}_{two}")
        for word, run in made.items():
            if words := not_yet(run):
                st.warning(f"**{lesson_runs.NAMES[word]}.** {words}", icon=":material/info:")
    return True


def not_yet(run: FinishedRun) -> str:
    """Where a strategy thaws stages later, and the epoch that was best on validation images lies before: that what is shown
    was never tuned; empty where it was."""
    every, kept = run.recipe.unfreeze_every, run.facts.get("chosen_epoch")
    if not every or not isinstance(kept, int) or kept > every:
        return ""
    return (
        f"Epoch {kept} of {run.recipe.epochs} was best on the validation images and was kept. The backbone is unfrozen "
        f"after epoch {every}: what you see here is a trained head on a backbone that has not moved."
    )


def _learns(run: FinishedRun) -> frozenset[str]:
    return frozenset((*run.recipe.trainable, "head"))
