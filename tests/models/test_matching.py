"""Weights that match pre-trained ones: their scale and nothing else, the same for the same seed, told apart everywhere."""

import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from explorer import recipe
from explorer.app.labels import differences
from explorer.app.words import short_title
from explorer.catalogue.backbones import backbone
from explorer.catalogue.weights import drawn, drawn_words, matched, source
from explorer.errors import ExplorerError
from explorer.export.compute.scripts import _start
from explorer.export.script import script
from explorer.looks.pair import comparison
from explorer.models.backbones import build
from explorer.models.matching import redraw
from explorer.training.figures.strips import legend, strip


class Tiny(nn.Module):
    """Two layers, BatchNorm between, and a head that is to be left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(40, 50), nn.BatchNorm1d(50), nn.Linear(50, 1)
        self.head = nn.Linear(1, 2)


class _Row:
    class _Stage:
        parts = ("first", "norm", "last")

    stages = (_Stage,)


def test_each_tensor_keeps_its_mean_and_spread_and_nothing_else() -> None:
    torch.manual_seed(0)
    model = Tiny()
    with torch.no_grad():
        model.first.weight.copy_(torch.linspace(-1.0, 5.0, 2000).view(50, 40))  # a slope: as far from drawn as can be
        model.state_dict()["norm.running_var"].fill_(7.0)
        model.norm.bias.copy_(torch.linspace(0.0, 1.0, 50))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    redraw(_Row, model)
    after = model.state_dict()
    new, old = after["first.weight"], before["first.weight"]
    assert new.mean().item() == pytest.approx(2.0, abs=0.15) and new.std().item() == pytest.approx(3**0.5, abs=0.1)
    assert abs(torch.corrcoef(torch.stack([new.flatten(), old.flatten()]))[0, 1]) < 0.1, "nothing of its order is left"
    assert torch.equal(after["last.bias"], before["last.bias"]), "one number has no spread, so it stays"
    assert not torch.equal(after["norm.bias"], before["norm.bias"])
    for name in ("norm.running_var", "norm.running_mean", "head.weight", "head.bias"):
        assert torch.equal(after[name], before[name]), name


def test_the_built_in_backbone_is_drawn_by_the_seed_alone() -> None:
    one, same, other = (build("resnet10", 3, "matched", seed) for seed in (0, 0, 1))
    learned, fresh = build("resnet10", 3, "BUILT_IN"), build("resnet10", 3, "random", 0)
    assert one.weights == "matched:BUILT_IN"
    assert one.fingerprint() == same.fingerprint()
    assert len({net.fingerprint() for net in (one, other, learned, fresh)}) == 4
    state, was = one.model.state_dict(), learned.model.state_dict()
    for name in ("conv1.weight", "layer4.0.conv2.weight", "layer2.0.bn1.weight"):
        few = 4 / state[name].numel() ** 0.5
        assert state[name].std().item() == pytest.approx(was[name].std().item(), rel=few)
        assert state[name].mean().item() == pytest.approx(was[name].mean().item(), abs=few * was[name].std().item())
        assert not torch.equal(state[name], was[name])
    assert all(torch.equal(state[n], was[n]) for n in state if "running" in n)
    assert torch.equal(state["fc.weight"], was["fc.weight"]), "the head is the same whatever the weights"


def test_the_recipe_names_what_is_matched_and_is_told_apart_from_random_weights() -> None:
    found, chance = recipe.make(weights="matched", strategy="full"), recipe.make(weights="random", strategy="full")
    assert found.weights == "matched:BUILT_IN" and found.drawn and source(found.weights) == "BUILT_IN"
    assert recipe.make(**found.model_dump()) == found and found.fingerprint != chance.fingerprint
    assert (found.batchnorm, found.keeps_statistics) == ("frozen", False)
    assert found.preprocessing == recipe.make().preprocessing
    assert short_title(found) == "Full fine-tuning, matched weights" and "matched weights" in found.title
    assert recipe.make(weights="matched", strategy="from_scratch").weights == "random"
    again, other = found.model_copy(update={"head_rate": 0.1}), found.model_copy(update={"seed": 1})
    assert comparison.same_start(found, again) and not comparison.same_start(found, other)
    assert not comparison.same_start(found, recipe.make()) and not comparison.same_start(found, chance)
    assert (
        drawn("matched")
        and not drawn("BUILT_IN")
        and (drawn_words("random"), drawn_words("BUILT_IN")) == ("random weights", "")
    )
    assert "hold matched weights" in legend([strip("", found)]) and "Hatched" not in legend([strip("", recipe.make())])
    assert differences(found, recipe.make(strategy="full")) == ["matched weights", "batch statistics"]
    with pytest.raises(ExplorerError, match="statistics of the layers that they were drawn after"):
        recipe.make(weights="matched", strategy="full", batchnorm="frozen_everywhere")


@pytest.mark.parametrize("wrong", ["matched:NOWHERE", "matched:random", "matched:", "matched:matched:BUILT_IN"])
def test_what_cannot_be_matched_is_answered_with_what_can(wrong: str) -> None:
    with pytest.raises(ExplorerError, match="matched:BUILT_IN"):
        recipe.make(weights=wrong)


def test_missing_weights_are_named_with_their_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", _offline)
    row = backbone("squeezenet1_1")
    with pytest.raises(ExplorerError, match=f"not on this machine.*{row.weights[0].file}"):
        build(row.name, 2, matched("IMAGENET1K_V1"))


def _offline(*args: Any, **kwargs: Any) -> None:
    raise OSError("no network")


def test_an_exported_script_draws_the_same_weights(tmp_path: Path) -> None:
    made = recipe.make(weights="matched", strategy="full", seed=3)
    text = script(made, ("a", "b"))
    (tmp_path / "start.pt").write_bytes(_start(made))
    wanted = ("import", "SEED", "STAGES", "DEVICE", "CLASSES", "HEAD", "build", "within")
    body = [node for node in ast.parse(text).body if any(word in ast.unparse(node).split("=")[0] for word in wanted)]
    names: dict[str, Any] = {"__file__": str(tmp_path / "script.py")}
    exec(
        compile(ast.Module([n for n in body if not ast.unparse(n).startswith("def main")], []), "script", "exec"), names
    )
    built, ours = names["build"]().state_dict(), build("resnet10", 2, made.weights, 3).model.state_dict()
    assert all(torch.equal(built[name].cpu(), ours[name]) for name in ours)
