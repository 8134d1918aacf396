"""A checkpoint of one's own: what is taken from it, what is left out, and the full reason where it cannot be used."""

import argparse
import datetime
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from explorer import runs, workspaces
from explorer.catalogue import BACKBONES, own
from explorer.errors import ExplorerError
from explorer.export import incoming
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
    "a wrapper of a name of its own": (lambda s: {"net_weights": s, "optim": {"m": [s]}}, ("net_weights",), ""),
    "wrapped twice, beside a score": (lambda s: {"run": {"model": s}, "best": torch.tensor(0.9)}, ("run", "model"), ""),
    "a table of an optimizer is larger": (
        lambda s: {"my net": s, "optimizer": s | prefixed(s, "m.")},
        ("my net",),
        "",
    ),
    "counters that tools hang on layers": (lambda s: s | {"layer1.0.total_ops": torch.zeros(1)}, (), ""),
    "programs' arguments": (lambda s: {"model": s, "args": argparse.Namespace(rate=0.1)}, ("model",), ""),
    "NumPy's numbers": (lambda s: {"model": s, "best": np.float64(0.9), "classes": np.array(["a"])}, ("model",), ""),
    "paths and lists": (lambda s: {"model": s, "in": Path("x"), "log": defaultdict(list, a=[1.0])}, ("model",), ""),
}
"""How programs wrap the weights → the wrappers and the prefix that are found."""
UNEXPECTED = {
    "backbone of a detector": ("rpn.weight",),
    "counters that tools hang on layers": ("layer1.0.total_ops",),
}
UNREAD = {
    "programs' arguments": "argparse.Namespace",
    "NumPy's numbers": "numpy._core.multiarray.scalar",
    "paths and lists": "pathlib.PosixPath",
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
    assert found.unexpected == UNEXPECTED.get(kind, ())
    assert bool(found.unread) == (kind in UNREAD) and UNREAD.get(kind, "") in "\n".join(report_lines(found))
    assert found.others == (("ema",) if kind == "model beside ema" else ())
    network = build(narrow, 3, found.weights, seed=5)
    assert torch.equal(network.model.state_dict()["conv1.weight"], state["conv1.weight"])
    assert found.weights == own.PREFIX + network.fingerprint()
    assert [row.name for row in own.known(narrow)] == [found.weights]
    assert own.known(narrow)[0].source == "mine.pth" and "head was left out" in "\n".join(report_lines(found))


def test_weights_are_whose_file_it_was_though_the_page_was_closed(
    state: State, narrow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_SHARED", "1")
    a, presenter = (workspaces.mark_of(c * 32) for c in "ac")
    workspaces.appoint(presenter, workspaces.token())
    torch.save(state, tmp_path / "mine.pth")
    with workspaces.acting(a), (tmp_path / "mine.pth").open("rb") as stream:
        key = incoming.keep(stream)
    weights = bring(narrow, key, "mine.pth").weights  # the worker's side: nobody looks
    assert workspaces.owners("weights", weights) == [a] and own.words(narrow, weights).startswith("own weights")
    with workspaces.acting(a):
        assert own.known(narrow)[0].source == "mine.pth"
    with workspaces.acting(presenter):
        assert own.known(narrow) == [], "what is nobody's would be the presenter's"


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


def numbered(state: State, narrow: str, prefix: str) -> State:
    """As after `nn.Sequential(*model.children())` without the head."""
    places = {child: str(i) for i, (child, _) in enumerate(blank(BACKBONES[narrow]).named_children())}
    parted = {name: name.partition(".") for name in state if not name.startswith("fc")}
    return {f"{prefix}{places[top]}.{rest}": state[name] for name, (top, _, rest) in parted.items()}


@pytest.mark.parametrize("prefix", ["", "encoder.", "module.features."])
def test_parts_that_are_called_by_their_places_are_found(
    prefix: str, state: State, narrow: str, tmp_path: Path
) -> None:
    torch.save(numbered(state, narrow, prefix), tmp_path / "mine.pth")
    found = bring(narrow, str(tmp_path / "mine.pth"))
    assert (found.prefix, found.renamed, found.taken) == (prefix, ("conv1.weight", "0.weight"), len(state) - 2)
    assert torch.equal(build(narrow, 3, found.weights).model.state_dict()["conv1.weight"], state["conv1.weight"])


def test_the_one_part_that_holds_all_may_be_left_out_of_names(tmp_path: Path) -> None:
    features = models.squeezenet1_1().features.state_dict()
    torch.save({f"body.{name}": tensor for name, tensor in features.items()}, tmp_path / "mine.pth")
    found = bring("squeezenet1_1", str(tmp_path / "mine.pth"))
    assert (found.prefix, found.renamed) == ("body.", ("features.0.weight", "0.weight"))


def test_a_larger_network_of_the_family_is_another_network(tmp_path: Path) -> None:
    """Every tensor of ResNet-18 is in ResNet-34, which has more blocks between."""
    torch.save(models.resnet34().state_dict(), tmp_path / "mine.pth")
    with pytest.raises(ExplorerError, match=r"80 more are there in its stages \(layer1.2.*It fits ResNet-34: choose"):
        bring("resnet18", str(tmp_path / "mine.pth"))
    torch.save(models.resnet18().state_dict(), tmp_path / "mine.pth")
    with pytest.raises(ExplorerError, match=r"80 are missing.*It fits ResNet-18: choose"):
        bring("resnet34", str(tmp_path / "mine.pth"))


def of_int8(state: State) -> State:
    return {name: (100 * tensor).to(torch.int8) for name, tensor in state.items()}


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
    "arrays": (lambda s: {n: t.numpy() for n, t in s.items()}, "arrays of NumPy's: store them as tensors"),
    "an optimizer alone": (lambda s: {"optimizer": s}, r"holds no tensors \(but optimizer"),
    "whole numbers": (of_int8, "conv1.weight is stored as int8, as quantised weights are"),
    "switches": (lambda s: s | {"bn1.weight": torch.ones(8, dtype=torch.bool)}, "bn1.weight is stored as bool"),
    "a variance below 0": (
        lambda s: s | {"bn1.running_var": -torch.ones(8)},
        "bn1.running_var holds variances below 0",
    ),
    "nothing but zeros": (lambda s: {n: torch.zeros_like(t) for n, t in s.items()}, "all its weights are 0"),
    "shapes alone": (lambda s: {n: t.to("meta") for n, t in s.items()}, "has a shape and no numbers"),
    "grey pictures": (lambda s: s | {"conv1.weight": torch.zeros(8, 1, 7, 7)}, "it reads pictures of 1 channel, and"),
    "timm's names": (
        lambda s: {"conv_stem.weight": torch.ones(3), "bn2.weight": torch.ones(3)},
        "--backbone timm:NAME",
    ),
    "transformers' names": (lambda s: {"vit.embeddings.cls": torch.ones(3)}, "Hugging Face's transformers"),
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


OTHERS = {
    b"version https://git-lfs.github.com/spec/v1\n": "pointer of Git LFS",
    b"<!DOCTYPE html><html>": "web page",
    b"\n <html>": "web page",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"\x1f\x8b\x08": "packed with gzip",
    b"\x93NUMPY\x01": "array of NumPy's",
    b"\x80\x04\x95": "nothing that torch.save wrote",
}
"""How a file begins that is no checkpoint → what is said of it."""


def test_a_file_is_read_as_what_it_is_whatever_it_is_called(state: State, narrow: str, tmp_path: Path) -> None:
    save_file(state, tmp_path / "mine.bin")
    torch.save(state, tmp_path / "mine.safetensors")
    assert (
        bring(narrow, str(tmp_path / "mine.bin")).weights == bring(narrow, str(tmp_path / "mine.safetensors")).weights
    )
    with zipfile.ZipFile(tmp_path / "program.pt", "w") as pack:
        for name in ("code/__torch__.py", "constants.pkl", "data.pkl"):
            pack.writestr(f"program/{name}", "")
    with pytest.raises(ExplorerError, match="program of TorchScript"):
        bring(narrow, str(tmp_path / "program.pt"))
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as pack:
        pack.writestr("config.json", "{}")
    with pytest.raises(ExplorerError, match="it is a ZIP, and nothing that torch.save wrote"):
        bring(narrow, str(tmp_path / "other.pt"))


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
    for start, told in OTHERS.items():
        (tmp_path / "other.pth").write_bytes(start + bytes(200))
        with pytest.raises(ExplorerError, match=told):
            bring(narrow, str(tmp_path / "other.pth"))
    with pytest.raises(ExplorerError, match=r"it ends in \.h5\. Allowed are \.safetensors, \.pt"):
        bring(narrow, str(tmp_path / "x.h5"))
    with pytest.raises(ExplorerError, match=r"it has no ending\. Allowed are"):
        bring(narrow, str(tmp_path / "passwd"))
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
