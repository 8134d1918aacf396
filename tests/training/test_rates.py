"""The range test keeps rates that learn and replaces those that do not, and leaves no trace."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer import recipe
from explorer.data import datasets
from explorer.data.images import Images
from explorer.errors import Stopped
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.training.compute import loop, rates
from explorer.training.compute.loop import train
from explorer.training.compute.planning import find_rates
from explorer.training.compute.preparing import prepare
from explorer.training.view.rates import duration_words


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str) -> Callable[..., Recipe]:
    """A tiny recipe on the narrow backbone, with other choices."""
    return lambda **choices: recipe.make(**tiny | {"backbone": narrow} | choices)


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "full", "gradual", "bn_only"])
def test_the_head_gets_a_rate_and_the_stages_where_any_learn(strategy: str, make: Callable[..., Recipe]) -> None:
    wanted = make(strategy=strategy)
    found = rates.find(wanted)
    assert found.n == 26 and found.batch_size == 8
    assert (found.backbone is not None) == wanted.tuned
    for curve, ends in ((found.head, rates.HEAD), (found.backbone, rates.BACKBONE)):
        if curve is None:
            continue
        assert len(curve.rates) == len(curve.losses) > 10
        assert list(curve.rates) == sorted(curve.rates) and curve.rates[0] == pytest.approx(ends[0])
        assert all(map(math.isfinite, curve.losses))
        assert curve.suggested > 0 and curve.kept == (curve.suggested == curve.own)
        assert curve.ran_away == (len(curve.rates) < rates.STEPS)
    assert len(found.head.control) == 0
    if found.backbone is not None:
        assert len(found.backbone.control) == len(found.backbone.losses)


def bowl(middle: float, depth: float = 2.0) -> tuple[float, ...]:
    """Losses that fall from 2.3 by `depth`, a decade wide, about the rate `middle`."""
    return tuple(2.3 - depth / (1 + math.exp(-5 * (math.log10(rate) - math.log10(middle)))) for rate in RATES)


ABOVE = 10 ** (
    math.acosh(3) / 5
)  # a logistic function of 5 x falls half as steeply as in its middle at x = ± acosh(3) / 5
RATES = tuple(10 ** (-5 + 5 * i / 59) for i in range(60))


def test_the_steepest_descent_is_found_where_it_is_and_a_rate_near_it_kept() -> None:
    found = rates.judge("head", 5e-3, RATES, bowl(4e-3))
    assert found.kept and not found.ran_away and found.falling[0] < 4e-3 < found.falling[1]
    assert found.steepest == pytest.approx(4e-3, rel=0.11), "the smoothed curve does not lag behind its rate"
    for own in (5e-3 * 30, 5e-3 / 30, 1.0):
        assert rates.judge("head", own, RATES, bowl(4e-3)).suggested == pytest.approx(ABOVE * 4e-3, rel=0.3)
    for own in (0.9 * found.falling[0], 1.1 * rates.NEAR * found.falling[1]):
        assert not rates.judge("head", own, RATES, bowl(4e-3)).kept
    for own in (1.1 * found.falling[0], 0.9 * rates.NEAR * found.falling[1]):
        assert rates.judge("head", own, RATES, bowl(4e-3)).kept


def test_a_loss_that_falls_to_the_end_is_no_reason_to_propose_the_end() -> None:
    """The head on digits: the lowest point is the last rate, whatever the rate is good for."""
    losses = tuple(v - 0.1 * i / 59 for i, v in enumerate(bowl(4e-3)))
    assert losses.index(min(losses)) == 59
    found = rates.judge("head", 0.15, RATES, losses)
    assert found.suggested == pytest.approx(ABOVE * 4e-3, rel=0.3) and not found.ran_away


def test_a_head_alone_keeps_a_large_rate_up_to_which_the_loss_has_not_risen_again() -> None:
    """A probe forgives large rates: where the test has nothing against one, it proposes no other."""
    flat, risen = bowl(4e-3), tuple(v + max(0, i - 45) * 0.1 for i, v in enumerate(bowl(4e-3)))  # from 0.065 on
    assert not rates.judge("head", 0.15, RATES, flat).kept, (
        "where stages learn too, what a head's rate does to them is not seen"
    )
    assert rates.judge("head", 0.15, RATES, flat, probe=True).kept
    assert rates.judge("head", 1.0, RATES, flat, probe=True).kept
    for own, losses in ((0.15, risen), (1.5, flat), (1e-4, flat), (0.4, (*flat[:52], 40.0))):
        found = rates.judge("head", own, RATES[: len(losses)], losses, probe=True)
        assert not found.kept and found.suggested == pytest.approx(ABOVE * 4e-3, rel=0.3)


def test_where_nothing_falls_clearly_the_rate_is_kept() -> None:
    for losses in (bowl(4e-3, 0.1), (2.3,) * 60, tuple(2.3 + i for i in range(60))):
        found = rates.judge("head", 0.15, RATES, losses)
        assert found.kept and found.falling == ()
    assert rates.judge("head", 0.15, RATES[:3], (2.3,) * 3).kept
    assert rates.judge("head", 0.15, (), ()).kept


def test_what_the_head_learns_by_itself_is_not_the_backbone_s_doing() -> None:
    """The loss falls from the first rate on because the head learns; the backbone's part begins at 1e-2."""
    head = tuple(2.3 - 1.5 * (1 - math.exp(-i / 10)) for i in range(60))
    both = tuple(h + b - 2.3 for h, b in zip(head, bowl(1e-2, 0.7), strict=True))
    found = rates.judge("backbone", 1e-5, RATES, both, head)
    assert found.steepest == pytest.approx(1e-2, rel=0.2)
    assert found.suggested == pytest.approx(ABOVE * 1e-2, rel=0.4)
    assert rates.judge("backbone", 1e-5, RATES, both).steepest < 1e-4, "without the control it would be the head's"
    alone = rates.judge("backbone", 1e-5, RATES, head, head)
    assert alone.kept and alone.falling == (), "a backbone that does nothing tells nothing"


def test_one_step_that_runs_away_does_not_bend_the_curve_before_it() -> None:
    losses = (*bowl(4e-3)[:50], 40.0, 4000.0)
    found = rates.judge("head", 0.15, RATES[:52], losses)
    assert found.ran_away and found.suggested == pytest.approx(ABOVE * 4e-3, rel=0.3)
    assert max(found.losses) < 1.5 * 2.3


@pytest.mark.parametrize(("part", "own"), [("head", 3.0), ("head", 3e-5), ("backbone", 3.0)])
def test_rates_far_off_are_replaced(part: str, own: float, make: Callable[..., Recipe]) -> None:
    found = rates.find(make(strategy="last_stage", **{f"{part}_rate": own}))
    curve = found.head if part == "head" else found.backbone
    assert curve is not None and curve.own == own and not curve.kept and curve.falling
    assert curve.falling[0] <= curve.steepest <= curve.falling[1]
    assert curve.suggested == pytest.approx(curve.falling[1], rel=0.35)


def test_what_it_proposes_learns_better_than_a_rate_far_too_small(make: Callable[..., Recipe]) -> None:
    proposed = rates.find(make(head_rate=2e-5)).head.suggested

    def loss(rate: float) -> float:
        return list(train(prepare(make(head_rate=rate, epochs=5))))[-1].train_loss

    assert loss(proposed) < loss(2e-5) - 0.1


def test_it_repeats_itself_and_touches_no_random_number(make: Callable[..., Recipe]) -> None:
    state = torch.get_rng_state()
    wanted = make(strategy="last_stage")
    one = rates.find(wanted)
    assert torch.equal(state, torch.get_rng_state())
    assert find_rates(wanted) == one


@pytest.mark.parametrize(("rate", "rounded"), [(0.00432, 0.004), (0.0996, 0.1), (3.2e-5, 3e-5), (1.0, 1.0)])
def test_one_digit_is_kept(rate: float, rounded: float) -> None:
    assert rates.one_digit(rate) == pytest.approx(rounded)


def test_while_the_head_learns_alone_an_image_goes_through_the_unfrozen_stages_once(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    features, seen = Network.features, {True: 0, False: 0}

    def counted(self: Network, x: torch.Tensor, stage: str | None) -> torch.Tensor:
        seen[torch.is_grad_enabled()] += len(x)
        return features(self, x, stage)

    monkeypatch.setattr(Network, "features", counted)
    found = rates.find(make(strategy="full"))
    assert found.backbone is not None and len(found.head.losses) > 30
    assert seen[False] == found.n, "without gradients, for the head"
    assert seen[True] <= rates.STEPS * (found.batch_size + 1), "with gradients, for the stages alone"


def test_the_images_of_validation_and_test_are_not_looked_at(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, pixels = [], Images.pixels
    monkeypatch.setattr(Images, "pixels", lambda self, *given: looked.extend(self.ids) or pixels(self, *given))
    for strategy in ("linear_probe", "full", "gradual"):
        wanted = make(strategy=strategy)
        rates.find(wanted)
        assert set(looked) == set(datasets.load(wanted).train.ids), strategy


@pytest.mark.parametrize("strategy", ["linear_probe", "full"])
def test_it_tells_how_far_it_is_within_a_sweep_and_can_be_stopped_there(
    strategy: str, make: Callable[..., Recipe]
) -> None:
    told: list[tuple[float, str]] = []
    rates.find(make(strategy=strategy), lambda fraction, message: told.append((fraction, message)))
    shares = [fraction for fraction, _ in told]
    assert shares == sorted(shares) and shares[-1] < 1
    parts = ["head", "backbone"] if strategy == "full" else ["head"]
    for part in parts:
        assert sum(message == f"Raising the {part}'s rate" for _, message in told) > 10
    seen = [0]

    def stop(fraction: float, message: str) -> None:
        seen[0] += message == f"Raising the {parts[-1]}'s rate"
        if seen[0] == 5:
            raise Stopped

    with pytest.raises(Stopped):
        rates.find(make(strategy=strategy), stop)


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage"])
def test_weighted_classes_are_weighted_here_too(
    strategy: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = rates.find(make(strategy=strategy))
    assert rates.find(make(strategy=strategy, class_weights=True)).head.losses == pytest.approx(
        plain.head.losses, rel=0.2
    )
    one = torch.tensor([1.0, 0.0, 0.0])  # only the first class counts
    for module in (rates, loop):
        monkeypatch.setattr(module, "class_weights", lambda session: one)
    other = rates.find(make(strategy=strategy, class_weights=True))
    assert other.head.losses != plain.head.losses
    if other.backbone and plain.backbone:
        assert other.backbone.losses != plain.backbone.losses


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "A few seconds, once"),
        ({"strategy": "last_stage"}, "through the trainable stages"),
        ({"strategy": "full"}, "whole network.*minutes"),
        ({"strategy": "lp_ft"}, "whole network.*minutes"),
        ({"strategy": "bn_only"}, "whole network.*minutes"),
        ({"strategy": "last_stage", "batchnorm": "moving"}, "whole network.*minutes"),
    ],
)
def test_the_help_says_what_it_takes(choices: dict[str, str], words: str, make: Callable[..., Recipe]) -> None:
    told = duration_words(make(**choices))
    assert re.search(words, told) and (str(rates.STEPS) in told or not choices)
