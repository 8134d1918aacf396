"""An epoch scored beside the next one: the same numbers to the last bit, told at once, and none lost."""

import math
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch

from explorer import machine, recipe, runs
from explorer.errors import ExplorerError, Stopped
from explorer.models import devices
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training import cost
from explorer.training.compute import following, freezing, handlers, loop, measuring, overlapping, scoring
from explorer.training.compute.checkpoint import dump, restore
from explorer.training.compute.ended import Ended, Scored
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome
from explorer.training.compute.session import Session

pytestmark = pytest.mark.long(20)

Tell = Callable[[Epoch], None]


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """Tiny recipes of four epochs on a machine with a core to spare, where every epoch is long enough."""
    monkeypatch.setattr(machine, "passes", lambda: 2)
    monkeypatch.setattr(cost, "PASSES_A_STEP", math.inf)
    return lambda **choices: recipe.make(**tiny | {"backbone": narrow, "epochs": 4} | choices)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Scores of an epoch are not begun beside the next before this is set."""
    gate, plain = threading.Event(), scoring.score_epoch

    def late(session: Session, ended: Ended) -> Scored:
        assert ended.network is session.network or gate.wait(30), "the next epoch waited for the scores of the last"
        return plain(session, ended)

    monkeypatch.setattr(scoring, "score_epoch", late)
    return gate


def told(session: Session, tell: Tell | None = None) -> list[Epoch]:
    """All that is told of a run, in order."""
    rows: list[Epoch] = []

    def hear(row: Epoch) -> None:
        rows.append(row)
        if tell:
            tell(row)

    loop.train_overlapped(session, hear)
    return rows


def numbers(rows: list[Epoch]) -> list[dict[str, Any]]:
    """The rows without what a clock says."""
    clock = ("seconds", "images_per_second")
    return [{name: value for name, value in asdict(row).items() if name not in clock} for row in rows]


CASES: list[tuple[str, dict[str, Any]]] = [
    ("full", {"augmentation": "flip"}),
    ("last_stage", {"class_weights": True}),
    ("bn_only", {}),
    ("lp_ft", {"epochs": 6}),
    ("full", {"backbone": "squeezenet1_1"}),  # whose head drops out
]


@pytest.mark.parametrize(("strategy", "choices"), CASES)
def test_no_bit_differs_and_a_checkpoint_of_each_epoch_goes_on_to_the_same(
    strategy: str, choices: dict[str, Any], make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy=strategy, **choices)
    plain, beside, begun = prepare(wanted), prepare(wanted), []
    begin = overlapping.begin
    monkeypatch.setattr(overlapping, "begin", lambda *given: begun.append(given[1].epoch) or begin(*given))
    rows, saved = list(loop.train(plain)), []

    def tell(row: Epoch) -> None:
        torch.rand(7)  # whoever is told may draw: the run does not notice
        saved.append(dump(beside))

    assert numbers(told(beside, tell)) == numbers(rows)
    ends = {1: [1, 2, 3], 2: [1, 2, 4, 5]}[len(wanted.phases)]
    assert begun == [epoch for epoch in ends if strategy != "lp_ft" or epoch > 3], (
        "all but the last of a phase, and no probe's"
    )
    end, one = freezing.snapshot(plain.network), outcome(plain)
    assert not freezing.changed(end, freezing.snapshot(beside.network))
    same(one, outcome(beside))
    for after, kept in enumerate(saved[:-1], start=1):
        again = prepare(wanted)
        restore(again, kept)
        assert numbers(told(again)) == numbers(rows[after:]), after
        same(one, outcome(again))


def same(one: scoring.Outcome, two: scoring.Outcome) -> None:
    """Two outcomes, to the last bit."""
    assert (one.test, one.train, one.chosen_epoch, one.steps, one.kept_steps) == (
        two.test, two.train, two.chosen_epoch, two.steps, two.kept_steps,
    )  # fmt: skip
    assert one.audit == two.audit and np.array_equal(one.probability, two.probability)
    assert one.learned.keys() == two.learned.keys() and one.features.keys() == two.features.keys()
    assert all(torch.equal(one.learned[name], two.learned[name]) for name in one.learned)
    assert all(np.array_equal(one.features[name], two.features[name]) for name in one.features)


def test_steps_do_not_wait_and_an_epoch_is_told_as_soon_as_it_is_scored(
    make: Callable[..., Recipe], held: threading.Event
) -> None:
    session, heard = prepare(make(strategy="full", epochs=2)), []

    def report(fraction: float, message: str) -> None:
        heard.append(message)
        if heard.count("Epoch 2 of 2") == 2 and session.pending:
            held.set()
            session.pending.scored.result(30)

    loop.train_overlapped(session, lambda row: heard.append(f"told {row.epoch}"), report)
    first = heard.index("told 1")
    assert heard[:first].count("Epoch 2 of 2") == 2 < heard.count("Epoch 2 of 2"), "told between two steps"
    assert heard[-1] == "told 2" and session.pending is None and session.left is None


@pytest.mark.parametrize("reason", ["one core", "a large copy", "long scores", "a probe"])
def test_where_it_is_not_worth_it_an_epoch_is_scored_before_the_next(
    reason: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "one core":
        monkeypatch.setattr(machine, "passes", lambda: 1)
    if reason == "a large copy":
        monkeypatch.setattr(cost, "LARGE", 1)
    if reason == "long scores":
        monkeypatch.setattr(cost, "PASSES_A_STEP", 0.5)
    session = prepare(make(strategy="linear_probe" if reason == "a probe" else "full", epochs=2, per_class=4))
    assert [row.epoch for row in told(session, lambda row: pytest.fail("overlapped") if session.left else None)] == [
        1,
        2,
    ]


def test_an_epoch_of_few_images_leaves_no_time_for_many_scores() -> None:
    """256 + 131 + 306 passes in the time of 3 × 425; 8 + 7 + 10 in that of 3 × 8."""
    assert cost.overlaps(cost.Images(425, 131, 306), trained=1, passes=2, probe=False)
    assert not cost.overlaps(cost.Images(8, 7, 10), trained=1, passes=2, probe=False)


AGREED: list[tuple[str, dict[str, Any], int]] = [  # strategy, choices, cores
    ("full", {}, 2),
    ("full", {"per_class": 2}, 2),
    ("last_stage", {}, 2),
    ("bn_only", {}, 2),
    ("linear_probe", {}, 2),
    ("linear_probe", {"batchnorm": "moving"}, 2),
    ("lp_ft", {"epochs": 4, "unfreeze_every": 2}, 2),
    ("gradual", {"epochs": 7, "unfreeze_every": 1}, 2),
    ("full", {}, 1),
    ("full", {}, 4),
]


@pytest.mark.parametrize(("strategy", "choices", "cores"), AGREED)
def test_an_estimate_expects_what_the_training_does(
    strategy: str,
    choices: dict[str, Any],
    cores: int,
    tiny: dict[str, Any],
    narrow: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which phases have epochs scored beside steps, and what the copy weighs."""
    monkeypatch.delenv("THAW_THREADS")
    monkeypatch.setattr(machine, "cores", lambda: cores)
    devices.set_threads()
    made, begin = dict[int, int](), overlapping.begin

    def noted(session: Session, ended: Ended, tell: Tell) -> None:
        begin(session, ended, tell)
        assert session.pending
        left = session.pending.left
        weights = sum(p.nbytes for p in left.network.model.parameters() if p.requires_grad)
        means = (row[name].nbytes for row in left.optimizer["state"].values() for name in ("exp_avg", "exp_avg_sq"))
        made[session.phase] = weights + sum(means)

    monkeypatch.setattr(overlapping, "begin", noted)
    monkeypatch.setattr(cost, "classes_of", lambda recipe: 3)  # which a folder tells once it is read
    wanted = recipe.make(**tiny | {"backbone": narrow, "strategy": strategy} | choices)
    session = prepare(wanted)
    told(session)
    images = cost.Images(len(session.data.train), len(session.data.val), len(session.data.test))
    speed = measuring.speed(narrow, 32)
    expected = [cost.copied(wanted, phase, speed, images) for phase in wanted.phases]
    assert made == {number: weight for number, weight in enumerate(expected) if weight}


def test_a_stopped_run_keeps_the_epoch_that_was_being_scored(
    make: Callable[..., Recipe], held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it has stopped before it waits; then its scores are stored, with a checkpoint after them."""
    monkeypatch.setattr(handlers, "CHECKPOINT_SECONDS", 0.0)
    wanted = make(strategy="full")
    through, run, states = runs.create(wanted), runs.create(wanted), []
    move = runs.move

    def moved(run: str, state: Any, **facts: Any) -> None:
        states.append((state, len(runs.read(run).epochs)))
        move(run, state, **facts)
        held.set()

    def stop(fraction: float, message: str) -> None:
        if message.startswith("Epoch 2 of"):
            raise Stopped

    monkeypatch.setattr(runs, "move", moved)
    found = handlers.train(run, stop)
    assert states[0] == ("stopped", 0) and [row.epoch for row in found.epochs] == [1]
    assert found.facts["clean"] and runs.resumable(run)
    whole, resumed = handlers.train(through), handlers.train(run)
    assert numbers(list(resumed.epochs)) == numbers(list(whole.epochs)) and resumed.test == whole.test
    assert "Resumed after epoch 1." in resumed.facts["note"]


@pytest.mark.parametrize("error", [RuntimeError("no such kernel"), KeyboardInterrupt()])
def test_a_run_that_fails_or_is_interrupted_keeps_the_epoch_that_was_being_scored(
    error: BaseException, make: Callable[..., Recipe], held: threading.Event
) -> None:
    run = runs.create(make(strategy="full"))

    def end(fraction: float, message: str) -> None:
        if message.startswith("Epoch 2 of"):
            held.set()
            raise error

    with pytest.raises(type(error)):
        handlers.train(run, end)
    found = runs.read(run)
    assert [row.epoch for row in found.epochs] == [1] and runs.resumable(run)
    if isinstance(error, Exception):  # of an interrupted one whoever carries it out says so
        assert found.state == "failed" and "no such kernel" in found.facts["error"]


def test_what_goes_wrong_with_those_scores_does_not_hide_why_a_run_ended(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = scoring.score_epoch

    def fails(session: Session, ended: Ended) -> Scored:
        if ended.network is not session.network:
            raise RuntimeError("no such layer")
        return plain(session, ended)

    def stop(fraction: float, message: str) -> None:
        if message.startswith("Epoch 2 of"):
            raise Stopped

    monkeypatch.setattr(scoring, "score_epoch", fails)
    assert handlers.train(runs.create(make(strategy="full")), stop).state == "stopped"


@pytest.mark.parametrize("where", ["scores", "batches"])
def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_epochs_before(
    where: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, learn = scoring.score_epoch, loop._learn

    def spoil_scores(session: Session, ended: Ended) -> Scored:
        if ended.epoch == 2:
            torch.nn.init.constant_(ended.network.head.weight, float("nan"))
        return plain(session, ended)

    def spoil_batches(session: Session, parts: Any, epoch: int, report: Any) -> tuple[float, float]:
        return (float("nan"), 1.0) if epoch == 3 else learn(session, parts, epoch, report)

    if where == "scores":
        monkeypatch.setattr(scoring, "score_epoch", spoil_scores)
    else:
        monkeypatch.setattr(loop, "_learn", spoil_batches)
    run = runs.create(make(strategy="full"))
    with pytest.raises(ExplorerError, match="The loss became nan in epoch " + ("2" if where == "scores" else "3")):
        handlers.train(run)
    found = runs.read(run)
    kept = [1] if where == "scores" else [1, 2]
    assert (found.state, [row.epoch for row in found.epochs]) == ("failed", kept) and not runs.resumable(run)
    assert found.facts["chosen_epoch"] in kept


def test_what_goes_wrong_while_scoring_or_telling_is_told_once(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(row: Epoch) -> None:
        raise OSError("no room")

    session = prepare(make(strategy="full"))
    with pytest.raises(OSError, match="no room"):
        loop.train_overlapped(session, tell)
    overlapping.settle(session)
    assert session.done == 1 and session.pending is None and session.left is None
    following.settle(session)

    def fails(*given: Any) -> Scored:
        raise RuntimeError("no such layer")

    monkeypatch.setattr(scoring, "score_epoch", fails)
    session = prepare(make(strategy="full"))
    with pytest.raises(RuntimeError, match="no such layer"):
        told(session)
    overlapping.settle(session)
    assert session.done == 0 and not torch.is_inference_mode_enabled()
