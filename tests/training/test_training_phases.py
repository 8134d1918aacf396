"""Several phases, cached views, weighted classes: what learns when, and that the numbers hold."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer import cache, recipe
from explorer.data import datasets
from explorer.data.images import Data, Images
from explorer.evidence import Score
from explorer.models import devices
from explorer.recipe import Recipe
from explorer.training.compute import freezing, loop, scoring
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import open_phase, prepare
from explorer.training.compute.session import Session


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str) -> Callable[..., Recipe]:
    """A tiny recipe on the narrow backbone, with other choices."""
    return lambda **choices: recipe.make(**tiny | {"backbone": narrow} | choices)


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that can be compared across ways of computing them."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


def moved_since(session: Session, state: dict[str, torch.Tensor]) -> set[str]:
    """The stages (and the head) of which a tensor is no longer what it was."""
    now = freezing.changed(state, freezing.snapshot(session.network))
    return {p for p in (*session.network.row.stage_names, "head") if set(session.network.names(p)) & set(now)}


@pytest.mark.parametrize("backbone", ["resnet10", "squeezenet1_1"])
def test_gradual_moves_in_each_epoch_exactly_what_is_unfrozen_by_then(
    backbone: str, make: Callable[..., Recipe]
) -> None:
    wanted = make(backbone=backbone, strategy="gradual", epochs=4, unfreeze_every=1)
    session, state = prepare(wanted), None
    for epoch, phase in zip(train(session), wanted.phases, strict=True):
        assert moved_since(session, state or session.before) == {"head", *phase.learns}, epoch.epoch
        front = session.front["train"]
        assert front.upto == (wanted.front_of(phase.learns) or (None,))[-1] and front.probe == (not phase.learns)
        state = freezing.snapshot(session.network)
    audit = scoring.outcome(session).audit
    assert audit.clean and audit.recomputed == 0.0
    assert [row.declared for row in audit.stages].count("learns") == 4


def test_lp_ft_gives_the_numbers_of_a_probe_and_then_moves_everything(make: Callable[..., Recipe]) -> None:
    wanted = make(strategy="lp_ft", epochs=4)
    session = prepare(wanted)
    epochs = list(train(session))
    alone = prepare(make(strategy="linear_probe", epochs=2, head_rate=wanted.head_rate))
    probe = list(train(alone))
    same = [(e.batch_loss, e.train_loss, e.val_loss) for e in probe]
    assert [(e.batch_loss, e.train_loss, e.val_loss) for e in epochs[:2]] == same, "its first half is a probe"
    assert moved_since(session, session.before) == {"head", *wanted.row.stage_names}
    assert {g["rate"] for g in session.optimizer.param_groups} == {wanted.backbone_rate}
    assert scoring.outcome(session).audit.clean


def test_what_is_unfrozen_later_joins_the_optimizer_and_leaves_the_others_momentum_alone(
    make: Callable[..., Recipe],
) -> None:
    session = prepare(make(strategy="gradual", epochs=2))
    next(train(session))
    head = session.network.model.fc.weight
    before = {key: value.clone() for key, value in session.optimizer.state[head].items()}
    assert before["step"] > 0
    open_phase(session, 1)
    after = session.optimizer.state[head]
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert [group["name"] for group in session.optimizer.param_groups] == ["head", "layer4"]
    fresh = session.network.model.layer4[0].conv1.weight
    assert fresh.requires_grad and fresh not in session.optimizer.state


@pytest.mark.parametrize("strategy", ["gradual", "lp_ft"])
def test_a_stage_whose_normalisation_learned_before_learns_whole_once_it_is_unfrozen(
    strategy: str, make: Callable[..., Recipe]
) -> None:
    session = prepare(make(strategy=strategy, epochs=2, unfreeze_every=1, batchnorm="affine"))
    epochs, block = train(session), session.network.model.layer4[0]
    next(epochs)
    kept = session.optimizer.state[block.bn1.weight]["exp_avg"]
    assert block.conv1.weight not in session.optimizer.state and block.bn1.weight in session.optimizer.state
    next(epochs)
    assert session.optimizer.state[block.bn1.weight]["exp_avg"] is kept, "momentum goes on"
    groups = [group for group in session.optimizer.param_groups if group["name"] == "layer4"]
    assert len(groups) == 2 and groups[0]["rate"] == groups[1]["rate"]
    held = [id(p) for group in session.optimizer.param_groups for p in group["params"]]
    assert len(held) == len(set(held))
    assert not torch.equal(block.conv1.weight.detach(), session.before["layer4.0.conv1.weight"])
    assert scoring.outcome(session).audit.clean


def test_something_that_moves_before_its_turn_makes_the_audit_red(make: Callable[..., Recipe]) -> None:
    session = prepare(make(strategy="lp_ft", epochs=2))
    epochs = train(session)
    next(epochs)
    session.network.model.layer2[0].bn1.running_mean += 1e-3  # while it is frozen still
    next(epochs)
    audit = scoring.outcome(session).audit
    assert not audit.clean and audit.recomputed > 0
    assert [row.stage for row in audit.stages if not row.clean] == ["layer2"]


@pytest.mark.parametrize(
    ("choices", "shares"),
    [
        ({"strategy": "full"}, [1.0, 0.75, 0.25]),
        ({"strategy": "gradual", "unfreeze_every": 1}, [1.0, 0.75, 0.25]),
        ({"strategy": "lp_ft", "unfreeze_every": 1}, [1.0, 1.0, 0.5]),
    ],
)
def test_the_rate_falls_along_a_cosine_over_the_run_or_over_each_half_of_lp_ft(
    choices: dict[str, Any], shares: list[float], make: Callable[..., Recipe]
) -> None:
    wanted = make(epochs=3, **choices)
    assert [loop.rate_share(wanted, epoch, 0.0) for epoch in (1, 2, 3)] == pytest.approx(shares)
    assert loop.rate_share(wanted, 3, 1.0) == pytest.approx(0.0, abs=1e-12)


# Views


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "full", "gradual"])
def test_augmented_runs_repeat_to_the_last_bit_and_differ_from_plain_ones(
    strategy: str, make: Callable[..., Recipe]
) -> None:
    def numbers(**choices: Any) -> list[tuple[float, float]]:
        session = prepare(make(strategy=strategy, epochs=2, **choices))
        return [(e.batch_loss, e.val_loss) for e in train(session)]

    augmented = numbers(augmentation="colour", views=3)
    assert augmented == numbers(augmentation="colour", views=3)
    assert augmented != numbers()


def test_scores_are_taken_on_the_images_themselves_not_on_views(make: Callable[..., Recipe]) -> None:
    plain = prepare(make())
    viewed = prepare(make(augmentation="colour", views=4))
    every = torch.arange(len(plain.front["train"].labels))
    assert torch.equal(plain.front["train"].read(every), viewed.front["train"].read(every))
    assert not torch.equal(plain.front["train"].read(every), viewed.front["train"].draw(every, 1))


# Classes that are rare


def test_weighted_classes_all_count_the_same(make: Callable[..., Recipe]) -> None:
    session = prepare(make(class_weights=True))
    weights = loop.class_weights(session)
    counts = torch.bincount(session.front["train"].labels).float()
    assert torch.allclose(weights * counts, torch.full((3,), counts.sum().item() / 3))
    assert loop.class_weights(prepare(make())) is None
    assert [math.isfinite(e.batch_loss) for e in train(session)] == [True, True]


# Pictures that every phase looks at


@pytest.mark.parametrize("strategy", ["gradual", "lp_ft"])
def test_each_picture_is_decoded_once_in_a_run_where_memory_allows(
    strategy: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch, float32: None
) -> None:
    load, read = datasets.load, Counter[str]()

    def counted(wanted: Recipe) -> Data:
        data = load(wanted)
        return replace(data, **{split: counting(getattr(data, split)) for split in ("train", "val", "test")})

    def counting(images: Images) -> Images:
        return replace(images, read=lambda i: (read.update([images.ids[i]]), images.read(i))[1], reduced=None)

    monkeypatch.setattr(datasets, "load", counted)
    wanted, found = make(strategy=strategy, epochs=4, unfreeze_every=1), []
    for budget in ("1", "0"):
        monkeypatch.setenv("THAW_MEMORY_GB", budget)
        cache.clear()
        read.clear()
        session = prepare(wanted)
        rows = list(train(session))
        outcome = scoring.outcome(session)
        every = {name for split in (session.data.train, session.data.val, session.data.test) for name in split.ids}
        assert set(read) == every and outcome.audit.clean
        assert (set(read.values()) == {1}) == (budget == "1")
        found.append(([(e.batch_loss, e.val_loss) for e in rows], outcome.probability.tolist()))
    assert found[0] == found[1], "the numbers are the same"


@pytest.mark.parametrize("strategy", ["lp_ft", "gradual"])
def test_what_a_finished_run_keeps_learned_in_the_last_phase(
    strategy: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation likes an epoch of the head alone best here; it was not tuned, so it is not what a tuned run keeps."""
    wanted = make(strategy=strategy, epochs=6)
    session, first = prepare(wanted), wanted.epochs - wanted.phases[-1].epochs + 1
    evaluate = scoring.evaluate

    def falling(session: Session, *rest: Any) -> tuple[float, Score, Any]:
        _, _, probability = evaluate(session, *rest)
        return float(session.done + 1), Score(100, 90 - 5 * session.done), probability  # better, the earlier the epoch

    monkeypatch.setattr(scoring, "evaluate", falling)
    list(train(session))
    found = scoring.outcome(session)
    assert session.best is not None and session.best[0] == found.chosen_epoch == first
    assert found.kept_steps * wanted.epochs == found.steps * first, (
        "of the head alone too: all that led to what is kept"
    )
    moved = {name for name in found.learned if name in dict(session.network.model.named_parameters())}
    assert moved == freezing.learning(session.network, wanted)
    assert found.parameters["learned"] == sum(p.numel() for p in session.network.model.parameters())
