"""Runs while they happen: start, follow, stop, and what the home page's three runs stand at."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import error_box, finished, majority, owner, waiting_words
from explorer.app.drawing import draw
from explorer.app.labels import backbone_words, data_words, run_labels
from explorer.app.mine import own_runs
from explorer.app.visitor import note_run
from explorer.app.words import (
    frozen_first,
    group_of,
    grouped_words,
    plain,
    result_words,
    safe_md,
    short_title,
    state_badge,
    strategy_mark,
)
from explorer.errors import ExplorerError
from explorer.jobs import Answer
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, KnownRun, Run
from explorer.runs.life import ENDED_EARLY, LIVE
from explorer.runs.question import TrainQuestion
from explorer.training.figures.curves import curves
from explorer.training.view.keeping import name_run
from explorer.training.view.starting import ANCHOR, show, start
from explorer.training.view.timing import live_words

CODE = ("explorer/training/compute/scoring.py", "score_epoch")
SMALL = {2: "Two", 3: "Three"}
OFTEN = 1.0  # seconds between two looks at a run that is under way or next
SELDOM = 3.0  # … that has others before it, as most have in a class


def pick_followed(known: Sequence[Run]) -> Run:
    """The run that the Train page shows, by its id: the one that the address names or the visitor chose, else the latest that
    they started, else the latest (of sample runs, one in which a stage learned); with a picker of all."""
    by_id = {run.id: run for run in known}
    named = st.query_params.get("run", "")
    if named and named != st.session_state.get("following_said"):
        st.session_state["following"] = named
    if (wanted := st.session_state.get("following")) not in by_id:
        own = [run for run in reversed(own_runs()) if run in by_id]
        telling = (run for run in known if not run.sample or (run.recipe and run.recipe.tuned))
        shown = by_id[own[0]] if own else next(telling, known[0])
        if wanted:
            text = f"There is no run {plain(wanted)} here (any more): it may have been deleted. Showing {shown.name}."
            st.warning(safe_md(text), icon=":material/link_off:")
        st.session_state["following"] = shown.id
    labels = run_labels(known, scored=False)
    chosen = st.selectbox(
        "Run", list(by_id), key="following", format_func=labels.__getitem__, persist_state="session",
        help="All runs, latest first.",
    )  # fmt: skip
    if named != chosen:
        st.query_params["run"] = chosen
    st.session_state["following_said"] = chosen
    return by_id[chosen]


def run_card(run: Run) -> None:
    """One run: its name, what it is, and how it goes."""
    with st.container(horizontal=True, vertical_alignment="center"):
        badge = "" if run.state in LIVE else f" {state_badge(run.state)}"
        st.subheader(f"{safe_md(run.name)}{badge}", anchor=ANCHOR, width="content")
        name_run(run)
    if isinstance(run, KnownRun):
        recipe = run.recipe
        size = "all images" if recipe.per_class is None else f"{recipe.per_class} images a class"
        parts = [data_words(recipe), backbone_words(recipe), short_title(recipe), size, f"seed {recipe.seed}"]
        parts += [f"head reads {run.facts['reads']}"] if run.facts.get("reads") else []
        st.caption(f"{strategy_mark(recipe)} · {safe_md(' · '.join(parts))}")
    if run.named.note:
        st.caption(f":material/sticky_note_2: {safe_md(run.named.note)}")
    follow(run.id, titled=False)


def progress(run: Run) -> tuple[float, str]:
    """How far a run is, in [0, 1], and its phase in words."""
    if run.state == "finished":
        return 1.0, "finished"
    return _progress(run, jobs.status(TrainQuestion(run=run.id)))


def _progress(run: Run, answer: Answer[Any] | None) -> tuple[float, str]:
    if answer is None or not answer.waiting:  # the command line carries it out
        share = len(run.epochs) / run.recipe.epochs if run.recipe else 0.0
        return min(share, 1.0), f"From the command line: {safe_md(str(run.facts.get('phase') or run.state))}"
    phase = str(run.facts.get("phase") or answer.message or "")
    words = waiting_words(answer, "In the queue") if answer.state == "queued" else safe_md(phase) or "working"
    return min(max(answer.progress, 0.0), 1.0), words


def follow(run_id: str, titled: bool = True) -> None:
    """A run as it happens: progress, live curves and a stop button; its result line once it is over."""
    run = jobs.lost(runs.read(run_id))  # it may have ended since it was listed
    if run.state in LIVE:
        near = _near(jobs.status(TrainQuestion(run=run_id)))
        st.fragment(_live, run_every=OFTEN if near else SELDOM)(run_id, {}, finished(), near)
        return
    if titled:
        st.markdown(f"{state_badge(run.state)} {safe_md(run.title)}")
    result_line(run)
    if run.epochs:
        draw(
            partial(curves, run.epochs, run.facts.get("chosen_epoch"), run.majority_on_validation),
            f"curves_{run.id}",
            code=CODE,
        )


def _near(answer: Answer[Any] | None) -> bool:
    """Whether a run is under way, or begins next."""
    return answer is None or not answer.ahead


def _live(run_id: str, totals: dict[str, float], known: Sequence[FinishedRun], near: bool) -> None:
    """The run now; `near` says that it was under way, or next, when the page was drawn."""
    try:
        run = jobs.lost(runs.read(run_id))
        answer = jobs.status(TrainQuestion(run=run_id))
    except ExplorerError:  # deleted meanwhile: the page says so once, not with every tick
        st.rerun()
    if run.state not in LIVE or near < _near(answer):
        st.rerun()
    done, words = _progress(run, answer)
    queued = answer is not None and answer.waiting
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done, text=live_words(run, words, answer, totals, known))
        st.button(
            "Stop",
            icon=":material/stop:",
            key=f"stop_{run_id}",
            on_click=jobs.cancel,
            args=(TrainQuestion(run=run_id),),
            disabled=not queued,
            help=None if queued else "The command line carries it out: press Ctrl+C there.",
        )
    if run.epochs:
        draw(partial(curves, run.epochs, None, run.majority_on_validation), f"live_{run_id}", code=CODE)
    else:
        st.caption(f"Curves appear with the first epoch.{frozen_first([run.recipe] if run.recipe else [])}")
        st.skeleton(height=300)


def result_line(run: Run, retry: bool = True, key: str = "run") -> None:
    """How a run ended: the result in one line, or why it did not get there, with a button to run it again. `key` tells two
    such lines of one page apart."""
    again = run if retry and isinstance(run, KnownRun) else None
    if isinstance(run, FinishedRun):
        st.markdown(result_words(run))
        if run.grouped is not None:
            st.caption(f":material/photo_library: {grouped_words(run.grouped, group_of(run))}")
        for said in runs.cautions(run, majority(run)):
            st.warning(safe_md(said, 500), icon=":material/warning:")
        if run.facts.get("note"):
            st.caption(f":material/info: {safe_md(str(run.facts['note']), 600)}")
        skipped = run.facts.get("skipped") or ()
        if skipped:
            st.caption(f":material/image_not_supported: {len(skipped)} files were skipped; the Runs page lists them.")
    elif run.state == "stopped":
        kept = (
            "Everything measured so far is kept."
            if run.epochs
            else "It had not finished an epoch, so nothing was measured."
        )
        st.info(f"Stopped on request. {kept}", icon=":material/stop:")
        if again is not None:
            _resume_button(again, key)
            _retry_button(again, key)
    elif run.state in ENDED_EARLY:
        reason = run.error or "The run did not finish: the worker or the machine stopped."
        if again is not None:
            _resume_button(again, key)
        error_box(reason, (lambda: _again(again.recipe)) if again else None, key=f"{key}_{run.id}")
    else:
        done, words = progress(run)
        st.progress(done, text=words)


def _resume_button(run: KnownRun, key: str) -> None:
    """Resume from the checkpoint; the numbers are those of a run that was never interrupted."""
    if runs.resumable(run.id):
        st.button(
            "Resume from checkpoint",
            icon=":material/resume:",
            key=f"{key}_{run.id}_resume",
            on_click=_resume,
            args=(run.id,),
        )


def _resume(run: str) -> None:
    try:
        jobs.resume(run, owner())
        note_run(run)
        show(run, "resumes from its checkpoint")
    except ExplorerError as error:
        st.session_state["training_error"] = str(error)


def _retry_button(run: KnownRun, key: str) -> None:
    again = f"{key}_{run.id}_again"
    st.button("Run it again", icon=":material/refresh:", key=again, on_click=lambda: _again(run.recipe))


def _again(recipe: Recipe) -> None:
    try:
        show(start(recipe), "is in the queue")
    except ExplorerError as error:
        st.session_state["training_error"] = str(error)


def home_progress(found: Sequence[Run], names: Sequence[str]) -> None:
    """One bar over several runs while any of them is under way; the page is redrawn when one ends."""
    before = [run.state for run in found]

    @st.fragment(run_every=1.0)
    def bars() -> None:
        now = [jobs.lost(runs.read(run.id)) for run in found]
        if any(run.state != state for run, state in zip(now, before, strict=True) if run.state not in LIVE):
            st.rerun()
        parts = [progress(run) if run.state in LIVE else (1.0, run.state) for run in now]
        live = next((i for i, run in enumerate(now) if run.state == "running"), None)
        words = f"{names[live]}: {parts[live][1]}" if live is not None else parts[0][1]
        st.progress(sum(p for p, _ in parts) / len(parts), text=f"{SMALL[len(found)]} small runs, once. {words}")
        marks = [f"{name} {state_badge(run.state)}" for name, run in zip(names, now, strict=True)]
        st.markdown(" · ".join(marks))

    bars()
