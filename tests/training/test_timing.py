"""Time told: before a run starts, while it waits, while it runs; and what would make it shorter."""

import dataclasses
import time
from typing import Any

import pytest
import stand_ins
from opening import opened, store, words  # noqa: F401  (store is a fixture)

from explorer import cache, jobs, machine, runs
from explorer.answers import save
from explorer.app.asking import finished
from explorer.recipe import make
from explorer.runs.question import TrainQuestion
from explorer.training.question import SpeedQuestion
from explorer.training.view import following, timing
from explorer.training.view.estimates import estimate


@pytest.fixture
def speed() -> None:
    """A machine that takes 10 ms an image to look and 30 ms to learn."""
    found = dataclasses.replace(stand_ins.speed(make()), look=(2e-3,) * 5, learn=(6e-3,) * 5)
    save(found, SpeedQuestion(backbone="resnet10", pixels=96).path)


def how(run: str) -> jobs.Answer[None] | None:
    """How a run stands in the queue."""
    return jobs.status(TrainQuestion(run=run))


def test_a_stored_front_is_not_counted_again(speed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins.finished_run()  # 60, 30 and 24 images
    fresh = estimate(make(seed=1), finished())
    monkeypatch.setattr(cache, "empty", lambda: False)
    again, other = (estimate(make(seed=seed), finished()) for seed in (0, 1))
    assert fresh and again and other and again < other < fresh, "of another seed the training images are others"
    assert estimate(make(strategy="full"), finished()) == pytest.approx(
        estimate(make(strategy="full", seed=1), finished()), rel=1e-6
    ), "no front, nothing stored"


def test_what_makes_it_shorter_is_named_with_what_is_left(speed: None) -> None:
    stand_ins.finished_run(dataset="shapes", classes=tuple("abcdefgh"))
    slow = make(strategy="full", dataset="shapes", per_class=None, epochs=40)
    found = timing.shorter(slow, finished(), estimate(slow, finished()) or 0.0)
    assert len(found) == 2 and found[0].startswith("feature extraction (about ")
    assert timing.shorter(make(), finished(), 5.0) == [], "seconds need no shortening"
    scratch = make(strategy="from_scratch", dataset="shapes", per_class=None, epochs=40)
    assert not any("feature" in words for words in timing.shorter(scratch, finished(), 500.0))


def test_a_run_that_waits_is_told_when_it_starts(speed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "slots", lambda: 1)
    first, second, third = (jobs.train(make(epochs=4, seed=i)) for i in range(3))
    assert jobs.claim("train") is not None
    assert [run for run, _ in jobs.trainings_before(third)] == [first, second]
    assert [run for run, _ in jobs.trainings_before(second)] == [first]
    runs.start(first)
    for epoch in stand_ins.epochs(2):  # half a second each
        runs.append(first, epoch)
    assert timing.left(runs.read(first), 9.0, 99.0) == pytest.approx(2 * 0.5 + timing.LAST), (
        "its own epochs say it best"
    )
    whole = estimate(make(epochs=4, seed=1), finished())
    assert whole and timing.wait(third, {}, finished()) == pytest.approx(2 * 0.5 + timing.LAST + whole)
    said = timing.live_words(runs.read(third), "In the queue: 2 before it", how(third), {}, finished())
    assert said.startswith("In the queue: 2 before it, starts in about ") and ", takes about " in said
    assert (
        timing.live_words(runs.read(first), "Epoch 3 of 4", how(first), {}, finished())
        == "Epoch 3 of 4 · about 2 s left"
    )


def test_before_the_first_epoch_the_expectation_counts_down() -> None:
    run = runs.read(jobs.train(make()))
    assert timing.left(run, 4.0, 10.0) == 6.0 and timing.left(run, 60.0, 10.0) == 0.0
    assert timing.left(run, 4.0, None) is None
    jobs.claim("train")
    assert timing.live_words(run, "Loading the images", how(run.id), {run.id: 1e-9}, []) == "Loading the images", (
        "overdue: nobody knows"
    )


def test_the_page_tells_the_time_or_that_it_is_being_measured(speed: None) -> None:
    stand_ins.finished_run()
    assert "It takes **about " in words(opened("training"))
    app = opened("training", backbone="mobilenet_v2")
    assert "this machine's speed is being measured" in words(app)
    question = SpeedQuestion(backbone="mobilenet_v2", pixels=224)
    jobs.note(question, state="failed", error="no", finished=time.time())
    app.run()
    assert "being measured" not in words(app) and not app.exception


def test_a_run_with_others_before_it_is_drawn_less_often_until_its_turn_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "slots", lambda: 1)
    periods, fragment = [], following.st.fragment

    def noted(work: Any = None, *, run_every: float | None = None) -> Any:
        if work is following._live:
            periods.append(run_every)
        return fragment(work, run_every=run_every)

    monkeypatch.setattr(following.st, "fragment", noted)
    jobs.beat("worker")
    first, second = (jobs.train(make(seed=seed)) for seed in range(2))
    app = opened("training", run=second)
    assert "1 before it" in app.get("progress")[0].proto.text and periods == [following.SELDOM]
    assert jobs.claim("train") is not None
    app.run()
    jobs.note(TrainQuestion(run=first), state="done")
    app.run()
    assert "starts now" in app.get("progress")[0].proto.text
    assert periods == [following.SELDOM, following.SELDOM, following.OFTEN]
