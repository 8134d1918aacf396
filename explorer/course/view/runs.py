"""The lesson's runs as a reader meets them: nothing is shown before they asked for it, and nothing is trained twice."""

from collections.abc import Sequence

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import all_runs, error_box
from explorer.app.visitor import note_run
from explorer.app.words import result_words, safe_md
from explorer.course import lesson_runs
from explorer.course.view.progress import note_achievements
from explorer.errors import ExplorerError
from explorer.runs import FinishedRun, Run
from explorer.runs.life import ENDED_EARLY, LIVE
from explorer.runs.question import TrainQuestion
from explorer.training.view.following import progress, result_line
from explorer.training.view.starting import latest, start


def seen() -> set[str]:
    """The words of the runs that this reader asked for."""
    return st.session_state.setdefault("lesson_seen", set())


def find(word: str, among: Sequence[Run] | None = None) -> Run | None:
    """The lesson's run of this word, whoever made it: the reader's machine first, what ships where it takes long here."""
    everything, recipe = all_runs() if among is None else among, lesson_runs.recipe_of(word)
    own = latest(recipe, [run for run in everything if not run.sample])
    if word not in lesson_runs.SHIPPED or (own is not None and own.state not in ENDED_EARLY):
        return own
    return next((run for run in everything if run.sample and run.recipe == recipe), own)


def known(word: str, among: Sequence[Run]) -> FinishedRun | None:
    """The lesson's run of this word, of all runs, where it has finished and the reader asked for it."""
    run = find(word, among) if word in seen() else None
    return run if isinstance(run, FinishedRun) and run.test is not None else None


def need_runs(words: Sequence[str], key: str, at_once: bool = False) -> dict[str, FinishedRun] | None:
    """The lesson's runs of these words; None while they are trained, or before the reader pressed the button for it.

    With `at_once` there is no button: the reader has asked already, by committing an answer.
    """
    if at_once and not seen().issuperset(words):
        _ask(words)
    if "lesson_error" in st.session_state:
        error_box(st.session_state["lesson_error"], lambda: _ask(words), key=f"{key}_error")
        return None
    everything = all_runs()
    there = {word: find(word, everything) for word in words}
    if not seen().issuperset(words):
        _offer(words, there, key)
        return None
    wrong = [run for run in there.values() if run is not None and run.state in ENDED_EARLY]
    for run in wrong:
        st.markdown(f"**{lesson_runs.NAMES[_word_of(run, there)]}**")
        result_line(run, key=key)
    if wrong:
        return None
    if any(run is None for run in there.values()):  # deleted since
        _offer(words, there, key)
        return None
    made = {word: run for word, run in there.items() if run is not None}
    if any(run.state in LIVE for run in made.values()):
        _follow(made, key)
        return None
    note_achievements()
    _repeat(made, key)
    return {word: run for word, run in made.items() if isinstance(run, FinishedRun)}


def _word_of(run: Run, there: dict[str, Run | None]) -> str:
    return next(word for word, other in there.items() if other is run)


def _offer(words: Sequence[str], there: dict[str, Run | None], key: str) -> None:
    """The button that trains what is missing, or shows what ships, what somebody trained here before or trains just now."""
    states = {word: run.state if run is not None else "" for word, run in there.items()}
    missing = [word for word in words if states[word] in ("", *ENDED_EARLY)]
    live = any(state in LIVE for state in states.values())
    verb = "Train" if missing else "Watch" if live else "Show"
    names = " and ".join(lesson_runs.NAMES[word] for word in missing or words)
    st.button(
        f"{verb}: {names}",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{key}_train",
        on_click=_ask,
        args=(words,),
    )
    ships = [run for run in there.values() if run is not None and run.sample]
    long = any(word in lesson_runs.SHIPPED for word in missing)
    told = {
        "Train": "Some minutes on two processor cores: everything is trained."
        if long
        else "Seconds on two processor cores. Frozen stages run once per image.",
        "Watch": "Being trained on this machine just now.",
        "Show": "Trained on this machine before, with the same recipe; on one machine it would come out the same.",
    }
    st.caption(f"{_made(ships)} You can repeat it here." if verb == "Show" and ships else told[verb])


def _made(ships: Sequence[Run]) -> str:
    """That these runs ship, and what they took where they were made."""
    seconds = sum(float((run.facts.get("seconds") or {}).get("total") or 0) for run in ships)
    sample = ships[0].facts.get("sample") or {}
    where = safe_md(str(sample.get("machine") or "another machine"), 60)
    return f"Sample runs that ship with Thaw: trained in {seconds:.0f} s on {where}, {safe_md(str(sample.get('date', '')))}."


def _repeat(made: dict[str, Run], key: str) -> None:
    """Sample runs say so, and can be trained here instead."""
    ships = {word: run for word, run in made.items() if run.sample}
    if ships:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/inventory_2: {_made(list(ships.values()))}", width="content")
            st.button("Repeat it here", icon=":material/replay:", key=f"{key}_repeat", type="tertiary",
                      on_click=_train_here, args=(tuple(ships),))  # fmt: skip


def _train_here(words: Sequence[str]) -> None:
    """The same recipes on this machine; once they have finished, they are what is shown."""
    try:
        for word in words:
            start(lesson_runs.recipe_of(word))
    except ExplorerError as error:
        st.session_state["lesson_error"] = str(error)


def _ask(words: Sequence[str]) -> None:
    """Start what nobody started, take what is there, and count it as this reader's."""
    st.session_state.pop("lesson_error", None)
    try:
        for word in words:
            run = find(word)
            if run is None or run.state in ENDED_EARLY:
                start(lesson_runs.recipe_of(word))
            elif not run.sample:
                note_run(run.id)
            seen().add(word)
    except ExplorerError as error:
        st.session_state["lesson_error"] = str(error)


def _follow(made: dict[str, Run], key: str) -> None:
    """What has finished so far; a bar for each run under way, with a way to stop; the page is redrawn when one ends."""
    before = {word: run.state for word, run in made.items()}
    for word, run in made.items():
        if run.state == "finished":
            st.markdown(f"**{lesson_runs.NAMES[word]}.** {result_words(run)}")

    @st.fragment(run_every=0.7)
    def bars() -> None:
        try:
            now = {word: jobs.lost(runs.read(run.id)) for word, run in made.items()}
        except ExplorerError:  # one was deleted: the page offers to train it again
            st.rerun()
        if any(now[word].state not in LIVE and before[word] in LIVE for word in now):
            st.rerun()
        for word, run in now.items():
            if run.state in LIVE:
                share, phase = progress(run)
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.progress(share, text=f"{lesson_runs.NAMES[word]}: {phase}")
                    st.button(
                        "Stop", icon=":material/stop:", key=f"{key}_stop_{word}", on_click=jobs.cancel,
                        args=(TrainQuestion(run=run.id),),
                    )  # fmt: skip

    bars()
