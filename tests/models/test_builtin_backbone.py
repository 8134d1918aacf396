"""The backbone that ships: unchanged since its card was written, loadable by torchvision alone, better than chance."""

import hashlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from benchmarks import backbone
from explorer.data import photos

pytestmark = pytest.mark.long(20)

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


def test_card_quotes_what_the_packages_say_of_each_picture() -> None:
    """Each photograph has a row; what stands there in quotation marks stands in the package, in the function of that file."""
    card = (backbone.BUILT_IN.parent / "CARD.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"\| \w+ \| `([\w.]+)` \| (.+) \|", card))
    assert rows.keys() == {file for _, file, _ in photos.PHOTOS.values()}
    skimage = Path(importlib.util.find_spec("skimage").origin).parent / "data" / "_fetchers.py"
    sklearn = Path(importlib.util.find_spec("sklearn").origin).parent / "datasets" / "images" / "README.txt"
    texts = re.split(
        r"\n(?=def |Image: )", skimage.read_text(encoding="utf-8") + "\n" + sklearn.read_text(encoding="utf-8")
    )
    for file, told in rows.items():
        (said,) = [" ".join(text.split()) for text in texts if re.search(rf"[(]['\"]data/{file}|Image: {file}", text)]
        quotes = re.findall(r'"([^"]+)"', told)
        assert all(quote in said for quote in quotes), (file, quotes)
        assert quotes or (told == "nothing" and not re.search("public domain|CC0|copyright|licen", said, re.I)), file


def test_the_licence_is_the_standard_text_and_named() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    words = " ".join((root / "LICENSE").read_text(encoding="utf-8").split())
    assert words.startswith("Apache License Version 2.0, January 2004") and "9. Accepting Warranty" in words
    assert (
        hashlib.sha256(words.encode()).hexdigest() == "0ffddef9e48f8a09aed5caf2d44f7ba1c1be2d9b8e0a6f693b1635b2d5566645"
    )


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
