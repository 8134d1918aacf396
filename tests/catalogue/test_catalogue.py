"""The tables that everything is chosen from: names agree, paths lead where torch looks, unknown names are explained."""

import ast
from pathlib import Path

import pytest

from explorer import catalogue
from explorer.catalogue import ATTRIBUTIONS, BACKBONES, DATASETS, PROJECTIONS, STRATEGIES, Preprocessing
from explorer.catalogue.backbones import DEFAULT_BACKBONE, backbone, missing_weights, stage_of
from explorer.catalogue.datasets import dataset, datasets_folder
from explorer.catalogue.strategies import named, strategy
from explorer.catalogue.weights import checkpoints_folder
from explorer.errors import ExplorerError
from explorer.home import home as thaw_home

TABLES = {
    "backbones": BACKBONES,
    "datasets": DATASETS,
    "strategies": STRATEGIES,
    "attributions": ATTRIBUTIONS,
    "projections": PROJECTIONS,
}


@pytest.mark.parametrize("table", TABLES)
def test_each_row_stands_under_its_own_name(table: str) -> None:
    assert all(name == row.name for name, row in TABLES[table].items())
    titles = [row.title for row in TABLES[table].values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("row", BACKBONES.values(), ids=lambda row: row.name)
def test_a_backbone_s_own_rates_are_of_strategies_that_tune_it(row: catalogue.Backbone) -> None:
    assert all(rate > 0 and 0 < STRATEGIES[name].backbone_rate != rate for name, rate in row.rates)


def test_the_issue_s_backbones_are_there() -> None:
    assert set(BACKBONES) >= {
        *("resnet10", "resnet18", "resnet34", "resnet50", "vgg11_bn", "vgg16", "vgg16_bn", "squeezenet1_1"),
        *("mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "densenet121", "vit_b_16"),
    }


@pytest.mark.parametrize("row", BACKBONES.values(), ids=list(BACKBONES))
def test_a_backbone_s_stages_are_ordered_and_share_no_part(row: catalogue.Backbone) -> None:
    parts = [part for stage in row.stages for part in stage.parts]
    assert len(set(row.stage_names)) == len(row.stages) >= 4
    assert len(set(parts)) == len(parts)
    assert row.weights and row.parameters > 0 and row.features > 0
    assert row.normalisation in ("batch", "layer", "none")


def test_weights_lie_where_torch_looks_for_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = BACKBONES["resnet18"]
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "here"))
    assert row.weights_path("IMAGENET1K_V1") == tmp_path / "here/hub/checkpoints/resnet18-f37072fd.pth"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert checkpoints_folder() == tmp_path / "cache/torch/hub/checkpoints"
    assert BACKBONES["resnet10"].weights_path("BUILT_IN").parent.name == "backbone"


def test_default_weights_are_the_best_here_else_the_best_there_are() -> None:
    row = BACKBONES["mobilenet_v2"]
    assert row.offline() == ()
    assert row.resolve("default") == "IMAGENET1K_V2"
    first = row.weights_path("IMAGENET1K_V1")
    first.parent.mkdir(parents=True)
    first.touch()
    assert row.offline() == ("IMAGENET1K_V1",)
    assert row.resolve("default") == "IMAGENET1K_V1"
    assert row.resolve("IMAGENET1K_V2") == "IMAGENET1K_V2"
    assert row.resolve("random") == "random"


def test_preprocessing_is_the_weights_own_and_scales_with_the_input() -> None:
    row = BACKBONES["resnet50"]
    assert row.preprocessing("IMAGENET1K_V1") == Preprocessing(256, 224)
    assert row.preprocessing("IMAGENET1K_V2") == Preprocessing(232, 224)
    assert row.preprocessing("IMAGENET1K_V1", 112) == Preprocessing(128, 112)
    assert row.preprocessing("random") == row.preprocessing("IMAGENET1K_V1")  # whatever files are here
    assert BACKBONES["resnet10"].preprocessing("random", 32) == Preprocessing(32, 32)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: backbone("resnet81"), ["'resnet81'", "resnet18", "vit_b_16", "Did you mean"]),
        (lambda: dataset("shape"), ["'shape'", "Did you mean 'shapes'", "photo_patches"]),
        (lambda: strategy("ful"), ["'ful'", "Did you mean 'full'", "linear_probe"]),
        (lambda: stage_of(BACKBONES["resnet18"], "layer5"), ["'layer5'", "resnet18", "stem", "layer4"]),
        (lambda: BACKBONES["resnet18"].resolve("V3"), ["'V3'", "resnet18", "IMAGENET1K_V1", "default", "random"]),
        (lambda: BACKBONES["resnet10"].resolve(""), ["''", "BUILT_IN", "random"]),
    ],
)
def test_an_unknown_name_is_answered_with_all_names(ask: object, words: list[str]) -> None:
    with pytest.raises(ExplorerError) as error:
        ask()
    assert all(word in str(error.value) for word in words)


def test_missing_weights_are_named_with_the_place_to_put_them(tmp_path: Path) -> None:
    words = str(missing_weights(BACKBONES["resnet18"], "IMAGENET1K_V1"))
    assert "resnet18-f37072fd.pth" in words
    assert str(tmp_path / "torch/hub/checkpoints") in words
    assert "random weights always work" in words


def test_what_ships_is_available_and_what_is_downloaded_is_not_until_it_is(home: Path) -> None:
    assert thaw_home() == home
    offline = {name for name, row in DATASETS.items() if row.available_offline}
    assert offline == {"photo_patches", "photo_patches_grey", "shapes", "digits", "folder"}
    (datasets_folder() / "hymenoptera_data").mkdir(parents=True)
    assert DATASETS["hymenoptera"].available_offline


def test_sets_of_imagenet_photographs_say_so() -> None:
    assert {name for name, row in DATASETS.items() if row.overlap} == {"hymenoptera", "oxford_pets"}
    assert all("ImageNet" in row.note for row in DATASETS.values() if row.overlap)


STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


@pytest.mark.parametrize(
    ("name", "learning"),
    [
        ("linear_probe", ()),
        ("last_stage", ("layer4",)),
        ("last_2_stages", ("layer3", "layer4")),
        ("first_stage", ("stem",)),
        ("full", STAGES),
        ("from_scratch", STAGES),
    ],
)
def test_each_strategy_picks_its_stages(name: str, learning: tuple[str, ...]) -> None:
    assert STAGES[STRATEGIES[name].learns] == learning
    assert bool(STRATEGIES[name].backbone_rate) == bool(learning)
    assert STRATEGIES[name].pretrained == (name != "from_scratch")


def test_a_set_of_stages_has_the_name_of_its_strategy() -> None:
    names = ("stem", "layer1", "layer2")
    assert named(names, ()) == "linear_probe" and named(names, ("layer2",)) == "last_stage"
    assert named(names, ("layer2", "layer1")) == "last_2_stages" and named(names, ("stem",)) == "first_stage"
    assert named(names, names) == "full" and named(names, names, pretrained=False) == "from_scratch"
    assert named(names, ("layer1",)) == "custom" == named(names, ("stem", "layer2"))
    assert named(names, (), affine=True) == "bn_only" and named(names, ("stem",), affine=True) == "first_stage"


def test_the_default_backbone_is_named_in_one_place() -> None:
    named = [
        path.name
        for path in Path(catalogue.__file__).parents[1].rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == DEFAULT_BACKBONE
    ]
    assert named == ["backbones.py"]
