"""How far images lie from BatchNorm's running statistics: numbers one can check on paper, and on the weights that ship."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from explorer import recipe
from explorer.catalogue import BACKBONES
from explorer.data.stream import Stream
from explorer.errors import ExplorerError
from explorer.models import backbones, devices
from explorer.models.network import Network
from explorer.training.compute import batchnorm_shift
from explorer.training.compute.planning import statistics_shift


def stream(row: str, n: int = 40, size: int = 64, seed: int = 0) -> Stream:
    pixels = np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    wanted = recipe.make(backbone=row, weights="random", input_size=size)
    return Stream(pixels, wanted.preprocessing, devices.choose(BACKBONES[row], "cpu"))


def first_layer(network: Network) -> Any:
    return network.model.bn1


def test_the_divergence_of_the_first_layer_is_that_of_two_normal_distributions() -> None:
    """Against the closed form, from the layer's own inputs, in code that shares nothing with the measured one."""
    network = backbones.build("resnet10", 3, "random").eval()
    layer, images = first_layer(network), stream("resnet10")
    with torch.no_grad():
        layer.running_mean.uniform_(-1, 1)
        layer.running_var.uniform_(0.5, 2)
        inputs = torch.cat([network.model.conv1(x).float() for x in images])
    flat = inputs.permute(1, 0, 2, 3).flatten(1).double().numpy()
    expected = []
    for channel, m, v in zip(flat, layer.running_mean.tolist(), layer.running_var.tolist(), strict=True):
        mean, variance = channel.mean(), channel.var()
        expected.append(math.log(math.sqrt(v / variance)) + (variance + (mean - m) ** 2) / (2 * v) - 0.5)
    assert batchnorm_shift.shifts(network, images)["stem"] == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize("backbone", ["resnet10", "mobilenet_v3_small"])
def test_statistics_of_these_very_images_are_no_distance_away(backbone: str) -> None:
    network = backbones.build(backbone, 3, "random").eval()
    images = stream(backbone)
    off = batchnorm_shift.shifts(network, images)
    stages = list(off)
    for layer in [m for s in stages for m in network.modules_of(s) if isinstance(m, torch.nn.BatchNorm2d)]:
        seen: list[torch.Tensor] = []
        hook = layer.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0].float()))
        with torch.no_grad():  # layer by layer, since what one keeps changes what the next one sees
            [network(x) for x in images]
        hook.remove()
        x = torch.cat(seen)
        layer.running_mean.copy_(x.mean((0, 2, 3)))
        layer.running_var.copy_(x.var((0, 2, 3), unbiased=False))
    found = batchnorm_shift.shifts(network, images)
    assert set(found) == set(off) and all(value < 1e-4 for value in found.values()) and max(off.values()) > 0.01


def test_measuring_leaves_no_trace() -> None:
    network = backbones.build("resnet10", 3, "random")
    before = {n: t.clone() for n, t in network.model.state_dict().items()}
    batchnorm_shift.shifts(network, stream("resnet10", 8))
    assert all(torch.equal(t, before[n]) for n, t in network.model.state_dict().items())
    assert not any(m._forward_pre_hooks for m in network.modules())


def test_patches_of_photographs_are_nearer_to_the_built_in_statistics_than_drawn_shapes() -> None:
    near, far = (
        statistics_shift(recipe.make(dataset=name, per_class=3, input_size=64)) for name in ("photo_patches", "shapes")
    )
    assert near.n == 51 and far.n == 24 and near.stages == ("stem", "layer1", "layer2", "layer3", "layer4")
    assert near.mean < 0.2 < far.mean


@pytest.mark.parametrize("choices", [{"weights": "random"}, {"backbone": "vgg16", "weights": "random"}], ids=str)
def test_where_there_are_no_statistics_it_is_said(choices: dict[str, str], tiny: dict[str, Any]) -> None:
    with pytest.raises(ExplorerError, match="no BatchNorm statistics"):
        statistics_shift(recipe.make(**tiny | choices))
