"""What goes by its time keeps the order in which it was made, whatever the clock does."""

import time
from itertools import accumulate, cycle

import pytest

from explorer import clock, jobs, runs
from explorer.app import asking
from explorer.experiments import kept
from explorer.experiments.plan import read
from explorer.recipe import make
from explorer.runs.question import TrainQuestion

NOW = 2e9  # later than any time that another test told


STEPS = {"stands still": [0.0], "is set back": [0.2, 0.2, -0.7, 0.2], "goes on": [0.2]}
"""What a clock does → by how many seconds each of its ticks differs from the one before, again and again."""


@pytest.fixture(params=STEPS)
def ticks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = accumulate(cycle(STEPS[request.param]), initial=NOW)
    monkeypatch.setattr(clock, "_last", 0)
    monkeypatch.setattr(clock.time, "time", lambda: next(moments))


@pytest.mark.usefixtures("ticks")
def test_a_time_is_later_than_the_one_before() -> None:
    told = [clock.later() for _ in range(50)]
    assert all(round((b - a) * 1000) >= 1 for a, b in zip(told, told[1:], strict=False))
    assert told[-1] < NOW + 50 * 0.2 + 1


def test_a_clock_that_was_wrong_for_long_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_last", int(time.time() + 86400) * 1000)
    assert abs(clock.later() - time.time()) < 60


@pytest.mark.usefixtures("ticks")
def test_runs_are_listed_by_when_they_were_made() -> None:
    strategies = ["lp_ft", "full", "linear_probe", "last_stage", "full", "lp_ft"]
    made = [runs.create(make(dataset="photo_patches", strategy=strategy)) for strategy in strategies]
    assert [run.id for run in asking.all_runs() if not run.sample] == made[::-1]
    assert runs.here() == made[::-1], "their names sort by time"


@pytest.mark.usefixtures("ticks")
def test_runs_deleted_one_after_another_come_back_the_latest_first() -> None:
    made = [runs.create(make(dataset="photo_patches", strategy="linear_probe")) for _ in range(4)]
    order = [made[2], made[0], made[3], made[1]]
    for run in order:
        runs.delete(run)
    assert runs.deleted() == [(run,) for run in order[::-1]]


@pytest.mark.usefixtures("ticks")
def test_trainings_begin_in_the_order_in_which_they_were_asked_for() -> None:
    asked = [TrainQuestion(run=name) for name in ("d", "a", "c", "e", "b")]
    for one in asked:
        jobs.result(one)
    assert [jobs.claim("train") for _ in asked] == asked


@pytest.mark.usefixtures("ticks")
def test_experiments_are_listed_by_when_they_were_started() -> None:
    plans = [read(f"budget;seeds={n}") for n in (3, 1, 2)]
    for plan in plans:
        kept.keep(plan)
    assert kept.started() == plans[::-1]
