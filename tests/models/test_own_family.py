"""A backbone is one row: a family of its own, with names of its own, is added by one and asked everything."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins_data
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

from explorer import recipe, runs
from explorer.catalogue import ATTRIBUTIONS, BACKBONES, Backbone
from explorer.catalogue.stages import Stage
from explorer.catalogue.weights import Weights
from explorer.course import texts
from explorer.course.compute.snippets.scenes import opening, scene
from explorer.errors import ExplorerError
from explorer.export.formats import FORMATS, missing
from explorer.looks.attribution.compute.map_handlers import attribute
from explorer.models import backbones
from explorer.models.cells import cells
from explorer.question import ask_for, every
from explorer.training.compute.handlers import train
from explorer.worker.handlers import answer, handlers

pytestmark = pytest.mark.long(30)

FIXED: dict[str, Any] = {"backbone": "odd", "dataset": "shapes", "per_class": 5, "epochs": 2, "device": "cpu"}
CODE = "from tests.models.test_own_family import Odd\nmodel = Odd()"


class Detour(nn.Module):
    """A residual block whose shortcut has a name of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.way = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16))
        self.bypass = nn.Conv2d(8, 16, 1, 2)
        self.bend = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.bend(self.way(x) + self.bypass(x))


class Odd(nn.Module):
    """What no backbone of torchvision looks like: other names, a ReLU as a function, a norm behind the pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.mouth = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.gut = Detour()
        self.tail, self.tail_norm = nn.Conv2d(16, 24, 3, padding=1), nn.BatchNorm2d(24)
        self.squash = nn.AdaptiveAvgPool2d(1)
        self.says = nn.ModuleDict({"calm": nn.GroupNorm(1, 24), "word": nn.Linear(24, 7)})

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.tail_norm(self.tail(self.gut(self.mouth(x)))))
        return self.says["word"](self.says["calm"](self.squash(x)).flatten(1))


ROW = Backbone(
    "odd",
    "Odd",
    "Mine.",
    (
        Stage("mouth", ("mouth",)),
        Stage("gut", ("gut",)),
        Stage("tail", ("tail", "tail_norm", "says.calm"), then="ReLU"),
    ),
    (Weights("MINE", "odd.safetensors", 32),),
    5144,
    24,
    head="says.word",
    after_pool=("says.calm",),
    input_size=32,
    code=CODE,
    plain_relu=True,
    shortcuts=("bypass",),
)
STAGED = [name for name, method in ATTRIBUTIONS.items() if not method.obstacle(ROW)]


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> Backbone:
    monkeypatch.setitem(BACKBONES, "odd", ROW)
    return ROW


@pytest.fixture(scope="module", autouse=True)
def few_shapes() -> Iterator[None]:
    with stand_ins_data.few_shapes():
        yield


def _pre_train() -> None:
    """A file of weights, without the head's, whose statistics have seen something."""
    torch.manual_seed(0)
    model = Odd()
    for _ in range(20):
        model(torch.randn(16, 3, 32, 32))
    ROW.weights_path("MINE").parent.mkdir(parents=True)
    save_file({n: t for n, t in model.state_dict().items() if "word" not in n}, ROW.weights_path("MINE"))


@pytest.fixture(scope="module")
def store(few_shapes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with four finished runs of the family."""
    folder = tmp_path_factory.mktemp("odd") / "thaw"
    wanted = {
        "probe": {},
        "tuned": {"strategy": "last_stage"},
        "full": {"strategy": "full"},
        "again": {"strategy": "last_stage", "seed": 1},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(folder))
        patch.setenv("TORCH_HOME", str(folder))
        _pre_train()
        patch.setitem(BACKBONES, "odd", ROW)
        made = {}
        for name, choices in wanted.items():
            made[name] = runs.create(recipe.make(**FIXED | choices))
            train(made[name])
        yield folder, made


@pytest.fixture
def made(store: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("THAW_HOME", str(store[0]))
    monkeypatch.setenv("TORCH_HOME", str(store[0]))
    return store[1]


def test_the_row_is_true() -> None:
    network = backbones.build("odd", 5, "random")
    x = torch.randn(2, 3, 32, 32)
    assert network(x).shape == (2, 5)
    torch.testing.assert_close(network(x), network.model(x))
    assert sum(p.numel() for p in Odd().parameters()) - 24 * 7 - 7 == ROW.parameters
    assert {*network.names("head")} == {"says.word.weight", "says.word.bias"}
    assert "says.calm.weight" in network.names("tail")


def test_cells_lie_where_the_gradient_says() -> None:
    """The shortcut's stride is not counted a second time: a stride of 2 twice is one cell for every 4 pixels."""
    found = cells(backbones.build("odd", 2, "random"), "gut", 32)
    assert found.step == pytest.approx(4 / 32)


def test_its_weights_are_found_and_a_wrong_file_is_told(
    made: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ROW.offline() == ("MINE",) and runs.read(made["full"]).recipe.weights == "MINE"
    assert backbones.build("odd", 2).model.tail_norm.num_batches_tracked == 20
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    with pytest.raises(ExplorerError, match=r"The file of Odd .*odd\.safetensors is missing"):
        backbones.build("odd", 2, "MINE")
    monkeypatch.setitem(BACKBONES, "odd", replace(ROW, weights=()))
    assert backbones.build("odd", 2).weights == "random"
    assert BACKBONES["odd"].preprocessing("random").resize == 32


def test_training_keeps_what_is_frozen(made: dict[str, str]) -> None:
    for name, learning in {"probe": set(), "tuned": {"tail"}, "full": {"mouth", "gut", "tail"}}.items():
        run = runs.read(made[name])
        assert run.state == "finished" and run.clean is True, run.error
        assert {row.stage for row in runs.audit(run.id).stages if row.max_change > 0} - {"head"} == learning


PAIR: dict[str, Any] = {"a": "A", "b": "B"}
LOOK = PAIR | {"image": 3}
WHERE = LOOK | {"target": "TARGET", "stage": "gut"}
BARE = {"backbone": "odd", "weights": "MINE"}
ASKED: dict[str, dict[str, Any]] = {
    "describe": {"recipe": "START"},
    "find_rates": {"recipe": "START"},
    "statistics_shift": {"recipe": "START"},
    "gallery": {"run": "A"},
    "examples": {"run": "A"},
    "see": LOOK,
    "movement": PAIR,
    "feature_maps": LOOK | {"stage": "gut"},
    "feature_strip": LOOK,
    "selectivity": PAIR,
    "excitement": PAIR,
    "filters": PAIR,
    "map_controls": PAIR | {"method": "pca"},
    "project": PAIR | {"method": "pca"},
    "project_epochs": {"run": "B", "method": "pca"},
    "project_noise": {"run": "B", "method": "pca"},
    "separation": {"run": "B"},
    "attribute": WHERE | {"times": 2},
    "attribute_many": PAIR | {"images": [1, 2], "target": "TARGET", "stage": "tail"},
    "faithfulness": WHERE,
    "faithfulness_many": PAIR | {"stage": "gut"},
    "on_object": PAIR | {"stage": "gut"},
    "other_seeds": WHERE,
    "randomise": {"run": "B", "image": 3, "target": "TARGET", "stage": "gut"},
    "compare": PAIR,
    "stage_pairs": PAIR,
    "probe_stages": PAIR,
    "drift": {"run": "B"},
    "rewind": {"run": "B", "stages": ["tail"]},
    "interpolate": PAIR | {"images": ["noise"]},
    "base_filters": BARE,
    "walk": BARE | {"image": 1},
    "new_head": BARE | {"classes": 3, "seed": 0, "image": 1},
    "beside_start": {"run": "B"},
    "anatomy": {"backbone": "odd", "pixels": 32},
    "speed": {"backbone": "odd", "pixels": 32},
    "calibration": {"run": "B"},
    "neighbours": {"run": "B", "image": 1},
    "census": {"recipe": "START"},
    "training_pictures": {"recipe": "START"},
    "faults": {"recipe": "START"},
    "plain_faults": {"recipe": "START"},
    "store_features": {"recipe": "PROBE"},
    "live_probe": {"recipe": "PROBE"},
    "signs": {"recipe": "PROBE"},
    "spoilt": {"run": "B"},
    "gradients": {"recipe": "PROBE"},
    "moved": {"run": "B"},
    "label_issues": {"recipe": "START"},
    "predict": {"run": "B", "folder": "PICTURES"},
    "bring": {"backbone": "odd", "file": "CHECKPOINT"},
    "snippet_pictures": BARE,
}
"""Questions that look into a backbone, asked of this one."""
LESSON = {"run_snippet", "run_step_snippet", "check_truth", "try_lines"}
"""Questions that carry out a text of the lesson on a backbone, asked of this one, text by text."""
FORMED = {"export"}
"""A question that takes a run away, asked of this one in every format."""
ELSEWHERE = {"train", "curve_point", "arrive", "preview", "network_names", "find_backbone"}
"""Questions that do not: a training (above), a point of the lesson's own curve, a visitor's pictures, names to look up."""


def test_no_question_is_left_out() -> None:
    assert set(ASKED) | LESSON | FORMED | ELSEWHERE == set(handlers())
    about = {"backbone", "run", "a", "b", "recipe"}
    assert {name for name in ELSEWHERE if about & set(every()[name].model_fields)} == {"train", "find_backbone"}


def _answer(name: str, **given: Any) -> Any:
    return answer(ask_for(name, **given), lambda share, words: None)


@pytest.mark.parametrize("name", ASKED)
def test_every_question_is_answered(name: str, made: dict[str, str], tmp_path: Path) -> None:
    of = {"A": made["probe"], "B": made["tuned"], "START": recipe.make(**FIXED, strategy="last_stage").model_dump()}
    of["PROBE"] = recipe.make(**FIXED, strategy="linear_probe").model_dump()
    of["TARGET"] = runs.predictions(made["probe"]).classes[0]
    of["PICTURES"], of["CHECKPOINT"] = str(tmp_path), str(tmp_path / "own.pt")
    torch.save(Odd().state_dict(), of["CHECKPOINT"])
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / "a.png")
    given = {key: of.get(value, value) if isinstance(value, str) else value for key, value in ASKED[name].items()}
    assert _answer(name, **given) is not None


@pytest.mark.parametrize("to", FORMATS)
def test_the_run_is_taken_away_in_every_format(to: str, made: dict[str, str]) -> None:
    if missing(FORMATS[to]):
        pytest.skip(missing(FORMATS[to]))
    assert _answer("export", run=made["tuned"], to=to).size > 0


def _lesson() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every snippet and check, as a question and its fields. Left out are checks on the lesson's own runs, which are of the
    built-in backbone."""
    for term, row in texts.terms().by_name.items():
        if not row.misfit(ROW):
            yield "run_snippet", {"term": term, "digest": texts.digest(row.snippet.code)}
    for step, row in texts.lessons().by_name.items():
        if row.snippet:
            yield "run_step_snippet", {"step": step, "digest": texts.digest(row.snippet.code)}
    for name, check in texts.checks().by_name.items():
        for case in check.cases:
            if case.truth and not case.runs:
                yield "check_truth", {"check": name, "runs": {}, "digest": case.digest}
            elif case.right:
                lines = texts.shuffled(case)
                order = [lines.index(line) for line in case.right.code.split("\n")]
                yield "try_lines", {"check": name, "order": order, "digest": case.digest}


def test_every_snippet_and_check_of_the_lesson_is_carried_out_on_it(made: dict[str, str]) -> None:
    asked = list(_lesson())
    assert {name for name, _ in asked} == LESSON
    for name, given in asked:
        found = _answer(name, **BARE, language="en", **given)
        assert name != "try_lines" or found.passed, f"{given}: {found.error}"


@pytest.mark.parametrize("method", STAGED)
def test_every_method_that_applies_looks(method: str, made: dict[str, str]) -> None:
    a, b = made["probe"], made["tuned"]
    found = attribute(a, b, 3, runs.predictions(a).classes[0], method, "gut")
    assert np.isfinite(found.a).all() and np.ptp(found.a) > 0


def test_rollout_alone_does_not_apply() -> None:
    assert set(ATTRIBUTIONS) - set(STAGED) == {"rollout"}


def test_nothing_asks_for_a_backbone_by_its_name() -> None:
    """No comparison, no `startswith` and no key of a dict in explorer/ is the name of a backbone or of a classifier of
    torchvision, or its beginning (but "wide", a plain word)."""
    names, found = (*BACKBONES, "odd", *models.list_models(module=models)), []

    def named(node: ast.AST) -> bool:
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        return len(text) > 2 and text != "wide" and any(name.startswith(text) for name in names)

    for path in (Path(__file__).parents[2] / "explorer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked: list[ast.AST | None] = []
            if isinstance(node, ast.Compare):
                asked = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
                asked = list(node.args)
            elif isinstance(node, ast.Dict):
                asked = list(node.keys)
            inner = [leaf for part in asked if part for leaf in ast.walk(part)]
            found += [f"{path.name}:{node.lineno}" for leaf in inner if named(leaf)]
    assert not found


def test_lines_to_paste_build_the_same(made: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROW.weights_path("MINE").parent)
    names: dict[str, Any] = {}
    exec(opening(ROW, "MINE").partition("strip = ")[0], names)
    assert list(names["stages"]) == ["mouth", "gut", "tail"] and names["head"].out_features == 4
    found = scene("odd", "MINE").model.state_dict()
    pasted = names["model"].state_dict()
    assert pasted.keys() == found.keys()
    assert all(torch.equal(pasted[name], found[name]) for name in pasted if "word" not in name)
    scene.cache_clear()
