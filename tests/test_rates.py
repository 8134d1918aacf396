"""The range test proposes rates that learn, leaves no trace, and says so on any device of recipe."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer import recipe
from explorer.app.ui.rates import duration_words
from explorer.engine import datasets, rates, tasks, training
from explorer.engine.backbones import Network
from explorer.engine.datasets import Images
from explorer.errors import Stopped
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
    for module in (training, training.loop):
        monkeypatch.setattr(module, "class_weights", lambda session: one)
    other = rates.find(make(strategy=strategy, class_weights=True))
    assert other.head.losses != plain.head.losses
    if other.backbone and plain.backbone:
        assert other.backbone.losses != plain.backbone.losses


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "A few seconds, once"),
        ({"strategy": "last_stage"}, "through the stages that learn"),
        ({"strategy": "full"}, "whole network.*minutes"),
        ({"strategy": "lp_ft"}, "whole network.*minutes"),
        ({"strategy": "bn_only"}, "whole network.*minutes"),
        ({"strategy": "last_stage", "batchnorm": "moving"}, "whole network.*minutes"),
    ],
)
def test_the_help_says_what_it_takes(choices: dict[str, str], words: str, make: Callable[..., Recipe]) -> None:
    told = duration_words(make(**choices))
    assert re.search(words, told) and (str(rates.STEPS) in told or not choices)
