"""The sample runs: every number that they show follows from what ships; they are looked at and never changed."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import stand_ins
import torch
from opening import opened
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer import jobs, runs
from explorer.answers import load
from explorer.app import asking, thumbnails
from explorer.app.labels import run_label
from explorer.bundle import ASSETS
from explorer.errors import ExplorerError
from explorer.evidence import Grouped, Paired, Score
from explorer.looks.images.question import ExamplesQuestion
from explorer.looks.pair import compute
from explorer.looks.pair.view.choosing import difference
from explorer.models.deltas import DELTA, packed, unpacked
from explorer.models.predicting import probabilities
from explorer.recipe import make
from explorer.training.view.listing import runs_table
from explorer.worlds.recipes import FAR, NEAR, WORLDS, World, questions
from explorer.worlds.view.two_worlds import SHOWN, Pair, decision, sample_pairs, telling

SAMPLES = ASSETS / "samples"
LARGEST = 15e6  # bytes


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dict[str, Pair]:
    monkeypatch.setenv("THAW_SAMPLES", str(SAMPLES))
    compute.network.cache_clear()
    return sample_pairs(asking.all_runs())


def test_eight_bits_are_off_by_half_a_step_at_most() -> None:
    torch.manual_seed(0)
    start = {"conv": torch.randn(8, 3, 3, 3), "bias": torch.randn(8)}
    learned = {name: tensor + 0.01 * torch.randn_like(tensor) for name, tensor in start.items()}
    stored = packed(start, learned)
    found = unpacked(start, stored)
    step = (learned["conv"] - start["conv"]).abs().amax(dim=(1, 2, 3), keepdim=True) / 127
    assert stored[DELTA + "conv"].dtype == np.int8 and torch.equal(found["bias"], learned["bias"])
    assert ((found["conv"] - learned["conv"]).abs() <= 0.51 * step).all()
    again = unpacked(start, packed(start, found))
    torch.testing.assert_close(again["conv"], found["conv"], rtol=0, atol=1e-7)
    assert torch.equal(unpacked(start, packed(start, start))["conv"], start["conv"])


def test_what_ships_are_the_recipes_of_both_worlds_and_is_small(
    shipped: dict[str, Pair],
) -> None:
    assert shipped.keys() == {"near", "far"}
    for world in WORLDS:
        assert tuple(run.recipe for run in shipped[world.name]) == world.recipes
        for run in shipped[world.name]:
            assert run.state == "finished" and run.clean and run.sample
            assert {"machine", "date"} <= run.facts["sample"].keys() and run.facts["versions"]["torch"]
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) <= LARGEST


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_number_follows_from_what_ships(world: World, shipped: dict[str, Pair]) -> None:
    for run in shipped[world.name]:
        said = runs.predictions(run.id)
        assert run.test == Score(len(said.labels), int(said.right.sum()))
        some = compute.inputs(run.id, 0, 32)
        np.testing.assert_allclose(probabilities(compute.network(run.id), some), said.probability[:32], atol=2e-3)


def test_the_answers_of_the_home_page_ship(shipped: dict[str, Pair]) -> None:
    for a, b in shipped.values():
        for question in questions(a.id, b.id):
            assert question.path.parent == SAMPLES / "answers", question
            assert load(question.path) is not None
    for a, _ in shipped.values():
        path = ExamplesQuestion(run=a.id).path
        gallery = load(path)
        told, contrast = telling(gallery), gallery.images.std(axis=(1, 2, 3))
        row = np.array(Image.open(io.BytesIO(thumbnails.picture_row(path, 0, tuple(told)))))
        assert row.shape[1] > SHOWN * row.shape[0] and not row[:, -1, 3].any(), "a row, with gaps that show the page"
        assert len(told) == SHOWN and contrast[told].min() > 15, "no plain wall stands for a photograph"
    kept = {path.name for path in (SAMPLES / "answers").iterdir()}
    assert kept == {q.path.name for a, b in shipped.values() for q in questions(a.id, b.id)}, "nothing else ships"


def test_tuning_pays_far_away_and_not_nearby(shipped: dict[str, Pair]) -> None:
    far = difference(*shipped["far"])
    assert far.value >= 0.2 and far.p_value < 1e-3 and decision(far, 9).count("**Tune.**") == 1
    tuned = shipped["far"][1]  # 79.25 % right
    said = [f"{score:.1f} %" for score in runs_table([tuned])["accuracy"]]
    assert said == [str(tuned.test).split(" (")[0]], "rounded once, or a browser rounds otherwise than all else"
    near = difference(*shipped["near"])
    assert "**Freeze.**" in decision(near, 9)


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> str:
    """One made-up sample run; its id."""
    run = stand_ins.finished_run(strategy="linear_probe")
    runs.update(run, sample={"machine": "here", "date": "2026-01-01"})
    folder = tmp_path / "samples"
    shutil.copytree(home / "runs", folder / "runs")
    shutil.rmtree(home / "runs")
    monkeypatch.setenv("THAW_SAMPLES", str(folder))
    return run


def test_a_sample_is_listed_after_ones_own_runs_and_read_like_them(samples: str) -> None:
    own = stand_ins.finished_run(strategy="last_stage")
    assert [run.id for run in asking.all_runs()] == [own, samples]
    assert [run.id for run in runs.listing()] == [own, samples] and runs.is_sample(samples) and not runs.is_sample(own)
    assert runs.read(samples).sample and len(runs.predictions(samples).labels)
    assert runs.find(runs.read(samples).recipe or make()).id == samples


@pytest.mark.parametrize(
    "change",
    [
        lambda run: runs.update(run, note="mine"),
        lambda run: runs.move(run, "queued"),
        lambda run: runs.append(run, stand_ins.epochs(1)[0]),
        lambda run: runs.truncate_epochs(run, 0),
        lambda run: runs.delete(run),
        lambda run: runs.store_tensors(run, "learned", {}),
        lambda run: runs.store_audit(run, stand_ins.audit_of(run, make())),
        lambda run: runs.store_checkpoint(run, b""),
    ],
)
def test_a_sample_is_never_changed(samples: str, change: Callable[[str], object]) -> None:
    with pytest.raises(ExplorerError, match="ships with Thaw and stays as it is"):
        change(samples)
    assert runs.read(samples).state == "finished"


def test_home_shows_both_worlds_at_once_without_a_worker(shipped: dict[str, Pair], home: Path) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "explorer" / "app" / "main.py"), default_timeout=60).run()
    said = " ".join(str(element.value) for element in app.markdown)
    assert not app.exception and "**Tune.**" in said and "**Freeze.**" in said
    assert [element.value for element in app.subheader] == [world.title for world in WORLDS]
    assert len(app.get("plotly_chart")) == 5 and not app.get("skeleton")
    with jobs.database() as db:
        assert db.execute("SELECT count(*) FROM task").fetchone()[0] == 0, "nothing is asked of the worker"
    jobs.train(NEAR.recipes[0])
    app.run()
    assert not app.exception and app.button(key="home_repeat_near"), "a probe of the Train page is no repetition"
    app.button(key="home_repeat_near").click().run()
    assert {run.recipe for run in asking.all_runs() if not run.sample} == set(NEAR.recipes), "repeated, not shown again"


def test_the_far_world_is_repeated_in_a_quicker_version_which_the_page_names(
    shipped: dict[str, Pair], home: Path
) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "explorer" / "app" / "main.py"), default_timeout=60).run()
    assert "in a quicker version (BatchNorm only, scale and shift, 5 epochs" in app.button(key="home_repeat_far").help
    assert "quicker" not in app.button(key="home_repeat_near").help
    app.button(key="home_repeat_far").click().run()
    assert {run.recipe for run in asking.all_runs() if not run.sample} == set(FAR.repeated) != set(FAR.recipes)
    assert {recipe.strategy for recipe in FAR.repeated} == {"linear_probe", "bn_only"}


def test_the_runs_page_marks_a_sample_and_keeps_it(samples: str) -> None:
    known = asking.all_runs()
    assert runs_table(known)["State"] == ["finished (sample)"] and " · sample · " in run_label(known[0])
    app = opened("runs")
    app.session_state["runs_table"] = {"selection": {"rows": [0]}}
    app.run()
    assert not app.exception and app.button(key="runs_delete").disabled
    assert any(str(runs.folder(samples)) in str(caption.value) for caption in app.caption)


def test_without_the_folder_there_are_no_samples(home: Path) -> None:
    assert runs.samples() == [] and sample_pairs([]) == {} and asking.all_runs() == []


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (Paired(265, 110, 15, 10), "**Tune.** It gains 24 points (p < 0.001) and takes 20 times as long."),
        (Paired(284, 5, 7, 10), "**Freeze.** Tuning shows no gain (p = 0.77) and takes 20 times as long."),
        (Paired(254, 2, 40, 10), "**Freeze.** Tuning loses 12 points (p < 0.001) and takes 20 times as long."),
        (Paired(216, 60, 20, 10, Grouped(17, -0.02, 0.3, 60.0, 0.07)), "**Freeze.** Tuning shows no gain (p = 0.07)"),
    ],
)
def test_the_decision_says_its_numbers(gap: Paired, words: str) -> None:
    assert words in decision(gap, 20.2)
    assert NEAR.probe != FAR.probe
