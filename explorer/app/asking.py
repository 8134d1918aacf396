"""Ask the worker for a result: drawn at once where it is known, else a skeleton that polls. Runs and answers are cached here."""

import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import streamlit as st

from explorer import answers, jobs, runs, workspaces
from explorer.app.words import on_page, safe_md
from explorer.errors import ExplorerError
from explorer.home import stamp
from explorer.jobs import Answer
from explorer.jobs.pausing import paused
from explorer.jobs.wishes import others_wish, wish
from explorer.question import A, Question
from explorer.runs import FinishedRun, Predictions, Run, names
from explorer.runs.life import FINAL

OFTEN = 10.0  # seconds between two notes that somebody waits for the same answer
PATIENCE = 0.6  # seconds a page waits for quick answers, all of them together, before it shows a skeleton
PAUSE = 1.0  # seconds without waiting after which it is another drawing of the page that waits


def owner() -> str:
    """Who asks, by which the queue shares the worker fairly: the workspace on a shared server, else this browser session."""
    return workspaces.viewer() or st.session_state.setdefault("owner", secrets.token_hex(8))


def _version(path: Path) -> str:
    """A file as it is now, in one text: of a Path, Streamlit's caches take 0.4 ms to make a key, of a text 0.1."""
    return f"{path} {stamp(path)}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _load(version: str, _path: Path) -> Any:
    return answers.load(_path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_pictures(version: str, _path: Path) -> Any:
    return answers.load(_path)


def pictures_of(path: Path) -> Any:
    """The gallery in this file. Raises ExplorerError or OSError where it cannot be read."""
    return _load_pictures(_version(path), path)


@st.cache_resource(show_spinner=False)
def _ended() -> dict[tuple[str, int, str, int], Run]:
    """Runs that cannot change any more, by folder and when it and their name were written; a dict, since thirty visitors list
    hundreds."""
    return {}


@st.cache_resource(max_entries=256, show_spinner=False)
def _predictions(version: str, _run: str) -> Predictions:
    return runs.predictions(_run)


def all_runs() -> list[Run]:
    """All runs, the latest first, and after them those that ship; those that cannot change any more are read once."""
    root, known, found = runs.runs_folder(), _ended(), []
    for folder in [*(str(root / name) for name in runs.here()), *map(str, runs.samples())]:
        naming = names.file_of(Path(folder).name)
        key = folder, stamp(Path(folder, "run.json")), str(naming), stamp(naming)
        run = known.get(key)
        if run is None:
            try:
                run = runs.read(Path(folder).name)
            except ExplorerError:
                continue  # not a run, or deleted between the listing and the reading
            if run.state in FINAL:
                known[key] = run
        found.append(run)
    if len(known) > 2 * len(found) + 1000:  # many were deleted
        known.clear()
    return sorted(found, key=lambda run: (not run.sample, run.created, run.id), reverse=True)


def finished() -> list[FinishedRun]:
    """The runs that can be looked at, the latest first."""
    return [run for run in all_runs() if isinstance(run, FinishedRun)]


def predictions(run: str) -> Predictions:
    """What a run said of its test images."""
    return _predictions(_version(runs.folder(run) / "predictions.csv"), run)


def majority(run: FinishedRun) -> float | None:
    """What always naming the largest class gets right of a run's test images; None where its predictions cannot be read."""
    if run.majority is not None:
        return run.majority
    with suppress(ExplorerError):
        return predictions(run.id).majority
    return None


def error_box(message: str, retry: Callable[[], None] | None = None, key: str = "retry") -> None:
    """What went wrong, in words, with a button to try again where that may help."""
    with st.container(border=True):
        st.error(safe_md(on_page(message), 3000), icon=":material/error:")
        if retry is not None:
            st.button("Try again", icon=":material/refresh:", on_click=retry, key=f"{key}_retry")


def ask(question: Question[A], what: str, height: int = 320, soon: bool = False) -> A | None:
    """The answer to a question; None while it is computed (a skeleton is shown and the page redrawn) or where it failed.

    `height` in pixels is what the result will take; 0 shows a line of progress only. `soon` says that most such answers
    come at once, so that a line of progress would only flicker.
    """
    answer = jobs.result(question, owner())
    if answer.waiting:
        await_too(question.key)
    if answer.waiting and not answer.ahead and (height or soon) and jobs.alive().state == "ready":
        with st.skeleton(height=height) if height else nullcontext():
            answer = _patiently(question, answer)
    if answer.state == "done":
        return _value(question)
    if answer.waiting:
        _wait(question, what, height)
    else:
        words = answer.error or f"{what}: cancelled."
        error_box(words, lambda: again(question), key=f"ask_{question.key}")
    return None


def _patiently(question: Question[A], answer: Answer[A]) -> Answer[A]:
    """Most looks take less than a second: waiting that long here avoids a flicker. A page that asks much waits no longer than one
    that asks once."""
    began, (last, spent) = time.monotonic(), st.session_state.get("waited", (0.0, 0.0))
    end = began + PATIENCE - (spent if began - last < PAUSE else 0.0)
    while answer.waiting and time.monotonic() < end:
        time.sleep(0.05)
        answer = jobs.status(question) or answer
    now = time.monotonic()
    st.session_state["waited"] = now, PATIENCE - max(0.0, end - now)
    return answer


def stored(question: Question[A]) -> A:
    """An answer that is there, read once for all visitors. Raises ExplorerError or OSError where it cannot be read."""
    load, path = _load_pictures if question.large else _load, question.path  # pictures weigh megabytes: fewer are kept
    return load(_version(path), path)


def _value(question: Question[A]) -> A | None:
    try:
        return stored(question)
    except (ExplorerError, OSError) as error:
        error_box(str(error), lambda: again(question), key=f"ask_{question.key}")
        return None


def again(question: Question[Any]) -> None:
    """Forget the answer and ask again."""
    with suppress(OSError):  # an answer that ships may lie where nobody writes
        question.path.unlink(missing_ok=True)
    jobs.result(question, owner(), retry=True)


def _wait(question: Question[Any], what: str, height: int) -> None:
    @st.fragment(run_every=1.0)
    def poll() -> None:
        answer = jobs.status(question)
        if answer is None or not answer.waiting:
            st.rerun()
        await_too(question.key)
        with st.container(border=True):
            st.progress(min(max(answer.progress, 0.0), 1.0), text=waiting_words(answer, what))
            if height:
                st.skeleton(height=height)
            st.button(
                "Cancel", icon=":material/close:", key=f"cancel_{question.key}", on_click=_cancel, args=(question,)
            )

    poll()


def await_too(key: str) -> None:
    """Say now and then that this visitor waits for it: a look that nobody waits for is not computed. What is no question's key
    names several looks at once, which go on whoever leaves."""
    said = st.session_state.setdefault("wished", {})
    if time.monotonic() - said.get(key, -OFTEN) >= OFTEN:
        said[key] = time.monotonic()
        wish(key, owner())


def others_await(key: str) -> bool:
    """Whether somebody else waits for it too, so that it is not this visitor's to end; says so."""
    if found := others_wish(key, owner()):
        st.toast("Somebody else is waiting for the same answer, so it goes on. You can leave the page.")
    return found


def _cancel(question: Question[Any]) -> None:
    """End a look, unless somebody else waits for the same answer."""
    if not others_await(question.key):
        jobs.cancel(question)


def waiting_words(answer: Answer[Any], what: str) -> str:
    """One line on how a task stands, e.g. `One shared map: 2 tasks ahead`."""
    if answer.state == "queued":
        state = jobs.alive().state
        if state == "warming":
            return f"{what}: waits while the worker warms up"
        if state == "gone":
            return f"{what}: waits for the worker to start"
        if answer.question.lane == "train" and paused():
            return f"{what}: paused by the presenter"
        return f"{what}: {answer.ahead} before it" if answer.ahead else f"{what}: starts now"
    return f"{what}: {safe_md(answer.message)}" if answer.message else f"{what}: working"
