"""Images on their way: whatever is kept or computed anew, a network says the same; and new BatchNorm statistics."""

from typing import Any

import numpy as np
import pytest
import torch
from streams import PLACE, PREPROCESSING, pixels, stream

from explorer import machine
from explorer.data.stream import Stream, logits, stage_features
from explorer.models import devices
from explorer.models.backbones import build
from explorer.models.network import Network
from explorer.models.pooled_features import pooled_features
from explorer.training.compute import batchnorm


@pytest.fixture(autouse=True, params=[1, 2])
def passes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches one after the other, and two at a time."""
    monkeypatch.setattr(machine, "passes", lambda: request.param)


def network() -> Network:
    return build("resnet10", 3, "random")


def test_a_stream_says_what_the_network_says_wherever_it_has_got_to() -> None:
    net = network()
    with torch.inference_mode():
        x = devices.to_input(torch.from_numpy(pixels()), PREPROCESSING, PLACE.device)
        expected = torch.cat([net(x[:32]), net(x[32:])]).numpy()
    found = stream()
    for upto in (None, "stem", "layer2", "layer4"):
        found.advance(net, upto)
        assert found.upto == upto and len(found) == 40
        np.testing.assert_array_equal(logits(net, found), expected)


def test_what_does_not_fit_into_memory_is_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    net, kept = network(), stream()
    kept.advance(net, "layer2")
    monkeypatch.setattr(Stream, "MOST", 0)
    anew = stream()
    anew.advance(net, "layer2")
    assert [b.shape for b in anew] == [b.shape for b in kept]
    np.testing.assert_array_equal(logits(net, anew), logits(net, kept))


def test_pooled_features_of_each_stage() -> None:
    net = network()
    x = devices.to_input(torch.from_numpy(pixels(32)), PREPROCESSING, PLACE.device)
    expected: dict[str, Any] = pooled_features(net, x.split(32))
    found = stage_features(net, stream(32))
    assert list(found) == list(net.row.stage_names)
    for stage, rows in found.items():
        np.testing.assert_array_equal(rows, expected[stage])


def test_new_statistics_are_the_mean_over_batches_of_what_each_layer_sees() -> None:
    net = network()
    stem, block = net.model, net.model.layer1[0]
    assert batchnorm.reestimate(net, stream(64), batchnorm.layers(net, ("stem", "layer1"))) == 3
    with torch.no_grad():
        x = devices.to_input(torch.from_numpy(pixels(64)), PREPROCESSING, PLACE.device)
        first = [stem.conv1(b) for b in x.split(32)]
        seen = []
        for b in first:
            mean, var = b.mean((0, 2, 3), keepdim=True), b.var((0, 2, 3), keepdim=True, correction=0)
            normed = (b - mean) / (var + stem.bn1.eps).sqrt() * stem.bn1.weight[:, None, None] + stem.bn1.bias[
                :, None, None
            ]
            seen.append(block.conv1(stem.maxpool(normed.relu())))
    for layer, outputs in ((stem.bn1, first), (block.bn1, seen)):
        mean = torch.stack([b.mean((0, 2, 3)) for b in outputs]).mean(0)
        var = torch.stack([b.var((0, 2, 3)) for b in outputs]).mean(0)
        torch.testing.assert_close(layer.running_mean, mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(layer.running_var, var, rtol=1e-4, atol=1e-5)
        assert layer.momentum == 0.1 and not layer.training


def test_new_statistics_leave_all_else_as_it_was() -> None:
    net = network()
    before = {n: t.clone() for n, t in net.model.state_dict().items()}
    batchnorm.reestimate(net, stream(32), batchnorm.layers(net, ("layer4",)))
    moved = {n for n, t in net.model.state_dict().items() if not torch.equal(t, before[n])}
    assert moved and all(n.startswith("layer4") and ("running" in n or "num_batches" in n) for n in moved)
    assert batchnorm.reestimate(net, stream(32), ()) == 0


@pytest.mark.parametrize(("name", "many"), [("convnext_tiny", False), ("vit_b_16", False), ("mobilenet_v2", True)])
def test_layernorm_has_no_statistics(name: str, many: bool) -> None:
    with torch.device("meta"):
        net = build(name, 2, "random")
    assert bool(batchnorm.layers(net, net.row.stage_names)) is many
