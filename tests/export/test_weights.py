"""A run's weights: they load strictly into torchvision's class, and say what they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from explorer import runs
from explorer.catalogue import BACKBONES
from explorer.export import building
from explorer.export.compute import handlers, weights
from explorer.export.formats import FORMATS
from explorer.looks.pair import compute
from explorer.models.network import Network
from explorer.recipe import make
from explorer.runs import contents
from explorer.training.compute import handlers as training


def built(lines: str) -> nn.Module:
    names: dict[str, Any] = {}
    exec(lines, names)
    return names["model"]


def test_every_format_has_who_writes_it() -> None:
    assert handlers.WRITERS.keys() == FORMATS.keys()


def test_the_lines_that_build_a_backbone_make_what_thaw_trains() -> None:
    from explorer.models.backbones import blank

    with torch.device("meta"):
        for row in BACKBONES.values():
            ours = Network(row, blank(row), 3, "random").model
            theirs = built("\n".join(building.lines(row, 3)))
            shapes = [{name: t.shape for name, t in model.state_dict().items()} for model in (ours, theirs)]
            assert shapes[0] == shapes[1], row.name
            assert theirs.eval()(torch.empty(1, 3, row.input_size, row.input_size)).shape[:2] == (1, 3)


@pytest.fixture
def tuned(tiny: dict[str, Any]) -> str:
    return training.train(
        runs.create(make(**tiny | {"strategy": "last_stage", "backbone": "squeezenet1_1", "epochs": 1}))
    ).id


def test_all_weights_load_strictly_and_say_the_same(tuned: str, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    (note,) = handlers.write(tuned, "weights", out, lambda share, words: None)
    with safe_open(out, "pt") as file:
        facts = file.metadata()
    model = built(facts["build"]).eval()
    assert model.load_state_dict(load_file(out), strict=True)
    x = compute.inputs(tuned, 0, 4)
    with torch.inference_mode():
        assert torch.equal(model(x), compute.network(tuned).model(x))
    said = runs.predictions(tuned)
    assert json.loads(facts["classes"]) == list(said.classes)
    assert json.loads(facts["recipe"])["strategy"] == "last_stage" and make(**json.loads(facts["recipe"]))
    assert json.loads(facts["preprocessing"])["centre_crop"] == 32
    assert json.loads(facts["test"])["n"] == len(said.labels) and "strict=True" in note


def test_what_learned_lies_over_the_start(tuned: str, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    handlers.write(tuned, "learned", out, lambda share, words: None)
    learned = load_file(out)
    whole = compute.network(tuned).model.state_dict()
    assert 0 < len(learned) < len(whole) and not any(name.startswith("features.0.") for name in learned)
    assert all(torch.equal(tensor, whole[name]) for name, tensor in learned.items())


def test_the_order_of_a_tensor_in_memory_changes_no_number(tmp_path: Path) -> None:
    """safetensors.numpy 0.8.0 stores arrays in Fortran's order scrambled, without an error."""
    numbers = torch.arange(24.0).view(2, 3, 2, 2)
    weights.save(
        {"w": numbers.to(memory_format=torch.channels_last), "t": numbers.flatten(1).T}, tmp_path / "w.safetensors", {}
    )
    found = load_file(tmp_path / "w.safetensors")
    assert torch.equal(found["w"], numbers) and torch.equal(found["t"], numbers.flatten(1).T)

    run = runs.create(make())
    columns = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    runs.store_tensors(run, "learned", {"w": columns, "part": columns[::2, 1:]})
    stored = runs.tensors(run, "learned")
    assert np.array_equal(stored["w"], columns) and np.array_equal(stored["part"], columns[::2, 1:])
    with pytest.raises(ValueError, match="w is not contiguous"):
        contents._save({"w": columns}, tmp_path / "scrambled.safetensors")
