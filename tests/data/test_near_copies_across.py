"""Near-copies across the splits: found beside what a run decodes anyway, once, and told by the run."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from explorer import runs
from explorer.catalogue import Preprocessing
from explorer.data import datasets
from explorer.data.images import Images
from explorer.data.near_copies import across, pairs
from explorer.data.near_copies.across import Crossing, Watch
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make
from explorer.training.compute.handlers import train
from explorer.training.compute.preparing import prepare

SIZE = Preprocessing(32, 32)


def scene(seed: int) -> Image.Image:
    """A picture like no other: clouds of colour."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve training, six validation and eight test pictures of two classes; of the last, three are copies of training pictures:
    mirrored, smaller, saved with loss."""
    seeds = iter(range(1000))
    for split, count in (("train", 6), ("val", 3), ("test", 4)):
        for kind in ("left", "right"):
            place = tmp_path / split / kind
            place.mkdir(parents=True)
            for i in range(count):
                scene(next(seeds)).save(place / f"{i}.png")
    ImageOps.mirror(Image.open(tmp_path / "train/left/0.png")).save(tmp_path / "test/left/0.png")
    Image.open(tmp_path / "train/left/1.png").resize((64, 48)).save(tmp_path / "test/left/1.png")
    Image.open(tmp_path / "train/right/2.png").save(tmp_path / "test/right/2.jpg", quality=60)
    (tmp_path / "test/right/2.png").unlink()
    return tmp_path


def test_copies_are_counted_and_strangers_are_not(folder: Path) -> None:
    data = datasets.load(make(dataset="folder", data_dir=str(folder), per_class=None))
    found = Watch(data).crossings()
    assert (found["test"].copied, found["test"].of, found["val"]) == (3, 8, Crossing(0, 6, None))
    test, train = found["test"].example or ("", "")
    assert {("test/left/0.png", "train/left/0.png"), ("test/left/1.png", "train/left/1.png")} >= {(test, train)} or (
        test == "test/right/2.jpg" and train == "train/right/2.png"
    )


def test_nothing_is_decoded_for_it_and_it_is_found_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.load(make(dataset="folder", data_dir=str(folder), per_class=None))
    watch, read, searched = Watch(data), Counter[str](), list[int]()
    for split in ("train", "val", "test"):
        getattr(watch.watched(), split).pixels(SIZE)
    picture, search = pairs.looked_at, pairs.near_copies
    monkeypatch.setattr(across, "looked_at", lambda images, i: pytest.fail(f"{images.ids[i]} is decoded again"))
    monkeypatch.setattr(pairs, "looked_at", lambda images, i: (read.update([images.ids[i]]), picture(images, i))[1])
    monkeypatch.setattr(pairs, "near_copies", lambda *given, **named: (searched.append(1), search(*given, **named))[1])
    found = watch.crossings()
    assert max(read.values()) == 1, "those that copies are made of"
    assert found == watch.crossings() == Watch(data).crossings() and len(searched) == 1
    few = datasets.load(make(dataset="folder", data_dir=str(folder), per_class=2))
    monkeypatch.setattr(across, "looked_at", picture)
    Watch(few).crossings()
    assert len(searched) == 2, "other training pictures"


def test_a_part_of_a_large_set_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(across, "MOST", {"train": 12, "val": 2, "test": 5})
    data = datasets.load(make(dataset="folder", data_dir=str(folder), per_class=None))
    found = Watch(data).crossings()
    assert found["test"].of == 5 and found["val"].of == 2 and 1 <= found["test"].copied <= 3


@pytest.fixture
def wanted(folder: Path) -> Recipe:
    """A short run on them."""
    size = {"per_class": None, "input_size": 32, "epochs": 1}
    return make(backbone="resnet10", weights="random", dataset="folder", data_dir=str(folder), **size)


def test_a_run_on_copies_says_so_and_one_on_a_set_that_ships_does_not_look(wanted: Recipe) -> None:
    run = train(runs.create(wanted))
    assert run.facts["copies"]["test"]["copied"] == 3
    said = runs.cautions(run, run.majority)
    assert any("At least 3 of 8 test images are near-copies of training images" in sentence for sentence in said)
    ships = make(backbone="resnet10", weights="random", dataset="shapes", per_class=2, input_size=32)
    assert prepare(ships).watch is None


def test_a_run_whose_pictures_are_gone_by_then_is_finished_and_notes_it(
    wanted: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(images: Images, i: int) -> Image.Image:
        raise ExplorerError(f"{images.ids[i]} cannot be read any more.")

    monkeypatch.setattr(pairs, "looked_at", gone)
    run = train(runs.create(wanted))
    assert run.state == "finished" and "copies" not in run.facts
    assert "could not be told" in run.facts["note"] and "cannot be read any more" in run.facts["note"]
