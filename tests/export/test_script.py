"""The training script: plain, short, and right: run by itself it reaches what the run reached."""

import ast
import io
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.catalogue import AUGMENTATIONS, BACKBONES, STRATEGIES
from explorer.data import datasets
from explorer.errors import ExplorerError
from explorer.export.compute import handlers
from explorer.export.script import MOST_LINES, code_lines, needs_start, script
from explorer.recipe import Recipe, make
from explorer.training.compute import following
from explorer.training.compute import handlers as training

pytestmark = pytest.mark.long(70)


def recipes() -> list[Recipe]:
    """Every strategy on every backbone that can take it, with all that makes a script longer."""
    found = []
    for name, plan in STRATEGIES.items():
        for row in BACKBONES.values():
            if plan.affine and row.normalisation == "none":
                continue
            stages = row.stage_names[1:3] if name == "custom" else ()
            for augmentation in AUGMENTATIONS:
                for weights in ("default", "matched"):
                    found.append(
                        make(strategy=name, backbone=row.name, weights=weights, stages=stages, augmentation=augmentation,
                             class_weights=True)
                    )  # fmt: skip
    return found


@cache
def imported(part: str) -> frozenset[str]:
    """The packages that a part of a script imports; most parts are those of many scripts."""
    nodes = list(ast.walk(ast.parse(part)))
    plain = {a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
    return frozenset(plain | {str(n.module).split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)})


def test_a_script_is_short_and_imports_nothing_of_ours() -> None:
    for recipe in recipes():
        text = script(recipe, ("a", "b"), None, "Thaw's run was right on 1 of 2 test pictures.")
        assert code_lines(text) <= MOST_LINES, recipe.title
        parts = re.split(r"\n\n+(?=\S)", text)
        assert frozenset[str]().union(*map(imported, parts)) <= {"math", "pathlib", "torch", "torchvision", "PIL"}
        assert max(map(len, text.splitlines())) <= 150, recipe.title


def test_names_of_pictures_are_data_whatever_they_hold() -> None:
    recipe = make(dataset="folder", data_dir='/a "b"/$CROP', backbone="resnet18", weights="random", strategy="full")
    split = {"train": {'x"y': ["x/$HOME\n.png", "é.png"]}, "val": {}, "test": {}}
    text = script(recipe, ('x"y',), split)
    names = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("SPLIT", "CLASSES"):
            names[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert names == {"SPLIT": split, "CLASSES": ['x"y']}
    assert "DATA = Path('/a \"b\"/$CROP')" in ast.unparse(ast.parse(text))
    assert code_lines(text) < len(text.splitlines()) - 5


def test_scripts_run_by_themselves_reach_the_runs_accuracy(
    tmp_path: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch, float32: None
) -> None:
    """One process carries out all of them, since it takes longer to import torch than to run most. The last one is of a folder:
    it names its pictures and needs nothing else."""
    monkeypatch.setattr(following, "SNAPSHOTS", 0)  # no map of the epochs is asked for
    small = {"dataset": "digits", "data_dir": None, "per_class": 12, "weights": "default", "batch_size": 16}
    special = {"full": {"augmentation": "flip", "class_weights": True}, "best_stage": {"reads": "layer2"}}
    made = {}
    for strategy in ("linear_probe", "best_stage", "full", "lp_ft", "bn_only"):
        epochs = 2 if strategy in ("linear_probe", "best_stage") else 4  # before the fourth the others still leap
        choices = {"strategy": strategy, "epochs": epochs} | special.get(strategy, {})
        run = training.train(new(tiny | small | choices))
        assert run.test is not None and run.recipe is not None and needs_start(run.recipe)
        handlers.write(run.id, "script", tmp_path / "out.zip", lambda share, words: None)
        with zipfile.ZipFile(tmp_path / "out.zip") as pack:
            pack.extractall(tmp_path / strategy)
        made[tmp_path / strategy] = run.test
    of_a_folder = training.train(new(tiny | {"strategy": "full", "backbone": "mobilenet_v3_small", "epochs": 1}))
    assert of_a_folder.test is not None
    (tmp_path / "away").mkdir()
    handlers.write(of_a_folder.id, "script", tmp_path / "away" / "model_trainer.py", lambda share, words: None)
    *told, (_, n_of_a_folder) = alone(*made, tmp_path / "away")
    for (right, n), test in zip(told, made.values(), strict=True):
        assert n == test.n and test.low <= right / n <= test.high, (right, test)
    assert n_of_a_folder == of_a_folder.test.n


def test_a_script_that_would_not_run_alone_is_refused(tmp_path: Path, tiny: dict[str, Any], narrow: str) -> None:
    run = training.train(
        new(tiny | {"dataset": "digits", "data_dir": None, "per_class": 2, "backbone": narrow, "epochs": 1})
    )
    with pytest.raises(ExplorerError, match=r"needs pictures that come with Thaw\. Name a \.zip"):
        handlers.write(run.id, "script", tmp_path / "model_trainer.py", lambda share, words: None)
    assert not list(tmp_path.glob("*.py"))


def test_a_spoilt_folder_goes_along_as_the_network_saw_it(tmp_path: Path, tiny: dict[str, Any], narrow: str) -> None:
    run = training.train(new(tiny | {"backbone": narrow, "epochs": 1, "spoilt": "invert"}))
    with pytest.raises(ExplorerError, match=r"needs pictures that come with Thaw\. Name a \.zip"):
        handlers.write(run.id, "script", tmp_path / "model_trainer.py", lambda share, words: None)
    handlers.write(run.id, "script", tmp_path / "out.zip", lambda share, words: None)
    with zipfile.ZipFile(tmp_path / "out.zip") as pack:
        assert ", inverted: plain PyTorch" in pack.read("model_trainer.py").decode()
        name = next(name for name in pack.namelist() if name.endswith("/00000.png") and "/test/" in name)
        packed = np.asarray(Image.open(io.BytesIO(pack.read(name))))
    assert run.recipe is not None and packed.shape[0] == run.recipe.preprocessing.crop
    clean = datasets.load(run.recipe.model_copy(update={"spoilt": ""})).test.take([0]).pixels(run.recipe.preprocessing)
    assert abs(255 - packed.astype(int) - clean[0]).mean() < 2


def new(choices: dict[str, Any]) -> str:
    from explorer import runs

    return runs.create(make(**choices))


def alone(*folders: Path) -> list[tuple[int, int]]:
    """Run each folder's script in a process that sees nothing of ours: right and n on test."""
    code = "import runpy, sys\nfor path in sys.argv[1:]: runpy.run_path(path, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *(folder / "model_trainer.py" for folder in folders)],
        cwd=folders[0],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert all((folder / "model.pt").is_file() for folder in folders)
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("test: ")]
    return [(int(words[1]), int(words[3])) for words in told]
