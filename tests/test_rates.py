"""The range test proposes rates that learn, leaves no trace, and says so on any device of recipe."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer import recipe
from explorer.engine import rates, tasks, training
from explorer.recipe import Recipe


@pytest.fixture
def make(tiny: dict[str, Any]) -> Callable[..., Recipe]:
    """A tiny recipe with other choices."""
    return lambda **choices: recipe.make(**tiny | choices)


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
        lowest = curve.rates[curve.losses.index(min(curve.losses))]
        assert curve.suggested == pytest.approx(lowest / 10, rel=0.5)


def test_what_it_proposes_learns_better_than_a_hundredth_of_it(make: Callable[..., Recipe]) -> None:
    proposed = rates.find(make()).head.suggested

    def loss(rate: float) -> float:
        return list(training.train(training.prepare(make(head_rate=rate, epochs=5))))[-1].train_loss

    assert loss(proposed) < loss(proposed / 100) - 0.1


def test_it_repeats_itself_and_touches_no_random_number(make: Callable[..., Recipe]) -> None:
    state = torch.get_rng_state()
    one = rates.find(make(strategy="last_stage"))
    assert torch.equal(state, torch.get_rng_state())
    assert tasks.find_rates(make(strategy="last_stage").model_dump()) == one


@pytest.mark.parametrize(("rate", "rounded"), [(0.00432, 0.004), (0.0996, 0.1), (3.2e-5, 3e-5), (1.0, 1.0)])
def test_one_digit_is_kept(rate: float, rounded: float) -> None:
    assert rates._round(rate) == pytest.approx(rounded)
