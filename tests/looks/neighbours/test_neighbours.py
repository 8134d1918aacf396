"""Nearest training pictures, and pictures that are like none of them."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import runs, uploads
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
