"""Between two networks: the ends to the last bit, the middle on paper, nothing lent is changed."""

import numpy as np
import pytest
import torch
from streams import stream
from test_rewind import nets  # noqa: F401  (a fixture)

from explorer.data.stream import logits
from explorer.looks.similarity.compute.interpolation import along, behind, common, interpolated, reestimated
from explorer.models.network import Network
from explorer.training.compute import batchnorm


def test_the_middle_of_two_linear_maps_is_the_middle_of_what_they_say() -> None:
    a, b = ({"w": torch.randn(3, 5), "b": torch.randn(3)} for _ in range(2))
    x = torch.randn(7, 5)
    for alpha in (0.25, 0.5, 0.9):
        half = interpolated(a, b, alpha)
        expected = (1 - alpha) * (x @ a["w"].T + a["b"]) + alpha * (x @ b["w"].T + b["b"])
        torch.testing.assert_close(x @ half["w"].T + half["b"], expected)


def test_ends_shared_tensors_and_counts_stay_to_the_last_bit() -> None:
    a = {"same": torch.tensor([0.1, 1 / 3]), "other": torch.tensor([0.1]), "count": torch.tensor(3)}
    b = {"same": a["same"].clone(), "other": torch.tensor([0.7]), "count": torch.tensor(8)}
    for alpha in (0.0, 0.3, 1.0):
        assert torch.equal(interpolated(a, b, alpha)["same"], a["same"]) and interpolated(a, b, alpha)["count"] == 8
    assert torch.equal(interpolated(a, b, 0)["other"], a["other"]) and torch.equal(
        interpolated(a, b, 1)["other"], b["other"]
    )
    assert interpolated(a, b, 0.5)["other"].item() == pytest.approx(0.4)


def test_the_ends_are_a_and_b_and_both_stay_as_they_are(nets: dict[str, Network]) -> None:  # noqa: F811  (a fixture)
    a, b = nets["start"], nets["tuned"]
    before = [{n: t.clone() for n, t in net.model.state_dict().items()} for net in (a, b)]
    found = [said["test"] for said in along(a, b, {"test": stream()}, alphas=(0, 0.5, 1))]
    np.testing.assert_array_equal(found[0], logits(a, stream()))
    np.testing.assert_array_equal(found[2], logits(b, stream()))
    half = b.copy()
    half.model.load_state_dict(interpolated(a.model.state_dict(), b.model.state_dict(), 0.5))
    np.testing.assert_array_equal(found[1], logits(half, stream()))
    for net, kept in zip((a, b), before, strict=True):
        assert all(torch.equal(t, kept[n]) for n, t in net.model.state_dict().items())


def test_what_is_shared_ends_where_the_first_stage_differs(nets: dict[str, Network]) -> None:  # noqa: F811  (a fixture)
    assert common(nets["start"], nets["tuned"]) == "layer2"
    assert common(nets["start"], nets["start"]) == "layer4"
    assert common(nets["start"], nets["random"]) is None


def test_new_statistics_change_what_is_said_but_not_the_networks(nets: dict[str, Network]) -> None:  # noqa: F811  (a fixture)
    a, b = nets["start"], nets["tuned"]
    before = {n: t.clone() for n, t in b.model.state_dict().items()}
    (mixture,) = along(a, b, {"test": stream(), "more": stream(8)}, stream(64), alphas=(0.5,))
    (plain,) = along(a, b, {"test": stream()}, alphas=(0.5,))
    assert (mixture["test"] != plain["test"]).any() and len(mixture["more"]) == 8
    assert all(torch.equal(t, before[n]) for n, t in b.model.state_dict().items())


def test_new_statistics_lie_between_the_ends_which_keep_theirs(nets: dict[str, Network]) -> None:  # noqa: F811  (a fixture)
    a, b = nets["start"], nets["tuned"]
    new = [said["test"] for said in along(a, b, {"test": stream()}, stream(64), alphas=(0, 0.5, 1))]
    np.testing.assert_array_equal(new[0], logits(a, stream()))
    np.testing.assert_array_equal(new[2], logits(b, stream()))
    assert behind(a, b) == ("layer3", "layer4")
    for net, said in zip((a, b), reestimated(a, b, {"test": stream()}, stream(64)), strict=True):
        by_hand = net.copy()
        batchnorm.reestimate(by_hand, stream(64), batchnorm.layers(by_hand, ("layer3", "layer4")))
        np.testing.assert_array_equal(said["test"], logits(by_hand, stream()))
        assert (said["test"] != logits(net, stream())).any()


def test_statistics_that_are_the_same_in_both_are_kept_by_every_mixture(nets: dict[str, Network]) -> None:  # noqa: F811  (a fixture)
    a, b = nets["start"], nets["tuned"].copy()
    with torch.no_grad():
        for name, tensor in b.model.state_dict().items():
            if "running_" in name:
                tensor.copy_(a.model.state_dict()[name])
    (new,) = along(a, b, {"test": stream()}, stream(64), alphas=(0.5,))
    (kept,) = along(a, b, {"test": stream()}, alphas=(0.5,))
    np.testing.assert_array_equal(new["test"], kept["test"])
    assert reestimated(a, b, {"test": stream()}, stream(64)) == []
