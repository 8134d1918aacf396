"""The probe at the best stage: chosen on validation, the rest cut off, and whole again for whoever looks at the run."""

import numpy as np
import pytest
import torch

from explorer import cache, runs
from explorer.catalogue import BACKBONES
from explorer.data import datasets
from explorer.errors import ExplorerError
from explorer.export import building
from explorer.looks.pair import compute
from explorer.models import devices
from explorer.models.backbones import Undrawn, build
from explorer.recipe import make
from explorer.training.compute import handlers, reading

pytestmark = pytest.mark.long(25)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_widths_of_the_table_are_those_of_the_stages_and_a_cut_network_runs_as_its_library_runs_it(
    name: str,
) -> None:
    row = BACKBONES[name]
    assert len(row.widths) == len(row.stages) and row.widths[-1] == row.features
    for stage, width in zip(row.stage_names, row.widths, strict=True):
        with torch.device("meta"), Undrawn():
            network = build(name, 3, "random", reads=stage)
            x = torch.empty(1, 3, row.input_size, row.input_size)
        read = network.features(x, None)
        assert network.head(read).shape == (1, 3) and read.shape == (1, width)
        assert network.model(x).flatten(1).shape == (1, 3), "the library's own way through the same modules"
        later = row.stage_names[row.stage_names.index(stage) + 1 :]
        assert not [tensor for cut in later for tensor in network.names(cut)], "nothing of what was cut off is left"


def test_a_cut_network_says_the_same_through_its_stages_as_through_torchvision() -> None:
    network, x = build("resnet10", 4, reads="layer2"), torch.randn(2, 3, 64, 64)
    whole = build("resnet10", 4)
    with torch.no_grad():
        assert torch.allclose(network(x), network.model(x), atol=1e-5)
        assert torch.equal(network.until(x, "layer2"), whole.until(x, "layer2"))
        assert torch.equal(network.until(x, "layer4"), whole.until(x, "layer2")), "later stages pass it on"
    assert whole.shared(network) == network.shared(whole) == ("stem", "layer1", "layer2")
    lines: dict[str, object] = {}
    exec("\n".join(building.lines(network.row, 4)), lines)
    lines["model"].load_state_dict(network.model.state_dict())


def test_the_stage_with_most_right_is_taken_and_of_equals_the_last() -> None:
    assert reading.best({"a": 0.5, "b": 0.75, "c": 0.7}) == "b" and reading.best({"a": 0.5, "b": 0.5}) == "b"


def test_a_probe_tells_features_that_separate_from_features_that_do_not() -> None:
    dice = torch.Generator().manual_seed(0)
    labels = torch.arange(120) % 3
    noise = torch.randn(120, 8, generator=dice)
    telling = noise.clone()
    telling[torch.arange(120), labels] += 4
    recipe = make(epochs=80)
    good, bad = (reading.probe(recipe, x[:80], labels[:80], x[80:], labels[80:], 3).mean() for x in (telling, noise))
    assert good > 0.9 and bad < 0.6


def test_a_run_chooses_its_stage_and_is_put_together_again(narrow: None, float32: None) -> None:
    recipe = make(strategy="best_stage", dataset="digits", per_class=6, epochs=4, input_size=32)
    run = handlers.train(runs.create(recipe, here=True))
    assert isinstance(run, runs.FinishedRun) and run.recipe == recipe and run.clean and run.fault == ""
    chosen, found = run.facts["reads"], run.facts["stage_scores"]
    assert chosen == reading.best(found) and [*found] == list(recipe.row.stage_names)
    assert run.settled.reads == chosen and run.settled.row.features == BACKBONES["resnet10"].cut(chosen).features
    said = runs.predictions(run.id)
    with torch.no_grad():
        again = compute.network(run.id)(compute.inputs(run.id, 0, len(said.ids))).softmax(1).numpy()
    assert np.abs(again - said.probability).max() < 1e-3
    given = handlers.train(runs.create(run.settled, here=True))
    assert given.test == run.test and "stage_scores" not in given.facts, "the same stage, told beforehand"
    total = {one.id: one.facts["parameters"]["total"] for one in (run, given)}
    assert len(set(total.values())) == 1
    assert all(count <= 4_905_792 + 5_130 for count in total.values())


def test_what_cannot_be_read_is_said() -> None:
    for choices, why in (
        ({"strategy": "linear_probe", "reads": "layer2"}, "Use the strategy best_stage"),
        ({"strategy": "best_stage", "reads": "layer9"}, "Unknown stage"),
        ({"strategy": "best_stage", "batchnorm": "moving"}, "Allowed: frozen"),
    ):
        with pytest.raises(ExplorerError, match=why):
            make(**choices)
    assert make(strategy="linear_probe").fingerprint == make(strategy="linear_probe", reads="").fingerprint
    one, two = make(strategy="best_stage", reads="layer2"), make(strategy="linear_probe")
    assert one.start != two.start and one.row.gone == ("layer3", "layer4")


def test_a_probe_has_left_in_the_cache_what_the_choice_reads(narrow: None) -> None:
    recipe = make(dataset="digits", per_class=6, epochs=2, input_size=32)
    handlers.train(runs.create(recipe, here=True))
    before = cache.size()
    wanted = recipe.model_copy(update={"strategy": "best_stage"})
    reading.scores(wanted, datasets.load(wanted), devices.choose(wanted.row, "cpu"), lambda share, words: None)
    assert before[0] == 3 and cache.size() == before, (
        "training, validation and test images, run once by whoever came first"
    )
