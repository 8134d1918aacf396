"""Live parts of the lesson's last step: how few images are enough here, and what to try on one's own."""

from functools import partial
from typing import Any

import streamlit as st

from explorer import jobs
from explorer.app.asking import ask, await_too, error_box, others_await, owner
from explorer.app.drawing import draw
from explorer.app.links import linked
from explorer.bundle import page_file
from explorer.catalogue import DATASETS, STRATEGIES, Backbone
from explorer.catalogue.datasets import short
from explorer.course import lesson_runs
from explorer.course.figures.lessons import small_curve
from explorer.course.lesson_runs import ADVICE, CURVE_ARMS, CURVE_SEEDS, CURVE_SETS, CURVE_SIZES, LIKENESS, amount_of
from explorer.course.question.live import CurvePoint, CurvePointQuestion
from explorer.experiments.view.advising import advise, advised_set
from explorer.question import Question

_HERE = "lesson_curve"


def tasks_of(dataset: str) -> list[Question[Any]]:
    """Every point of the curve, the cheapest first, so that both lines grow together."""
    points = ((k, seed, arm) for k in CURVE_SIZES for seed in CURVE_SEEDS for arm in CURVE_ARMS)
    return [CurvePointQuestion(dataset=dataset, per_class=k, arm=arm, seed=seed) for k, seed, arm in points]


def computed(dataset: str) -> list[CurvePoint]:
    """The points that are there, without asking for any."""
    found = []
    for task in tasks_of(dataset):
        if task.path.is_file() and (point := ask(task, "A point")) is not None:
            found.append(point)
    return found


def pick_curve() -> str:
    """The data set of the curve."""
    return st.session_state.get("lesson_curve_set") or next(iter(CURVE_SETS))


def asked_for() -> set[str]:
    """The data sets whose curve this reader asked for."""
    return st.session_state.setdefault("lesson_curves", set())


def curve(row: Backbone, weights: str) -> None:
    """The small curve: it grows while its trainings run, one after the other."""
    st.segmented_control(
        "Images", list(CURVE_SETS), default=next(iter(CURVE_SETS)), required=True, key="lesson_curve_set",
        persist_state="session", format_func=lambda name: DATASETS[name].title,
    )  # fmt: skip
    dataset = pick_curve()
    points, wanted = computed(dataset), tasks_of(dataset)
    st.caption(
        f"Built-in ResNet-10: {len(CURVE_SIZES)} sizes × {len(CURVE_SEEDS)} seeds × {len(CURVE_ARMS)} arms = {len(wanted)} "
        f"small trainings of about {lesson_runs.CURVE_STEPS} steps. {DATASETS[dataset].note}"
    )
    if len(points) == len(wanted) and dataset in asked_for():
        _draw(points, dataset)
        return
    states = [jobs.status(task) for task in wanted]
    waiting = [task for task, state in zip(wanted, states, strict=True) if state is not None and state.waiting]
    wrong = next((state.error for state in states if state is not None and state.state == "failed"), "")
    if wrong and dataset in asked_for():
        error_box(wrong, lambda: _begin(dataset, retry=True), key=_HERE)
    if waiting and dataset in asked_for():
        _grow(dataset, wanted)
        return
    _offer(dataset, points, bool(waiting))


def _offer(dataset: str, points: list[CurvePoint], waiting: bool) -> None:
    """What the reader has of the curve, and the button that begins it, goes on, or shows what others had computed here."""
    count, own = len(tasks_of(dataset)), dataset in asked_for()
    if points and own:
        _draw(points, dataset)
    words = f"Compute the curve ({count} small trainings)"
    if len(points) == count:
        words = "Show the curve"
    elif waiting:
        words = "Watch the curve grow"
    elif points:
        words = "Go on" if own else f"Compute the rest of the curve ({count - len(points)} small trainings)"
    st.button(words, type="primary", icon=":material/play_arrow:", key="lesson_curve_start", on_click=_begin,
              args=(dataset, True))  # fmt: skip
    if points and not own:
        st.caption(f"{len(points)} of {count} points were computed on this machine before.")


def _watched(dataset: str) -> str:
    """What readers say that they wait for who watch the curve of a data set."""
    return f"curve of {dataset}"


def _begin(dataset: str, retry: bool = False) -> None:
    asked_for().add(dataset)
    for task in tasks_of(dataset):
        jobs.result(task, owner(), retry=retry)


def _stop(dataset: str) -> None:
    """End the small trainings, unless another reader watches the same curve; then this one alone stops watching."""
    if others_await(_watched(dataset)):
        asked_for().discard(dataset)
        return
    for task in tasks_of(dataset):
        state = jobs.status(task)
        if state is not None and state.waiting:
            jobs.cancel(task)


def _grow(dataset: str, wanted: list[Question[Any]]) -> None:
    """The points so far, redrawn as they come."""

    @st.fragment(run_every=1.0)
    def grow() -> None:
        await_too(_watched(dataset))
        points = computed(dataset)
        if not any(state is not None and state.waiting for state in map(jobs.status, wanted)):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(len(points) / len(wanted), text=f"{len(points)} of {len(wanted)} points")
            st.button("Stop", icon=":material/stop:", key="lesson_curve_stop", on_click=_stop, args=(dataset,))
        if points:
            _draw(points, dataset)
        else:
            st.skeleton(height=430)

    grow()


def _draw(points: list[CurvePoint], dataset: str) -> None:
    draw(partial(small_curve, points, CURVE_SIZES), f"lesson_curve_{dataset}")


def decide(row: Backbone, weights: str) -> None:
    """How many images, how like the source: what to race on one's own, with a from-scratch arm."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        images = st.number_input(
            "My training images per class", 1, 100_000, 40, key="lesson_own_images", persist_state="session", width=240
        )
        like = st.selectbox(
            "My images are", list(LIKENESS), key="lesson_own_like", persist_state="session", width=420,
            format_func=lambda name: LIKENESS[name],
        )  # fmt: skip
    names, why = ADVICE[amount_of(int(images)), like]
    st.markdown(linked(f"**Race these:** {', '.join(STRATEGIES[name].title for name in names)}.  \n{why}"))
    if row.normalisation == "batch":
        st.markdown(
            linked(
                "**Keep BatchNorm's statistics** in the stages that you tune (the default here): on images unlike "
                "the pre-training ones batch statistics can cost more than fine-tuning gains. *What to freeze* "
                "measures how far yours are."
            )
        )
    st.caption(
        "A starting point, not a verdict: a race on your own images, scored on test images that nothing else "
        "touched, decides."
    )
    chosen = advised_set()
    if chosen:
        st.markdown(f"**Measured instead of guessed**, on the set that you chose ({short(chosen['dataset'])}):")
        advise({"backbone": row.name, "weights": weights} | chosen, int(images), "lesson")
    if st.button("Set up this race", icon=":material/flag:", key="lesson_to_race"):
        st.session_state["race_strategies"] = list(names)
        st.session_state["train_per_class"] = int(images)
        st.session_state["race_form"] = True
        st.switch_page(page_file("race"))
