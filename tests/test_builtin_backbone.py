"""The backbone that ships: unchanged since its card was written, loadable by torchvision alone, better than chance."""

import hashlib
import json

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from benchmarks import backbone

DRAWS = range(5)


@pytest.fixture(scope="module")
def facts() -> dict:
    return json.loads(backbone.BUILT_IN.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(backbone.BUILT_IN)


def test_checksum_is_the_one_recorded(facts: dict) -> None:
    assert hashlib.sha256(backbone.BUILT_IN.read_bytes()).hexdigest() == facts["sha256"]


def test_card_quotes_the_checksum(facts: dict) -> None:
    card = (backbone.BUILT_IN.parent / "CARD.md").read_text(encoding="utf-8")
    assert facts["sha256"] in card


def test_file_is_small_and_described(facts: dict, weights: dict[str, torch.Tensor]) -> None:
    assert backbone.BUILT_IN.stat().st_size <= 12_000_000
    assert len(weights) == facts["tensors"]
    assert facts["input_size"] == 96


def test_loads_strictly_into_torchvision(facts: dict, weights: dict[str, torch.Tensor]) -> None:
    net = ResNet(BasicBlock, [1, 1, 1, 1])
    net.fc = nn.Identity()
    net.load_state_dict(weights, strict=True)
    assert sum(p.numel() for p in net.parameters()) == facts["parameters"]
    assert net.eval()(torch.zeros(1, 3, 96, 96)).shape == (1, 512)


def test_batchnorm_is_kept_in_full_precision(weights: dict[str, torch.Tensor]) -> None:
    kinds = {name: value.dtype for name, value in weights.items()}
    assert {kinds[name] for name in kinds if weights[name].dim() == 4} == {torch.float16}
    assert {kinds[name] for name in kinds if weights[name].dim() == 1} == {torch.float32}
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_features_beat_random_ones_on_unseen_photo_patches() -> None:
    task = backbone.photo_task(grey=False, per_photo=20)

    def accuracy(net: nn.Module) -> list[float]:
        found = backbone.scores(task, backbone.of_network(net, 96), False, [10], len(DRAWS))
        return found[10]

    built_in = np.array(accuracy(backbone.built_in()))
    random = np.array([accuracy(backbone.bare(seed)) for seed in (0, 1)])
    noise = np.hypot(built_in.std(ddof=1), random.std(ddof=1))
    margin = built_in.mean() - random.mean()
    assert margin > 4, f"only {margin:.1f} points better than random"
    assert margin > 3 * noise / np.sqrt(len(DRAWS)), f"{margin:.1f} points is within noise ({noise:.1f})"
