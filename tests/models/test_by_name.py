"""Backbones that are found by their name: cut by their own forward pass, kept as rows, used like any other."""

import json
import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import stand_ins_data
import torch
from torchvision import models

from explorer import recipe, runs
from explorer.catalogue import named
from explorer.catalogue.backbones import backbone
from explorer.errors import ExplorerError
from explorer.export import archive, building
from explorer.looks.pair import compute
from explorer.models import backbones, deriving, libraries, predicting, tracing
from explorer.models.cells import cells
from explorer.models.deriving import derive
from explorer.models.finding import ensure, find
from explorer.models.pooling import grid, pooled
from explorer.training.compute.handlers import train

pytestmark = pytest.mark.long(65)

SMALL = "torchvision:shufflenet_v2_x0_5"

FAMILIES = {
    "torchvision:regnet_y_400mf": 64,
    "torchvision:shufflenet_v2_x0_5": 64,
    "torchvision:mnasnet0_5": 64,
    "torchvision:googlenet": 64,
    "torchvision:swin_t": 64,
    "torchvision:alexnet": 224,
    "torchvision:squeezenet1_0": 64,
    "torchvision:densenet121": 64,
    "torchvision:efficientnet_b0": 64,
    "torchvision:mobilenet_v3_small": 64,
    "timm:vit_tiny_patch16_224": 224,
    "timm:convnext_atto": 64,
    "timm:vit_small_patch16_dinov3": 256,
    "timm:vit_xsmall_patch16_clip_224": 224,
    "timm:swin_tiny_patch4_window7_224": 224,
}
"""One network of each family, with the input at which it is tried."""


@pytest.fixture(scope="module", autouse=True)
def few_shapes() -> Iterator[None]:
    with stand_ins_data.few_shapes():
        yield


@pytest.fixture(scope="module", params=FAMILIES)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> backbones.Network:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(tmp_path_factory.mktemp("named")))
        if request.param.startswith("timm"):
            pytest.importorskip("timm")
        find(request.param)
        return backbones.build(request.param, 5, "random", seed=1)


@torch.no_grad()
def test_the_stages_say_what_the_model_says(network: backbones.Network) -> None:
    """Stage by stage and head: the same logits as the model's own forward pass, also in a copy, which shares nothing."""
    size = FAMILIES[network.row.name]
    x = torch.randn(2, 3, size, size)
    said = network(x)
    torch.testing.assert_close(said, network.model(x).flatten(1))
    copied = network.copy().eval()
    torch.testing.assert_close(copied(x), said)
    for parameter in copied.model.parameters():
        parameter.zero_()
    assert copied(x[:1]).abs().max() == 0 < network(x[:1]).abs().max()


@torch.no_grad()
def test_a_network_that_is_cut_off_reads_an_earlier_stage(network: backbones.Network) -> None:
    """What the head reads is that stage's output, pooled; what lies behind is gone; a copy and a moved one say the same."""
    row = network.row
    named.keep(row)
    until, gone = row.stage_names[-2], row.stage_names[-1]
    cut = backbones.build(row.name, 3, "random", seed=1, reads=until)
    x = torch.randn(2, 3, *[FAMILIES[row.name]] * 2)
    read = network.until(x, until)
    assert cut.row.features == row.widths[-2] == grid(read).shape[1]
    means = (read[:, 0] if row.class_token else pooled(read)).float()
    said = cut(x)
    torch.testing.assert_close(said, cut.head(means))
    torch.testing.assert_close(said, cut.model(x))
    assert not cut.names(gone) and not cut.modules_of(gone)[1:] and cut.names(until) == network.names(until)
    assert {*cut.model.state_dict()} == {n for part in (*row.stage_names, "head") for n in cut.names(part)}
    torch.testing.assert_close(cut.copy()._apply(torch.clone)(x), said)


@torch.no_grad()
def test_every_tensor_belongs_to_one_stage_and_each_stage_has_a_grid(network: backbones.Network) -> None:
    row, x = network.row, torch.randn(1, 3, *[FAMILIES[network.row.name]] * 2)
    parts = [name for part in (*row.stage_names, "head") for name in network.names(part)]
    assert len(parts) == len(set(parts)) and set(parts) == set(network.model.state_dict())
    sides = []
    for name in row.stage_names:
        x = network.stages[name](x)
        assert grid(x).shape[2] == grid(x).shape[3]
        sides.append(grid(x).shape[2])
        step = cells(network, name, FAMILIES[row.name]).step
        assert math.isclose(step, 1 / sides[-1], rel_tol=0.35), (name, step, sides)
    assert sides == sorted(sides, reverse=True) and 3 <= len(row.stages) <= 7
    head = network.names("head")
    own = sum(p.numel() for n, p in network.model.named_parameters() if n not in head)
    assert own == row.parameters and network.pooling(x).shape == (1, row.features)


def test_a_pass_that_drops_by_a_function_drops_nothing_when_a_run_is_scored() -> None:
    """As GhostNet of timm does before its head: recorded in train mode, its scores were drawn anew each time."""

    class Drops(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.fc = torch.nn.Conv2d(3, 8, 3), torch.nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x).mean((2, 3))
            return self.fc(torch.nn.functional.dropout(x, 0.5, training=self.training))

    model, x = Drops().train(), torch.randn(2, 3, 8, 8)
    found = tracing.trace(model, ())
    assert model.training and model.stem.training
    torch.testing.assert_close(tracing.segment(found, found.start, found.nodes[-1])(x), model.eval()(x))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("torchvision:fcn_resnet50", "no plain image classifier"),
        ("torchvision:regnet_y_400", "names like it: .*regnet_y_400mf"),
        ("torchvision:shufflenet_v2_x0_5~99", "no stage can begin with step 99. Allowed: 1 to"),
        ("keras:resnet", "is not the name of a backbone in a library"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(ExplorerError, match=why):
        derive(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("timm:resnet50_clip", "last layer is not one linear"),
        ("timm:hrnet_w18_small", "Choose another"),
        ("timm:repvit_m0_9", r"it answers by 2 heads together \(head.head.l, head.head_dist.l\)"),
    ],
)
def test_what_timm_has_and_does_not_fit_is_refused(name: str, why: str) -> None:
    pytest.importorskip("timm")
    with pytest.raises(ExplorerError, match=why):
        derive(name)


def test_a_name_that_was_not_looked_up_says_what_to_do_and_ensure_looks_it_up() -> None:
    with pytest.raises(ExplorerError, match=f"python -m explorer backbones {SMALL}"):
        recipe.make(backbone=SMALL)
    row = ensure(SMALL)
    assert row is not None and ensure("resnet10") is None and backbone(SMALL) == row
    assert [weights.name for weights in row.weights] == ["IMAGENET1K_V1"]
    assert row.preprocessing("IMAGENET1K_V1").resize == 256
    with pytest.raises(ExplorerError, match="takes inputs of 32 pixels and more|input_size"):
        recipe.make(backbone=SMALL, input_size=31)


def test_a_run_at_an_earlier_stage_is_put_together_again_and_no_plain_lines_are_promised(
    tmp_path: Path,
) -> None:
    ensure(SMALL)
    given = recipe.make(
        backbone=SMALL, weights="random", dataset="shapes", per_class=2, epochs=1, input_size=32, strategy="best_stage",
        device="cpu",
    )  # fmt: skip
    run = train(runs.create(given)).id
    found = runs.read(run)
    assert found.state == "finished" and found.clean is True and found.facts["reads"] in given.row.stage_names
    said = predicting.probabilities(compute.network(run), compute.inputs(run, 0, 8))
    assert abs(said - runs.predictions(run).probability[:8]).max() < 0.02
    cut = recipe.make(**given.model_dump() | {"reads": "stage2"})
    with pytest.raises(ExplorerError, match="cut off behind 'stage2'.*Take ONNX or torch.export"):
        building.check(cut.row)


def test_tensors_by_name_are_taken_without_a_version_also_by_a_copy(tmp_path: Path) -> None:
    """MNASNet of torchvision asks for one, which nothing but its own state_dict has."""
    find("torchvision:mnasnet0_5")
    network = backbones.build("torchvision:mnasnet0_5", 3, "random", seed=1).copy()
    state = {name: tensor + 1 for name, tensor in network.model.state_dict().items()}
    network.model.load_state_dict(state, strict=True)
    assert torch.equal(network.model.state_dict()["layers.0.weight"], state["layers.0.weight"])
    for _ in range(2):  # in one process, as a script and a notebook may
        names: dict[str, object] = {}
        exec("\n".join(building.lines(network.row, 3)), names)
        names["model"].load_state_dict(state, strict=True)


def test_what_is_loaded_next_is_not_drawn() -> None:
    with backbones.Undrawn():
        before = torch.get_rng_state()
        models.get_model("squeezenet1_1")
        torch.nn.Linear(8, 8)
        weight, table = torch.nn.Parameter(torch.ones(4)), torch.ones(4)
        with torch.no_grad():
            for tensor in (weight, table):  # as timm draws from a truncated normal distribution
                tensor.uniform_(-0.9, 0.9).erfinv_().mul_(0.1).add_(7).clamp_(3, 6)
    assert torch.equal(before, torch.get_rng_state())
    assert weight.eq(1).all() and table.eq(6).all(), "a buffer is worked out, as nothing is loaded into it"


def test_where_shapes_alone_are_asked_batchnorm_is_not_worked_out_and_nothing_else_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Normalises(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.batch_norm(x, None, None, training=True)

    model, x = Normalises(), torch.randn(2, 4, 3, 3)
    with backbones.ShapesAlone():
        assert model(on_meta := x.to("meta")) is on_meta
        assert model(x).mean().abs() < 1e-6 < x.mean().abs(), "numbers are as ever"
        assert torch.fx.symbolic_trace(model)(x).mean().abs() < 1e-6, "it stands in what is traced"
    row = derive(SMALL).row
    monkeypatch.setattr(deriving, "ShapesAlone", nullcontext)
    assert derive(SMALL).row == row


def test_a_cut_of_ones_own_is_another_backbone() -> None:
    plain = find(SMALL)
    other = find(named.cut(SMALL, plain.begins[2:]))
    assert len(other.row.stages) == len(plain.row.stages) - 1 and "of your own" in other.row.title
    assert recipe.make(backbone=SMALL).fingerprint != recipe.make(backbone=other.row.name).fingerprint
    assert [p for s in other.row.stages for p in s.parts] == [p for s in plain.row.stages for p in s.parts]


@pytest.mark.parametrize("name", [SMALL, "torchvision:shufflenet_v2_x0_5"])
def test_a_row_says_how_tensors_lie_on_a_gpu_also_one_that_was_kept_before_rows_did(name: str) -> None:
    row = derive(name).row
    depthwise = any(
        m.groups == m.in_channels > 1 for m in backbones.blank(row).modules() if isinstance(m, torch.nn.Conv2d)
    )
    assert row.channels_last is not depthwise
    kept = {key: value for key, value in asdict(row).items() if key != "channels_last"}
    assert named.checked(json.dumps(kept)) == row


def test_a_row_says_what_its_network_asks_for_also_one_that_was_kept_before_rows_did() -> None:
    """A version beside its tensors, and no outputs that only training from scratch reads: its class says so, not its name."""
    every = models.list_models(module=models)
    assert [n for n in every if libraries.arguments("torchvision", n)] == ["googlenet", "inception_v3"]
    row, plain = derive("torchvision:mnasnet0_5").row, derive(SMALL).row
    assert row.versioned and not plain.versioned
    before = [named.checked(json.dumps({k: v for k, v in asdict(r).items() if k != "versioned"})) for r in (row, plain)]
    assert before[0] == row
    names: dict[str, Any] = {}
    exec("\n".join(building.lines(before[1], 3)), names)  # more than it needs, to no effect
    names["model"].load_state_dict(names["model"].state_dict(), strict=True)


def test_a_row_from_elsewhere_is_data_and_never_code() -> None:
    row = derive(SMALL).row
    assert named.checked(json.dumps(asdict(row))) == row
    bad = [replace(row, code="model = None"), replace(row, head="a b"), replace(row, builder="swin_t")]
    bad.append(replace(row, stages=(replace(row.stages[0], view="os:getcwd"), *row.stages[1:])))
    bad.append(replace(row, weights=(replace(row.weights[0], file="../x.pth"),)))
    bad.append(replace(row, arguments="x=open()"))
    for wrong in bad:
        with pytest.raises(ExplorerError):
            named.checked(json.dumps(asdict(wrong)))


def test_a_run_goes_out_and_comes_back_with_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure(SMALL)
    given = recipe.make(
        backbone=SMALL, weights="random", dataset="shapes", per_class=5, epochs=1, input_size=32, strategy="last_stage",
        device="cpu",
    )  # fmt: skip
    run = runs.create(given)
    train(run)
    found = runs.read(run)
    assert found.state == "finished" and found.clean is True, found.error
    archive.pack(found, tmp_path / "run.zip")
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "elsewhere"))
    assert named.read(SMALL) is None
    assert archive.bring(tmp_path / "run.zip") == run and runs.read(run).recipe == given
