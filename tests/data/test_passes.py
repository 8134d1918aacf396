"""An audit's pass through the frozen stages is taken from an earlier one only where every bit that goes in is the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer import recipe
from explorer.data import datasets
from explorer.data.feature_cache import passes
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.feature_cache.entries import Entry
from explorer.data.feature_cache.frozen import Frozen
from explorer.data.images import Images
from explorer.models import backbones, devices


@pytest.fixture
def nothing_known() -> Iterator[None]:
    passes.forget()
    yield
    passes.forget()


def test_the_same_pass_is_made_once_and_any_change_of_what_goes_in_makes_another(
    tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch, nothing_known: None
) -> None:
    chosen = recipe.make(**tiny | {"strategy": "linear_probe"})
    data = datasets.load(chosen)
    network = backbones.build(chosen.backbone, len(data.classes), chosen.weights)
    place = devices.choose(chosen.row, "cpu")
    front = CachedFeatures.over(data.test, network, chosen, place, lambda share: None)
    runs, run = [], Frozen.run
    monkeypatch.setattr(Frozen, "run", lambda *given: runs.append(1) or run(*given))

    def apart(front: CachedFeatures, images: Images = data.test) -> tuple[float, int]:
        runs.clear()
        return front.recompute(network, images, chosen, 0, network.fingerprint()), len(runs)

    assert apart(front) == (0.0, 1)
    assert apart(front) == (0.0, 0), "bitwise the same"
    spoilt = replace(front, views=(front.stored + 1e-3,))
    found, made = apart(spoilt)
    assert found > 0 and made == 0, "what is stored is compared each time"
    other = replace(data.test, read=lambda i: data.test.read(i).rotate(90), reduced=None)
    found, made = apart(front, other)
    assert found > 0 and made == 1, "pixels are decoded anew"
    with torch.no_grad():
        next(network.stages[front.upto or ""].parameters()).add_(1e-3)
    found, made = apart(front)
    assert found > 0 and made == 1, "a frozen weight moved"


def test_passes_that_are_kept_take_bounded_memory(nothing_known: None) -> None:
    for i in range(passes.KEPT + 5):
        passes.once(str(i), lambda: Entry(torch.zeros(1), {}))
    made: list[str] = []

    def entry(size: int) -> Entry:
        made.append("again")
        return Entry(torch.zeros(1), {"stage": np.zeros(size, np.uint8)})

    passes.once(str(passes.KEPT + 4), lambda: entry(1))
    assert not made
    passes.once("0", lambda: entry(1))
    for _ in range(2):
        passes.once("large", lambda: entry(passes.LARGEST))
    assert len(made) == 3 and len(passes._known) <= passes.KEPT
