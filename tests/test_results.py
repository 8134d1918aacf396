"""What a task gives back survives its file; a damaged file is named, never a traceback."""

import dataclasses
import errno
import importlib
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins
import stand_ins_attribution
import stand_ins_data
import stand_ins_export
import stand_ins_features
import stand_ins_lessons
import stand_ins_maps
import stand_ins_similarity

from explorer import evidence, recipe
from explorer.answers import _RENAMED, load, pack, save, unpack
from explorer.arriving.question import Arrival
from explorer.course.question.snippets import Snippet, SnippetPictures
from explorer.errors import ExplorerError
from explorer.looks.images.question import Movement, Seen
from explorer.looks.similarity.question.stages import StageChange
from explorer.runs.records import Audit
from explorer.training.question import FoundBackbone, LiveProbe, NetworkNames, StatisticsShift, StoredFeatures

ROOT = Path(__file__).parents[1]
ROOT = Path(__file__).parents[1]
SOME: dict[str, Any] = {
    "Anatomy": stand_ins.anatomy(recipe.make()),
    "Arrival": Arrival(name="pets-0123abcd", title="Pets", sum="10 pictures + 0 left out + 0 other files = 10 files."),
    "Attribution": stand_ins.attribution(),
    "Audit": stand_ins.audit_of("a", recipe.make()),
    "Comparison": stand_ins.comparison("a", "b"),
    "Description": stand_ins.description(recipe.make()),
    "Epoch": stand_ins.epochs(1)[0],
    "FoundBackbone": FoundBackbone(
        name="torchvision:x",
        places=("stem", "body"),
        kinds=("Conv2d", "Block"),
        shapes=("8 × 9 × 9", "8 × 4 × 4"),
        parameters=(9, 99),
        begins=(0, 1),
    ),
    "FeatureMaps": stand_ins.feature_maps(),
    "Gallery": stand_ins.gallery(),
    "LiveProbe": LiveProbe(
        n=9,
        epochs=tuple(stand_ins.epochs(1)),
        chosen_epoch=1,
        test=evidence.Score(7, 3),
        val=evidence.Score(5, 4),
        majority=0.5,
    ),
    "Movement": Movement("layer4", np.linspace(0, 1, 24)),
    "NetworkNames": NetworkNames("torchvision", ("resnet18", "swin_t")),
    "Preview": stand_ins.preview(),
    "Projection": stand_ins.projection(),
    "Balanced": evidence.Balanced(0.5, 0.25, 0.75, 12, 3),
    "RateCurve": stand_ins.rate_search().head,
    "RateSearch": stand_ins.rate_search(),
    "Score": evidence.Score(7, 3),
    "Seen": Seen(
        picture=stand_ins.gallery().images[0],
        classes=stand_ins.CLASSES,
        probability_a=np.full(3, 0.3),
        probability_b=np.full(3, 0.4),
    ),
    "SnippetPictures": SnippetPictures("resnet10", np.zeros((2, 16, 3), np.uint8)),
    "Snippet": Snippet(
        term="cka",
        backbone="resnet10",
        weights="BUILT_IN",
        output="1.0",
        seconds=0.1,
        picture=np.eye(3),
        low=0.0,
        high=1.0,
        opening="x",
        batch=np.zeros((2, 2, 3)),
    ),
    "StoredFeatures": StoredFeatures((3, 4)),
    "Speed": stand_ins.speed(recipe.make()),
    "StageAnatomy": stand_ins.anatomy(recipe.make()).stages[0],
    "StageAudit": stand_ins.audit_of("a", recipe.make()).stages[0],
    "StageChange": stand_ins.comparison("a", "b").stages[0],
    "StageDescription": stand_ins.description(recipe.make()).stages[0],
    "StatisticsShift": StatisticsShift(n=24, stages=("stem", "layer1"), nats=(0.25, 0.5)),
    **stand_ins_similarity.examples(),
    **stand_ins_attribution.examples(),
    **stand_ins_data.examples(),
    **stand_ins_features.examples(),
    **stand_ins_lessons.examples(),
    **stand_ins_maps.examples(),
    **stand_ins_export.examples(),
}


def same(a: Any, b: Any) -> bool:
    """Equal to the last bit, kinds and shapes included."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and a == b


def test_there_is_an_example_of_every_result() -> None:
    """In every `question` module, and among what runs record."""
    names = [p.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for p in ROOT.glob("explorer/**/*.py")]
    asked = [name for name in names if "question" in name] + ["explorer.runs.records", "explorer.cells"]
    modules = [importlib.import_module(name.removesuffix(".__init__")) for name in asked]
    kinds = {
        name
        for module in modules
        for name, kind in vars(module).items()
        if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
    }
    assert kinds | {"Balanced", "Paired", "Score"} == set(SOME)
    by_name = [type(SOME[name]) for name in kinds if ".question" in type(SOME[name]).__module__]
    fields = {kind.__name__: dataclasses.fields(kind) for kind in by_name}
    assert all(field.kw_only for name in fields if len(fields[name]) > 2 for field in fields[name]), "built by name"


@pytest.mark.parametrize("name", SOME)
def test_a_result_survives_its_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "result.npz"
    save(SOME[name], path)
    assert same(load(path), SOME[name])
    assert [p.name for p in path.parent.iterdir()] == ["result.npz"]


@pytest.mark.parametrize("name", [n for n in SOME if n in ("Audit", "Description", "Epoch", "Score", "StageChange")])
def test_a_result_without_arrays_survives_json(name: str) -> None:
    assert same(unpack(json.loads(json.dumps(pack(SOME[name])))), SOME[name])


def test_numbers_of_numpy_become_plain_and_what_is_not_a_number_stays_so(tmp_path: Path) -> None:
    change = StageChange(stage="stem", cka=np.float32(0.5), knn_overlap=1.0, weight_change=math.inf)
    save(change, tmp_path / "r.npz")
    found = load(tmp_path / "r.npz")
    assert type(found.cka) is float
    assert found.weight_change == math.inf and math.isnan(found.low) and found.cka_random == ()


def test_a_result_is_frozen() -> None:
    for result in SOME.values():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, dataclasses.fields(result)[0].name, None)


def test_saving_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    save(evidence.Score(1, 1), path)
    save(evidence.Score(2, 1), path)
    assert load(path) == evidence.Score(2, 1)


def test_a_file_cut_anywhere_is_an_explorer_error(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    save(stand_ins.feature_maps(), path)
    whole = path.read_bytes()
    for length in [*range(0, 64), *range(64, len(whole), 97)]:
        path.write_bytes(whole[:length])
        with pytest.raises(ExplorerError, match=r"r\.npz is damaged"):
            load(path)


def test_a_file_with_a_wrong_byte_loads_or_says_that_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    save(stand_ins.feature_maps(), path)
    whole = bytearray(path.read_bytes())
    refused = 0
    for place in [*range(0, 700, 3), *range(len(whole) - 700, len(whole), 3)]:
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            load(path)
        except ExplorerError as error:
            refused += 1
            assert "r.npz" in str(error)
    assert refused > 100


@pytest.mark.parametrize(
    "facts", ["", "{", '{"$type": "Nothing"}', '{"$type": "Score"}', '{"$type": "Score", "n": 1, "correct": 1, "x": 1}']
)
def test_a_file_of_another_version_is_an_explorer_error(facts: str, tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    np.savez(path, facts=np.array(facts))
    with pytest.raises(ExplorerError, match="Delete it and ask again"):
        load(path)


def test_a_file_of_something_else_is_an_explorer_error(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    for content in (b"words", np.array([1, 2]).tobytes(), b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(ExplorerError, match="damaged"):
            load(path)


def test_a_full_disk_is_told_in_words_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.npz"
    save(evidence.Score(1, 1), path)

    def full(*arguments: Any, **named: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(ExplorerError, match=r"No space left.*Free some space"):
        save(evidence.Score(2, 2), path)
    assert load(path) == evidence.Score(1, 1)


OLD_ROW = {
    "$type": "StageAudit", "stage": "layer1", "declared": "frozen", "learned": 0, "max_change": 0.0, "batchnorm_drift": 0.0,
    "mode": "eval", "in_optimizer": False, "clean": True, "leaked": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"batchnorm_drift": 0.5, "mode": "train", "clean": False}, "moved"),
        ({"max_change": 0.5, "leaked": 0.5, "clean": False}, "moved"),
        ({"in_optimizer": True, "clean": False}, "optimizer"),
        ({"declared": "learns", "in_optimizer": True, "clean": False}, "still"),
    ],
)
def test_an_audit_that_an_older_version_stored_still_opens(change: dict[str, Any], fault: str) -> None:
    stored = {"$type": "Audit", "run": "a", "clean": not change, "stages": [OLD_ROW | change], "recomputed": 0.0}
    audit = unpack(json.loads(json.dumps(stored)))
    assert audit.clean == (fault == "") and audit.fault == fault
    assert audit.stages[0].requires_grad is None and unpack(pack(audit)) == audit


def test_stored_features_that_differ_are_a_fault_of_the_whole_audit() -> None:
    audit = Audit("a", False, (), 0.1)
    assert audit.fault == "features" and Audit("a", True, (), 0.0).fault == ""


@pytest.mark.parametrize(("old", "new"), _RENAMED.items())
def test_what_was_stored_under_an_earlier_name_is_read(old: str, new: str, tmp_path: Path) -> None:
    found = SOME[new.rpartition(":")[2]]
    save(found, tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as file:
        arrays = dict(file)
    facts = json.loads(str(arrays.pop("facts")))
    assert facts["$type"] == new
    np.savez(tmp_path / "old.npz", facts=np.array(json.dumps(facts | {"$type": old})), **arrays)
    assert same(load(tmp_path / "old.npz"), found)
