"""Every row of the catalogue: builds, computes what torchvision computes, is cut where it says, comes back as lent."""

from collections.abc import Iterator
from contextlib import nullcontext
from operator import attrgetter
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from explorer.catalogue import backbone as catalogue
from explorer.catalogue.backbone import Backbone
from explorer.catalogue.backbones import BACKBONES
from explorer.errors import ExplorerError
from explorer.models import backbones
from explorer.models.backbones import blank, build
from explorer.models.lending import lend
from explorer.models.network import NORMALISATIONS, Network
from explorer.models.pooling import grid, pooled

TORCHVISION = [name for name in BACKBONES if name != "resnet10"]


@pytest.fixture(scope="module", params=BACKBONES)
def network(request: pytest.FixtureRequest) -> Network:
    """A row built without its memory, then filled: VGG's discarded dense layers cost nothing this way."""
    with torch.device("meta"):
        network = build(request.param, 3, "random")
    network.to_empty(device="cpu")
    for name, tensor in network.state_dict().items():
        if "running_var" in name:
            tensor.fill_(1.0)
        elif tensor.is_floating_point():
            tensor.uniform_(-0.05, 0.05)
    return network


@pytest.fixture(scope="module")
def images(network: Network) -> torch.Tensor:
    side = 224 if network.row.name == "vit_b_16" else 64
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def small() -> Network:
    return build("resnet10", 3, "random")


def test_the_stages_compute_what_torchvision_computes(network: Network, images: torch.Tensor) -> None:
    with torch.no_grad():
        expected = network.model(images)
        assert expected.shape == (1, 3)
        assert expected.abs().max() > 0
        assert torch.equal(network(images), expected)
        middle = network.row.stage_names[2]
        assert torch.equal(network.after(network.until(images, middle), middle), expected)


def test_the_stages_and_the_head_part_all_tensors(network: Network) -> None:
    parts = [name for part in (*network.row.stage_names, "head") for name in network.names(part)]
    assert len(parts) == len(set(parts))
    assert set(parts) == set(network.model.state_dict())


def test_the_parameters_are_as_many_as_the_catalogue_says(network: Network) -> None:
    parameters = dict(network.model.named_parameters())
    names = [n for stage in network.row.stage_names for n in network.names(stage)]
    assert sum(parameters[n].numel() for n in names if n in parameters) == network.row.parameters
    heads = sum(parameters[n].numel() for n in network.names("head"))
    assert heads == (network.row.features + 1) * 3


def test_the_neck_is_as_wide_as_the_catalogue_says(network: Network, images: torch.Tensor) -> None:
    last = network.row.stage_names[-1]
    with torch.no_grad():
        output = network.until(images, last)
        assert network.pooling(output).shape == (1, network.row.features)
        assert pooled(output).shape == (1, network.row.features)
        assert grid(output).ndim == 4


def test_the_normalisation_is_the_one_the_catalogue_names(network: Network) -> None:
    kinds = {type(m) for m in network.modules() if isinstance(m, NORMALISATIONS)}
    batch = any(issubclass(kind, nn.modules.batchnorm._BatchNorm) for kind in kinds)
    assert network.row.normalisation == ("batch" if batch else "layer" if kinds else "none")


def test_a_copy_shares_nothing(network: Network) -> None:
    copy = network.copy()
    original = {t.data_ptr() for t in network.state_dict().values()}
    assert original.isdisjoint(t.data_ptr() for t in copy.state_dict().values())
    theirs = {id(t) for t in copy.state_dict(keep_vars=True).values()}
    views = [*copy.stages.values(), copy.pooling, copy.head]
    assert {id(t) for view in views for t in view.state_dict(keep_vars=True).values()} <= theirs
    assert copy.lock.held is not network.lock.held


@pytest.mark.parametrize("row", BACKBONES.values(), ids=list(BACKBONES))
def test_every_part_of_the_catalogue_exists(row: Backbone) -> None:
    with torch.device("meta"):
        model = models.get_model("resnet18" if row.name == "resnet10" else row.name, weights=None)
    for stage in row.stages:
        for part in stage.parts:
            assert attrgetter(part)(model) is not None
    assert model.get_submodule(row.head)


@pytest.mark.parametrize("row", BACKBONES.values(), ids=list(BACKBONES))
def test_what_the_row_says_of_the_layers_is_so(row: Backbone) -> None:
    with torch.device("meta"):
        kinds = {type(module) for module in blank(row).modules()}
    bends = {kind for kind in kinds if kind.__module__ == "torch.nn.modules.activation"} - {nn.MultiheadAttention}
    assert row.plain_relu == (bends == {nn.ReLU})
    assert row.tokens == (nn.MultiheadAttention in kinds)


@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_are_those_of_torchvision(name: str) -> None:
    row, enum = BACKBONES[name], models.get_model_weights(name)
    for weights in row.weights:
        member = enum[weights.name]
        assert member.url.endswith(f"/{weights.file}")
        theirs, ours = member.transforms(), row.preprocessing(weights.name)
        assert (theirs.resize_size, theirs.crop_size) == ([ours.resize], [ours.crop])
        assert (tuple(theirs.mean), tuple(theirs.std)) == (ours.mean, ours.std)
    assert row.weights[-1].name == enum.DEFAULT.name


def test_random_weights_follow_the_seed(small: Network) -> None:
    same, other = build("resnet10", 3, "random"), build("resnet10", 3, "random", seed=1)
    assert all(torch.equal(a, b) for a, b in zip(small.parameters(), same.parameters(), strict=True))
    assert not torch.equal(small.model.conv1.weight, other.model.conv1.weight)
    assert not small.training


def test_what_a_checkpoint_of_ones_own_leaves_out_is_drawn_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never what the memory happened to hold: layers behind the stages may be missing in such a file."""
    monkeypatch.setattr(backbones, "load", lambda *_: None)
    monkeypatch.setattr(Backbone, "resolve", lambda row, weights: weights)
    mine, drawn = (build("squeezenet1_1", 3, weights, seed=4) for weights in ("own:" + "0" * 16, "random"))
    assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), drawn.state_dict().values(), strict=True))


def test_building_leaves_the_global_seed_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    build("resnet10", 3, "random")
    assert torch.equal(torch.rand(3), expected)


@pytest.fixture
def buffer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Empty places for weights, and no network."""

    def offline(*_: object, **__: object) -> None:
        raise URLError("no network in tests")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(catalogue, "ASSETS", tmp_path / "assets")
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    yield tmp_path


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "squeezenet1_1"])
def test_missing_weights_name_the_file_and_the_folder(name: str, buffer: Path) -> None:
    with pytest.raises(ExplorerError) as error:
        build(name, 3)
    message = str(error.value)
    assert BACKBONES[name].weights[-1].file in message
    assert str(buffer / "hub" / "checkpoints") in message
    assert "random weights always work" in message


def test_weights_that_are_here_are_loaded_without_a_network(buffer: Path) -> None:
    theirs = models.squeezenet1_1(weights=None)
    folder = buffer / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(theirs.state_dict(), folder / "squeezenet1_1-b8a52dc0.pth")
    network = build("squeezenet1_1", 3)
    assert network.weights == "IMAGENET1K_V1"
    assert torch.equal(network.model.features[0].weight, theirs.features[0].weight)
    assert torch.equal(network.head[1].weight, build("squeezenet1_1", 3, "random").head[1].weight)


def test_the_built_in_file_is_read_in_full_precision(buffer: Path, small: Network) -> None:
    with pytest.raises(ExplorerError, match=r"resnet10\.safetensors is missing"):
        build("resnet10", 3, "BUILT_IN")
    path = BACKBONES["resnet10"].weights_path("BUILT_IN")
    path.parent.mkdir(parents=True)
    state = {n: t.half() if t.ndim == 4 else t for n, t in small.model.state_dict().items() if not n.startswith("fc.")}
    save_file(state, path)
    network = build("resnet10", 5)
    assert network.weights == "BUILT_IN"
    assert network.model.conv1.weight.dtype == torch.float32
    assert torch.equal(network.model.conv1.weight, small.model.conv1.weight.half().float())
    save_file({"other": torch.zeros(1)}, path)
    with pytest.raises(ExplorerError, match="does not fit"):
        build("resnet10", 5)


def test_unknown_names_are_told_with_what_there_is() -> None:
    with pytest.raises(ExplorerError, match="Unknown backbone 'resnet19'.*Did you mean 'resnet18'"):
        build("resnet19", 3)
    with pytest.raises(ExplorerError, match="Unknown weights for resnet50 'V3'.*IMAGENET1K_V2"):
        build("resnet50", 3, "V3")


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_a_lent_network_comes_back_as_it_was(small: Network, training: bool, fails: bool) -> None:
    small.train()
    small.model.layer1.eval()
    small.model.layer2.requires_grad_(False)
    small.model.conv1.weight.grad = torch.ones_like(small.model.conv1.weight)
    kept = small.model.layer3.register_forward_hook(lambda *_: None)
    modes = [m.training for m in small.modules()]
    with pytest.raises(RuntimeError, match="forced") if fails else nullcontext(), lend(small, training) as lent:
        assert all(m.training is training for m in lent.modules())
        lent.requires_grad_(True)
        lent.model.layer4.register_forward_hook(lambda *_: None)
        lent.stages["stem"].register_forward_pre_hook(lambda *_: None)
        lent.pooling.register_full_backward_hook(lambda *_: None)
        lent(torch.randn(2, 3, 32, 32)).sum().backward()
        if fails:
            raise RuntimeError("forced")
    assert [m.training for m in small.modules()] == modes
    assert [n for n, p in small.named_parameters() if not p.requires_grad] == [
        n for n, _ in small.named_parameters() if n.startswith("model.layer2.")
    ]
    assert {n for n, p in small.named_parameters() if p.grad is not None} == {"model.conv1.weight"}
    assert (small.model.conv1.weight.grad == 1).all()
    assert list(small.model.layer3._forward_hooks) == [kept.id]
    views = [small.stages["stem"], small.pooling, small.model.layer4]
    assert not any(v._forward_hooks or v._forward_pre_hooks or v._backward_hooks for v in views)


def test_lending_twice_in_one_thread_is_allowed(small: Network) -> None:
    with lend(small), lend(small) as lent:
        assert lent is small


def test_weights_made_under_inference_mode_can_be_lent() -> None:
    with torch.inference_mode():
        network = build("resnet10", 2, "random")
    with lend(network) as lent, torch.no_grad():
        assert lent(torch.zeros(1, 3, 32, 32)).shape == (1, 2)


def test_a_fingerprint_changes_with_any_bit_of_the_backbone_and_not_with_the_head(small: Network) -> None:
    before = small.fingerprint()
    assert len(before) == 16 and before == small.copy().to(memory_format=torch.channels_last).fingerprint()
    head = small.copy()
    with torch.no_grad():
        head.head.weight += 1
    assert head.fingerprint() == before
    for name in ("conv1.weight", "layer4.0.bn2.running_var", "bn1.num_batches_tracked"):
        other = small.copy()
        tensor = other.model.state_dict()[name]
        tensor.view(-1)[-1:] += 1
        assert other.fingerprint() != before


def test_shared_stages_are_equal_to_the_last_bit_from_the_input_on(small: Network) -> None:
    names = small.row.stage_names
    assert small.shared(small.copy()) == names
    for i, stage in enumerate(names):
        other = small.copy()
        with torch.no_grad():
            weight = other.stages[stage].state_dict(keep_vars=True)
            next(iter(weight.values())).view(-1)[0].mul_(1 + 2**-23)
        assert small.shared(other) == names[:i]
    counted = small.copy()
    counted.model.bn1.num_batches_tracked += 1
    assert small.shared(counted) == names


def test_a_fingerprint_of_some_stages_minds_no_other(small: Network) -> None:
    other = small.copy()
    with torch.no_grad():
        other.model.layer2[0].conv1.weight[0, 0, 0, 0] += 1
    assert small.fingerprint(("stem", "layer1")) == other.fingerprint(("stem", "layer1"))
    assert small.fingerprint(("stem", "layer2")) != other.fingerprint(("stem", "layer2"))
    assert small.fingerprint() == small.fingerprint(small.row.stage_names) != other.fingerprint()
