"""Labels of runs: no two of a list are alike, each says what tells its run apart; figures say nothing that all share."""

import pytest
import stand_ins

from explorer import runs
from explorer.app.labels import run_label, run_labels
from explorer.app.words import short_title
from explorer.catalogue import own
from explorer.recipe import make
from explorer.runs import KnownRun, Naming, names


def labels(*ids: str, **how: bool) -> list[str]:
    found = run_labels([runs.read(run) for run in ids], **how)
    assert list(found) == list(ids)
    return list(found.values())


@pytest.fixture(autouse=True)
def plain_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run goes by the same generated name: the worst case."""
    monkeypatch.setattr("explorer.runs.run.generated", lambda run: "amber heron")


def test_seeds_rates_and_images_are_said_where_they_differ_and_not_elsewhere() -> None:
    a = stand_ins.finished_run(seed=0, head_rate=0.02)
    b = stand_ins.finished_run(seed=1, head_rate=0.005, per_class=50)
    c = stand_ins.finished_run(strategy="full", seed=7)
    assert labels(a, b, c) == [
        "Feature extraction · 83.3 % · photo_patches · ResNet-10 · 25 a class · head rate 0.02 · seed 0 · amber heron",
        "Feature extraction · 83.3 % · photo_patches · ResNet-10 · 50 a class · head rate 0.005 · seed 1 · amber heron",
        "Full fine-tuning · 83.3 % · photo_patches · ResNet-10 · amber heron",
    ]
    assert labels(a, b, c, brief=True)[0] == "Feature extraction · 25 a class · head rate 0.02 · seed 0"
    assert labels(a, c, brief=True) == ["Feature extraction", "Full fine-tuning"]


def test_equal_recipes_with_equal_names_are_told_apart_by_their_ids() -> None:
    same = [runs.create(make()) for _ in range(3)]
    for how in ({}, {"brief": True}, {"scored": False}):
        found = labels(*same, **how)
        assert len(set(found)) == 3 and all(label.endswith(run[-4:]) for label, run in zip(found, same, strict=True))
    twins = [KnownRun(id=f"{n}-abcd", state="queued", recipe=make()) for n in (1, 2)]
    assert len(set(run_labels(twins).values())) == 2, "where four characters are the same too, the whole id"


def test_folders_of_one_name_are_told_apart_and_a_long_path_cuts_no_mark() -> None:
    a, b = (runs.create(make(dataset="folder", data_dir=f"/data/{kind}/train")) for kind in ("glass", "paper"))
    assert [label.split(" · ")[3] for label in labels(a, b)] == ["glass/train", "paper/train"]
    deep = [runs.create(make(dataset="folder", data_dir=f"/{n}/{'x' * 150}")) for n in "ab"]
    assert len(set(labels(*deep))) == 2 and all(label.count("amber heron") == 1 for label in labels(*deep))


def test_a_given_name_comes_first_and_cannot_break_the_line() -> None:
    run = runs.create(make())
    names.keep(run, Naming("Glass, first try"))
    assert run_label(runs.read(run)).startswith("Glass, first try · Feature extraction · ")
    (runs.folder(run) / "run.json").write_text("{")
    assert run_label(runs.read(run)) == "Glass, first try · unreadable"


def test_two_checkpoints_of_one_backbone_are_told_apart_by_file_and_mark() -> None:
    kinds = {"own:" + "a1b2c3d4" * 2: "birds<b>.pt", "own:" + "ffeeddcc" * 2: "", "BUILT_IN": None}
    for weights, source in kinds.items():
        if source is not None:
            own.keep("resnet10", weights, b"", source)
    made = [runs.create(make(weights=weights)) for weights in kinds]
    found = [short_title(run.recipe) for run in map(runs.read, made) if run.recipe]
    assert found == [
        "Feature extraction, birds_b_.pt (a1b2c3)",
        "Feature extraction, own weights (ffeedd)",
        "Feature extraction",
    ]
    assert labels(*made, brief=True) == found
