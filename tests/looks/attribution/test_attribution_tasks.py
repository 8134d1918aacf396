"""The questions of the page, asked of two runs that were really made: other seeds, controls, finer grids, contrasts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import trained

from explorer import runs
from explorer.errors import ExplorerError
from explorer.looks.attribution.compute import seed_handlers
from explorer.looks.attribution.compute.controls import CONTROLS
from explorer.looks.attribution.compute.map_handlers import attribute
from explorer.looks.attribution.compute.seed_handlers import other_seeds
from explorer.looks.attribution.compute.trust_handlers import faithfulness, faithfulness_many
from explorer.looks.pair import compute
from explorer.models.predicting import probabilities


@pytest.fixture(scope="module")
def made(patterns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """Thaw's folder with a probe and a run that tuned the last stage, on 42 pictures at 32 pixels."""
    yield from trained.two(tmp_path_factory.mktemp("thaw"), "last_stage", epochs=2, **trained.of(patterns))


def test_other_seeds_differ_from_a_in_the_head_alone(pair: tuple[str, str]) -> None:
    a, b = pair
    net, (one, two) = compute.network(a), seed_handlers.heads(a, seeds=2)
    for other in (one, two):
        assert other.fingerprint() == net.fingerprint(), "the backbone is A's"
        assert not torch.equal(other.head.weight, net.head.weight)
        assert other.standard is None and not other.training
    assert not torch.equal(one.head.weight, two.head.weight)
    (again, _) = seed_handlers.heads(a, seeds=2)
    assert torch.equal(again.head.weight, one.head.weight), "seeded"
    labels = runs.predictions(a).labels
    x = compute.inputs(a, 0, len(labels))
    right = [(probabilities(n, x).argmax(1) == labels).mean() for n in (net, one)]
    assert right[1] >= right[0] - 0.35 and right[1] > 1 / 3, "it learned, as A's did"


def test_the_yardstick_is_zero_apart_where_b_is_a(pair: tuple[str, str]) -> None:
    a, b = pair
    found = other_seeds(a, a, 0, "lying", stage="layer3", times=2)
    assert found.a.shape == (1 + seed_handlers.SEEDS, 4, 4) and found.alike.shape == (
        len(found.images),
        seed_handlers.SEEDS,
    )
    assert found.alike_b == pytest.approx(1) and found.same_b.all() and not found.outside.any()
    assert (found.alike < 1).all() and found.images[0] == 0
    np.testing.assert_array_equal(found.a[0], found.b)
    looked = attribute(a, b, 0, "lying", stage="layer3", times=2)
    np.testing.assert_allclose(found.a[0], looked.a, rtol=1e-4, atol=1e-6)


def test_a_claim_over_images_is_paired_and_counts_them(pair: tuple[str, str]) -> None:
    found = faithfulness_many(*pair, stage="layer3")
    n = len(runs.predictions(pair[0]).labels)
    assert {gain.n for gain in found.gains} == {min(n, 24)} and len(found.gains) == 2 * 2 * 5
    shown = faithfulness(*pair, int(found.images[0]), runs.predictions(pair[0]).classes[0], stage="layer3")
    assert shown.controls == CONTROLS == found.controls
    assert shown.deletion_a.controls.shape == (4, 21) and shown.deletion_a.random.shape == (5, 21)
    assert shown.insertion_a.curve[-1] == pytest.approx(shown.deletion_a.curve[0])


def test_rather_than_swaps_its_sign_and_leaves_probabilities(pair: tuple[str, str]) -> None:
    this, that = (attribute(*pair, 0, *names, stage="layer3") for names in (("lying",), ("standing",)))
    between = attribute(*pair, 0, "lying", stage="layer3", rather_than="standing")
    np.testing.assert_allclose(between.a, this.a - that.a, atol=1e-5)
    assert between.probability_a == pytest.approx(this.probability_a, rel=1e-4) and between.rather_than == "standing"
    with pytest.raises(ExplorerError, match="lying rather than lying"):
        attribute(*pair, 0, "lying", rather_than="lying")
    with pytest.raises(ExplorerError, match="Unknown fineness of the grid.*3.*1, 2, 4"):
        attribute(*pair, 0, "lying", times=3)
