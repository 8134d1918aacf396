"""Nearest training pictures, unknown pictures, calibration, scores by class, and the words that a run's numbers need."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins
import stand_ins_data
from opening import opened, store, words  # noqa: F401  (the fixture gives each test a store of its own)
from PIL import Image

from explorer import evidence, runs, uploads
from explorer.answers import save
from explorer.looks.calibration.compute.reliability import calibration
from explorer.looks.calibration.figures import reliability
from explorer.looks.images.question import GalleryQuestion
from explorer.looks.neighbours.compute import neighbours
from explorer.looks.neighbours.question import RARE
from explorer.looks.pair import compute
from explorer.recipe import make
from explorer.training.compute.handlers import train


@pytest.fixture
def run(tiny: dict[str, Any], narrow: str) -> str:
    return train(runs.create(make(**tiny | {"backbone": narrow}))).id


def test_a_training_picture_is_nearest_to_itself_and_noise_is_far(run: str, tiny: dict[str, Any]) -> None:
    name = compute.training_images(run).ids[0]
    key = uploads.keep((Path(tiny["data_dir"]) / name).read_bytes())
    found = neighbours(run, key)
    assert found.ids[0] == name and found.distance[0] == pytest.approx(0, abs=1e-3)
    assert (np.diff(found.distance) >= 0).all() and len(found.images) == 10 and found.farther > RARE
    said = runs.predictions(run)
    assert len(found.usual) == len(said.labels) and (np.diff(found.usual) >= 0).all()
    assert neighbours(run, 0).predicted == said.predicted[0]
    Image.new("RGB", (40, 40), (255, 0, 255)).save(runs.folder(run) / "plain.png")
    other = neighbours(run, uploads.keep((runs.folder(run) / "plain.png").read_bytes()))
    assert other.distance[0] > found.distance[0]
    far = dataclasses.replace(other, distance=found.usual[-1:] * 2)
    assert far.farther == 1 / (len(said.labels) + 1) and far.times > 1


def test_a_run_s_calibration_is_of_its_own_numbers(run: str) -> None:
    found, said = calibration(run), runs.predictions(run)
    assert found.plain.n == len(said.labels) and 1 / 20 <= found.temperature <= 20
    weights = found.plain.counts / found.plain.n
    assert found.plain.error == pytest.approx(float((weights * abs(found.plain.right - found.plain.confidence)).sum()))
    assert (weights * found.plain.right).sum() == pytest.approx(said.right.mean())
    assert runs.read(run).majority == said.majority == evidence.majority(said.labels)


def test_the_figure_tells_the_error_and_that_of_a_perfect_model() -> None:
    drawn = reliability({"A": stand_ins_data.reliability()})
    assert "0.100" in drawn.layout.meta["alt"] and "0.020 to 0.120" in drawn.layout.meta["alt"]


def test_the_page_shows_classes_calibration_and_neighbours() -> None:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    stand_ins_data.of_runs(a, b)
    for name in (a, b):
        save(stand_ins.gallery(), GalleryQuestion(run=name).path)
    app = opened("images", a=a, b=b, image="0")
    for view, said in (
        ("By class", "Always naming the largest class: 33.3 %, balanced 33.3 %"),
        ("How sure?", "a perfectly calibrated model of the same 24 confidences shows 0.020 to 0.120"),
        ("Nearest pictures", "4 of 10 nearest training pictures (of 200) are of that class"),
    ):
        app.session_state["images_view"] = view
        app.run()
        assert not app.exception and said in words(app), view


@pytest.mark.parametrize(
    ("facts", "test", "said"),
    [
        ({}, (24, 22), []),
        ({}, (24, 9), ["never looking"]),
        ({"skipped": (("train/fur/x.png", "it is a copy of train/brick/y.png"),)}, (24, 22), ["under two classes"]),
        (
            {"skipped": (("1.png", "it is a copy of 0.png, but that one is of the class 'fur'"),)},
            (24, 22),
            ["1 picture stands"],
        ),
        ({"skipped": (("train/fur/x.png", "it is a copy of train/fur/y.png"),)}, (24, 22), []),
        ({"loss": 4e11}, (24, 9), ["never looking", "exploded"]),
    ],
)
def test_a_run_says_what_its_numbers_should_not_be_read_without(
    facts: dict[str, Any], test: tuple[int, int], said: list[str]
) -> None:
    run = runs.read(stand_ins.finished_run())
    epochs = [dataclasses.replace(e, train_loss=facts.get("loss", e.train_loss)) for e in run.epochs]
    known = {**run.facts, "classes": stand_ins.CLASSES, "chosen_epoch": len(epochs), **facts}
    made = dataclasses.replace(run, epochs=tuple(epochs), facts=known, test=evidence.Score(*test))
    found = runs.cautions(made, 1 / 3)
    assert len(found) == len(said) and all(word in text for word, text in zip(said, found, strict=True))
