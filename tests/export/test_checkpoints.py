"""A checkpoint of one's own: what is taken from it, what is left out, and the full reason where it cannot be used."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from explorer import runs
from explorer.catalogue import BACKBONES, own
from explorer.errors import ExplorerError
from explorer.export.compute.bringing import bring
from explorer.export.telling import report_lines
from explorer.looks.pair import compute
from explorer.models.backbones import blank, build
from explorer.recipe import make
from explorer.training.compute import handlers as training

State = dict[str, torch.Tensor]


@pytest.fixture
def state(narrow: str) -> State:
    """The tensors of a whole model, as a stranger's training left them."""
    return dict(blank(BACKBONES[narrow]).state_dict())


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


WRAPPED: dict[str, tuple[Callable[[State], Any], tuple[str, ...], str]] = {
    "plain": (lambda s: s, (), ""),
    "state_dict of DataParallel": (
        lambda s: {"epoch": 3, "state_dict": prefixed(s, "module."), "arch": "x"},
        ("state_dict",),
        "module.",
    ),
    "model beside ema": (lambda s: {"model": s, "ema": {"module": s}}, ("model",), ""),
    "ema alone": (lambda s: {"ema": {"state_dict": s}, "step": torch.tensor(7)}, ("ema", "state_dict"), ""),
    "Lightning and compiled": (
        lambda s: {"state_dict": prefixed(s, "model._orig_mod.")},
        ("state_dict",),
        "model._orig_mod.",
    ),
    "backbone of a detector": (
        lambda s: {"model": prefixed(s, "backbone.body.") | {"rpn.weight": torch.ones(2)}},
        ("model",),
        "backbone.body.",
    ),
    "encoder": (lambda s: prefixed(s, "module.encoder."), (), "module.encoder."),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_wrappers_and_prefixes_are_found(kind: str, state: State, narrow: str, tmp_path: Path) -> None:
    wrap, wrappers, prefix = WRAPPED[kind]
    torch.save(wrap(state), tmp_path / "mine.pth")
    found = bring(narrow, str(tmp_path / "mine.pth"))
    assert (found.wrappers, found.prefix) == (wrappers, prefix)
    weights = [
        tensor.numel() for name, tensor in state.items() if name.endswith(("weight", "bias")) and "fc." not in name
    ]
    assert found.taken == len(state) - 2 and found.parameters == sum(weights)
    assert found.head == (f"{prefix}fc.weight (1000 × 64)", f"{prefix}fc.bias (1000)")
    assert found.unexpected == (("rpn.weight",) if "detector" in kind else ())
    assert found.others == (("ema",) if kind == "model beside ema" else ())
    network = build(narrow, 3, found.weights, seed=5)
    assert torch.equal(network.model.state_dict()["conv1.weight"], state["conv1.weight"])
    assert found.weights == own.PREFIX + network.fingerprint()
    assert [row.name for row in own.known(narrow)] == [found.weights]
    assert own.known(narrow)[0].source == "mine.pth" and "head was left out" in "\n".join(report_lines(found))


def test_a_run_begins_from_it_and_is_put_together_again(
    state: State, tmp_path: Path, tiny: dict[str, Any], narrow: str
) -> None:
    del state["bn1.num_batches_tracked"]
    save_file({name: tensor.half() for name, tensor in state.items()}, tmp_path / "mine.safetensors")
    found = bring(narrow, str(tmp_path / "mine.safetensors"))
    assert found.counters
    run = training.train(runs.create(make(**tiny | {"backbone": narrow, "weights": found.weights, "epochs": 1})))
    assert run.facts["began"] == found.weights.removeprefix(own.PREFIX)
    assert run.recipe is not None and run.recipe.weights == found.weights
    assert torch.equal(compute.network(run.id).model.state_dict()["conv1.weight"], state["conv1.weight"].half().float())
    own.path(narrow, found.weights).unlink()
    assert runs.read(run.id).state == "finished", "the run stays readable without the file"
    with pytest.raises(ExplorerError, match="are not on this machine.*Bring the checkpoint again"):
        build(narrow, 3, found.weights)


class Odd:
    """A harmless stand-in for an object of a class that a file should not bring."""


def cifar(state: State) -> State:
    return state | {"conv1.weight": torch.zeros(8, 3, 3, 3)}


REFUSED: dict[str, tuple[Callable[[State], Any], str]] = {
    "CIFAR-style": (cifar, r"conv1.weight has the shape 8 × 3 × 3 × 3 instead of 8 × 3 × 7 × 7"),
    "another network": (
        lambda s: models.squeezenet1_1().state_dict(),
        r"0 of its \d+ tensors fit.*It fits SqueezeNet 1.1: choose that",
    ),
    "NaN": (
        lambda s: s | {"layer1.0.conv1.weight": s["layer1.0.conv1.weight"] * float("nan")},
        r"576 of the 576 numbers of layer1.0.conv1.weight are NaN.*earlier checkpoint",
    ),
    "a part is missing": (
        lambda s: {n: t for n, t in s.items() if not n.startswith("layer3")},
        r"are missing \(layer3.0.conv1.weight",
    ),
    "no tensors": (lambda s: {"epoch": 3, "name": "x"}, r"holds no tensors \(but epoch, name\)"),
    "a whole module": (lambda s: nn.Linear(1, 1), r"Python objects.*could run any code.*state_dict\(\)"),
    "a date inside": (lambda s: {"state_dict": s, "when": datetime.datetime(2026, 1, 1)}, r"Python objects \(datetime"),
    "an object of no package": (lambda s: {"state_dict": s, "config": Odd()}, r"Python objects"),
    "a list": (lambda s: list(s.values()), "holds a list and no table of tensors"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_used_is_refused_with_the_whole_reason(
    kind: str, state: State, narrow: str, tmp_path: Path
) -> None:
    made, told = REFUSED[kind]
    torch.save(made(state), tmp_path / "mine.pt")
    with pytest.raises(ExplorerError, match=told) as error:
        bring(narrow, str(tmp_path / "mine.pt"))
    assert "mine.pt" in str(error.value) and not list(own.folder().glob("*"))


def test_a_cut_file_a_strange_one_and_none_at_all_are_told(state: State, narrow: str, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "whole.pth")
    save_file(state, tmp_path / "whole.safetensors")
    for name in ("whole.pth", "whole.safetensors"):
        content = (tmp_path / name).read_bytes()
        for length in (0, 1, 7, 100, len(content) // 2, len(content) - 1):
            (tmp_path / name).write_bytes(content[:length])
            with pytest.raises(ExplorerError, match=f"The checkpoint '{name}' cannot be used: "):
                bring(narrow, str(tmp_path / name))
    (tmp_path / "words.pt").write_text("these are words")
    with pytest.raises(ExplorerError, match="damaged, cut short, or nothing|nothing that torch.save wrote"):
        bring(narrow, str(tmp_path / "words.pt"))
    with pytest.raises(ExplorerError, match=r"it ends in \.h5\. Allowed are \.safetensors, \.pt"):
        bring(narrow, str(tmp_path / "x.h5"))
    with pytest.raises(ExplorerError, match="cannot be opened"):
        bring(narrow, str(tmp_path / "absent.pt"))


def test_another_head_on_a_backbone_that_is_known_is_left_out(tmp_path: Path) -> None:
    """MobileNetV2 with ten classes; VGG, of which the dense layers are left out too."""
    for name, head in (("mobilenet_v2", 2), ("squeezenet1_1", 2)):
        model = models.get_model(name, num_classes=10)
        torch.save(model.state_dict(), tmp_path / f"{name}.pth")
        found = bring(name, str(tmp_path / f"{name}.pth"))
        assert len(found.head) == head and not found.unexpected, name
        assert found.parameters == BACKBONES[name].parameters
