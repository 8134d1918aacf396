"""The training script: plain, short, and right: run by itself it reaches what the run reached."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from explorer.catalogue import AUGMENTATIONS, BACKBONES, STRATEGIES
from explorer.errors import ExplorerError
from explorer.export.compute import handlers
from explorer.export.script import MOST_LINES, code_lines, needs_start, script
from explorer.recipe import Recipe, make
from explorer.training.compute import handlers as training

pytestmark = pytest.mark.long(60)


def recipes() -> list[Recipe]:
    """Every strategy on every backbone that can take it, with all that makes a script longer."""
    found = []
    for name, plan in STRATEGIES.items():
        for row in BACKBONES.values():
            if plan.affine and row.normalisation == "none":
                continue
            stages = row.stage_names[1:3] if name == "custom" else ()
            for augmentation in AUGMENTATIONS:
                found.append(
                    make(strategy=name, backbone=row.name, stages=stages, augmentation=augmentation, class_weights=True)
                )
    return found


def test_a_script_is_short_and_imports_nothing_of_ours() -> None:
    for recipe in recipes():
        text = script(recipe, ("a", "b"), None, "Thaw's run was right on 1 of 2 test pictures.")
        assert code_lines(text) <= MOST_LINES, recipe.title
        tree = ast.parse(text)
        imported = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        imported |= {str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert imported <= {"math", "pathlib", "torch", "torchvision", "PIL"}
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


@pytest.mark.parametrize("strategy", ["linear_probe", "best_stage", "full", "lp_ft", "bn_only"])
def test_a_script_run_by_itself_reaches_the_run_s_accuracy(strategy: str, tmp_path: Path, tiny: dict[str, Any]) -> None:
    special = {"full": {"augmentation": "flip", "class_weights": True}, "best_stage": {"reads": "layer2"}}
    more = special.get(strategy, {})
    choices = {
        "dataset": "digits",
        "data_dir": None,
        "per_class": 12,
        "weights": "default",
        "batch_size": 16,
        "epochs": 4,
    }
    run = training.train(new(tiny | choices | more | {"strategy": strategy}))
    assert run.test is not None and run.recipe is not None and needs_start(run.recipe)
    handlers.write(run.id, "script", tmp_path / "out.zip", lambda share, words: None)
    with zipfile.ZipFile(tmp_path / "out.zip") as pack:
        pack.extractall(tmp_path / "away")
    right, n = alone(tmp_path / "away")
    assert n == run.test.n and run.test.low <= right / n <= run.test.high, (right, run.test)


def test_a_script_of_a_folder_names_its_pictures_and_needs_nothing_else(tmp_path: Path, tiny: dict[str, Any]) -> None:
    run = training.train(new(tiny | {"strategy": "full", "backbone": "mobilenet_v3_small", "epochs": 1}))
    assert run.test is not None
    (tmp_path / "away").mkdir()
    handlers.write(run.id, "script", tmp_path / "away" / "model_trainer.py", lambda share, words: None)
    assert alone(tmp_path / "away")[1] == run.test.n


def test_a_script_that_would_not_run_alone_is_refused(tmp_path: Path, tiny: dict[str, Any], narrow: str) -> None:
    run = training.train(
        new(tiny | {"dataset": "digits", "data_dir": None, "per_class": 2, "backbone": narrow, "epochs": 1})
    )
    with pytest.raises(ExplorerError, match=r"needs pictures that come with Thaw\. Name a \.zip"):
        handlers.write(run.id, "script", tmp_path / "model_trainer.py", lambda share, words: None)
    assert not list(tmp_path.glob("*.py"))


def new(choices: dict[str, Any]) -> str:
    from explorer import runs

    return runs.create(make(**choices))


def alone(folder: Path) -> tuple[int, int]:
    """Run the script in a process of its own that sees nothing of ours: right and n on test."""
    done = subprocess.run(
        [sys.executable, "-I", "model_trainer.py"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    last = done.stdout.splitlines()[-1].split()
    assert (folder / "model.pt").is_file()
    return int(last[1]), int(last[3])
