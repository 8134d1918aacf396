"""Many visitors at once: what all of them are shown is made once, and looked at once."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import jobs
from explorer.app import asking, drawing, fingerprint
from explorer.app.figures.checked import CheckedFigure
from explorer.app.figures.figure import Figure
from explorer.app.figures.style import tint
from explorer.texts import glossary


@dataclass(frozen=True)
class Found:
    """An answer as the worker gives one."""

    points: np.ndarray
    names: tuple[str, ...] = ("a", "b")


def test_equal_arguments_have_one_fingerprint_and_others_another() -> None:
    points = np.arange(6.0).reshape(2, 3)
    found = Found(points)
    values: list[Any] = [
        0, False, 0.0, "0", b"0", None, (), [], {}, (0,), [0], {"a": 0}, {0: "a"}, {"b": 0}, frozenset({1}), Path("a"),
        points, points.T, points.ravel(), points.astype(np.float32), points + 1, np.float64(0), ("ab", "c"), ("a", "bc"),
        found, Found(points + 1), replace(found, names=("a",)), [found], (found, 1),
        np.array(["a", None], dtype=object),
    ]  # fmt: skip
    names = [fingerprint.fingerprint(value) for value in values]
    assert len(set(names)) == len(values)
    assert names == [fingerprint.fingerprint(value) for value in values]
    assert fingerprint.fingerprint(Found(points.copy())) == fingerprint.fingerprint(found)
    with pytest.raises(fingerprint.Unknown):
        fingerprint.fingerprint([lambda: 0])


def test_an_answer_that_was_seen_is_not_read_again_and_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Found(np.zeros(3))
    before = fingerprint.fingerprint(found)
    known = len(fingerprint._KNOWN)
    monkeypatch.setattr(fingerprint, "_RULES", ((str, fingerprint._of_plain), (tuple, fingerprint._of_row)))
    assert fingerprint.fingerprint(found) == before, "its array is known"
    del found
    assert len(fingerprint._KNOWN) == known - 1


def test_a_figure_is_built_once_and_made_a_dictionary_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def plan(found: Found, odd: Any = None) -> Figure:
        built.append(found)
        return Figure().add_scatter(x=found.points, y=found.points)

    drawing._kept.clear()
    first = drawing._drawn(partial(plan, Found(np.arange(3))), False, False, False)
    second = drawing._drawn(partial(plan, Found(np.arange(3))), False, False, False)
    assert first is second and len(built) == 1 and isinstance(first, CheckedFigure)
    assert first.to_dict() is first.to_dict()
    again = tint(Figure().add_scatter(x=np.arange(3), y=np.arange(3)), dark=False)
    assert first.to_dict() == again.checked().to_dict()
    assert drawing._drawn(partial(plan, Found(np.arange(3))), True, False, False) is not first, "in another ink"
    drawing._drawn(partial(plan, Found(np.arange(3)), odd=print), False, False, False)
    assert len(built) == 3, "what has no fingerprint is drawn anew"


def test_texts_are_looked_at_by_one_visitor_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.md"
    file.write_text("one")
    monkeypatch.setattr(glossary, "FRESH", 0.0)
    first = glossary._stamp(tmp_path)
    file.write_text("three")
    with glossary._LOOKING:
        assert glossary._stamp(tmp_path) == first, "somebody else looks now"
    assert glossary._stamp(tmp_path) not in (first, 0)
    assert glossary._stamp(tmp_path / "none") == 0


def test_a_page_that_asks_much_waits_no_longer_than_one_that_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waiting = [100.0], SimpleNamespace(waiting=True)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    monkeypatch.setattr(asking, "PATIENCE", 0.6)
    monkeypatch.setattr(asking.jobs, "status", lambda question: waiting)
    monkeypatch.setattr(asking.st, "session_state", {})

    def waited(times: int) -> float:
        began = clock[0]
        for _ in range(times):
            assert asking._patiently(SimpleNamespace(), waiting) is waiting
            clock[0] += 0.1  # what is drawn between
        return clock[0] - began - 0.1 * times

    assert waited(4) == pytest.approx(0.6, abs=0.06)
    clock[0] += asking.PAUSE
    assert waited(1) == pytest.approx(0.6, abs=0.06), "the page is drawn again"


def test_a_page_asks_after_the_worker_until_it_is_ready_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    states = ["gone", "gone", "warming", "ready", "ready"]  # each drawing looks, and the line once more
    monkeypatch.setattr(jobs, "alive", lambda who="worker": jobs.Beat(states.pop(0) if states[1:] else states[0]))

    def page() -> None:
        from explorer.app.visitor import _worker_line

        _worker_line()

    app = AppTest.from_function(page).run()
    assert "No worker yet" in app.sidebar.caption[0].value
    app.run()
    assert not app.sidebar.caption and not app.exception and states == ["ready"], (
        "drawn anew, without the line that asks"
    )


def test_the_menu_says_why_trainings_wait_though_the_worker_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> None:
        from explorer.app.visitor import _worker_line

        _worker_line()

    jobs.beat("worker", "ready")
    jobs.beat("executor", "broken: No Ray cluster could be joined at 'head:6379'.")
    app = AppTest.from_function(page).run()
    assert "Trainings wait: No Ray cluster could be joined" in app.sidebar.warning[0].value
    monkeypatch.setenv("THAW_SHARED", "1")
    assert app.run().sidebar.warning[0].value == "Trainings wait: their cluster cannot be reached", "a participant's"
    jobs.beat("executor", "ready")
    assert not app.run().sidebar.warning and not app.exception
