"""Pooled features and maps: numbers on paper, bitwise repeatable, in eval mode whatever the network came in."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import runs
from explorer.catalogue.backbone import Backbone
from explorer.catalogue.stages import Stage
from explorer.errors import ExplorerError, Stopped
from explorer.looks.features.compute.channels import maps, rank_by_change
from explorer.looks.features.compute.handlers import feature_maps, selectivity
from explorer.models.backbones import build
from explorer.models.network import Network
from explorer.models.pooled_features import pooled_features
from explorer.models.pooling import grid
from explorer.recipe import make
from explorer.training.compute.handlers import train


class _Tiny(nn.Module):
    """red → channel 0, green - blue → channel 1, ReLU; then BatchNorm that doubles in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.norm = (
            nn.Conv2d(3, 2, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(2, eps=0),
        )
        self.fc = nn.Linear(2, 2)
        self.conv.weight.data = torch.tensor([[1.0, 0, 0], [0, 1, -1]])[:, :, None, None]
        self.norm.running_var.fill_(0.25)


_ROW = Backbone("tiny", "Tiny", "", (Stage("stem", ("conv", "relu")), Stage("last", ("norm",))), (), 10, 2, head="fc")


@pytest.fixture
def tiny() -> Network:
    return Network(_ROW, _Tiny(), 2, "random")


@pytest.fixture
def image() -> Tensor:
    return torch.tensor([[[1.0, 2], [3, 4]], [[0, 0], [8, 4]], [[1, 0], [4, 0]]])[None]


@pytest.fixture(scope="module")
def resnet() -> Network:
    return build("resnet10", 3, "random")


def test_pooled_features_on_paper(tiny: Network, image: Tensor) -> None:
    found = pooled_features(tiny, image)
    assert list(found) == ["stem", "last"]
    np.testing.assert_allclose(found["stem"], [[2.5, 2.0]])
    np.testing.assert_allclose(found["last"], [[5.0, 4.0]])
    assert found["stem"].dtype == np.float32


def test_maps_on_paper(tiny: Network, image: Tensor) -> None:
    np.testing.assert_allclose(maps(tiny, image, "stem"), [[[1, 2], [3, 4]], [[0, 0], [4, 4]]])
    np.testing.assert_allclose(maps(tiny, image, "last"), [[[2, 4], [6, 8]], [[0, 0], [8, 8]]])


def test_eval_mode_whatever_the_mode_was(tiny: Network, image: Tensor) -> None:
    tiny.train()
    before = {name: tensor.clone() for name, tensor in tiny.state_dict().items()}
    np.testing.assert_allclose(pooled_features(tiny, image)["last"], [[5.0, 4.0]])
    np.testing.assert_allclose(maps(tiny, image, "last")[0], [[2, 4], [6, 8]])
    assert all(module.training for module in tiny.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in tiny.state_dict().items())


def test_frozen_stages_have_bitwise_equal_features(resnet: Network) -> None:
    probe = resnet.copy()
    nn.init.normal_(probe.head.weight)
    images = torch.randn(70, 3, 32, 32)
    before, after = pooled_features(resnet, images), pooled_features(probe, images)
    assert all(np.array_equal(before[stage], after[stage]) for stage in resnet.row.stage_names)
    assert [len(f) for f in before.values()] == [70] * 5
    assert before["layer4"].shape == (70, 512)


def test_batches_and_their_generator_give_what_one_tensor_gives(resnet: Network) -> None:
    images = torch.randn(10, 3, 32, 32)
    whole = pooled_features(resnet, images)
    for batches in (images.split(4), (batch for batch in images.split(4))):
        parts = pooled_features(resnet, batches)
        assert all(np.allclose(whole[stage], parts[stage], atol=1e-4) for stage in whole)


def test_last_features_are_what_the_head_reads(resnet: Network) -> None:
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        logits = resnet.head(torch.from_numpy(pooled_features(resnet, images)["layer4"]))
        torch.testing.assert_close(logits, resnet(images))


def test_progress_is_the_share_done(tiny: Network) -> None:
    seen: list[float] = []
    pooled_features(tiny, torch.zeros(4, 3, 2, 2).split(1), seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_stopping_gives_the_network_back(tiny: Network, image: Tensor) -> None:
    def stop(share: float) -> None:
        raise Stopped

    tiny.train()
    with pytest.raises(Stopped):
        pooled_features(tiny, image, stop)
    assert all(module.training for module in tiny.modules())


@pytest.mark.parametrize("nothing", [torch.zeros(0, 3, 4, 4), []])
def test_no_images(tiny: Network, nothing: Tensor | list) -> None:
    with pytest.raises(ExplorerError, match="no image"):
        pooled_features(tiny, nothing)


def test_unknown_stage_lists_the_stages(tiny: Network, image: Tensor) -> None:
    with pytest.raises(ExplorerError, match="Unknown stage of tiny 'layer9'.*stem, last"):
        maps(tiny, image, "layer9")


def test_tokens_lie_as_the_patches_do() -> None:
    tokens = torch.arange(10.0).reshape(1, 10, 1)  # class token 0, then patches row by row
    np.testing.assert_array_equal(grid(tokens)[0, 0], [[1, 2, 3], [4, 5, 6], [7, 8, 9]])


def test_rank_by_change_on_paper() -> None:
    a = np.zeros((4, 2, 2), dtype=np.float32)
    b = a.copy()
    b[1] = [[0, 0], [0, -8]]
    b[3] = 1
    order, change = rank_by_change(a, b)
    assert order.tolist() == [1, 3, 0, 2]
    assert change.tolist() == [0, 2, 0, 1]
    assert rank_by_change(a, a)[0].tolist() == [0, 1, 2, 3]


def test_channels_of_unlike_networks_are_not_compared() -> None:
    with pytest.raises(ExplorerError, match="different channels"):
        rank_by_change(np.zeros((4, 2, 2)), np.zeros((5, 2, 2)))


def trained(patterns: Path, **choices: int) -> str:
    """A probe on a random network, in a fraction of a second."""
    usual = {"weights": "random", "dataset": "folder", "data_dir": str(patterns), "input_size": 32, "epochs": 1}
    usual["per_class"] = 4
    run = runs.create(make(**(usual | choices), device="cpu"))
    train(run)
    return run


def test_strangers_have_no_change_channel_by_channel(patterns: Path) -> None:
    a, b = (trained(patterns, seed=seed) for seed in (0, 1))
    found = feature_maps(a, b, "layer1", 0)
    assert np.isnan(found.change).all() and found.channels.tolist() == list(range(len(found.change)))
    with pytest.raises(ExplorerError, match="do not correspond"):
        selectivity(a, b)


def test_another_transform_is_named(patterns: Path) -> None:
    a, b = (trained(patterns, input_size=size) for size in (32, 40))
    with pytest.raises(ExplorerError, match="resized to 32 px and cut to 32 px in A, resized to 40 px"):
        feature_maps(a, b, "layer1", 0)
