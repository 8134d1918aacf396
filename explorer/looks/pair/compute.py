"""What several questions share: the networks, images and predictions of finished runs, kept warm."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from explorer import runs
from explorer import uploads as kept
from explorer.catalogue import Preprocessing
from explorer.catalogue.datasets import dataset
from explorer.data import datasets
from explorer.data.decoding import open_picture, to_rgb
from explorer.data.images import Data, Images, fit
from explorer.data.samples import Scales
from explorer.data.splits import pick
from explorer.errors import ExplorerError
from explorer.home import stamp
from explorer.looks.pair import comparison
from explorer.models import backbones, devices
from explorer.models.deltas import unpacked
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, Predictions


@lru_cache(maxsize=6)
def network(run: str) -> Network:
    """The network of a finished run, in eval mode on the CPU.

    A run keeps only what it learned; the rest is built again, so ExplorerError where that comes out otherwise now.
    """
    wanted = finished(run)
    classes = runs.predictions(run).classes
    built = backbones.build(wanted.backbone, len(classes), wanted.weights, wanted.seed, reads=wanted.reads)
    if finished_run(run).facts.get("began", "") not in ("", backbones.fingerprint(built)):
        raise ExplorerError(
            f"The {wanted.row.title} weights ({wanted.weights}) that {run} began from have changed since, with their file or "
            f"with a new version of Thaw or torch. Its scores stand, but its network cannot be put together any more. Delete "
            f"it and train it again."
        )
    learned = unpacked(built.model.state_dict(), runs.tensors(run, "learned"))
    built.model.load_state_dict(learned, strict=False)
    return built


def finished(run: str) -> Recipe:
    """The recipe of a finished run, with the stage that its head reads; ExplorerError for any other run, saying why."""
    return finished_run(run).settled


def finished_run(run: str) -> FinishedRun:
    """A finished run; ExplorerError for any other, saying why."""
    folder = runs.folder(run)
    return _finished(folder, stamp(folder / "run.json"))


@lru_cache(maxsize=64)
def _finished(folder: Path, when: int) -> FinishedRun:
    """Read once: a question asks for the same run many times. What raises is not kept, so a run that goes on is read again."""
    run = folder.name
    found = runs.read(run)
    if not isinstance(found, FinishedRun):
        why = f" ({found.error})" if found.error else ""
        raise ExplorerError(
            f"The run {run} is {found.state}{why}, so there is nothing to look at. Choose a finished run."
        )
    return found


def same_images(a: str, b: str) -> Predictions:
    """The predictions of A, or an ExplorerError where B was tested on other images."""
    comparison.require(comparison.images_apart(finished_run(a), finished_run(b)))
    return runs.predictions(a)


def same_stages(a: str, b: str) -> Predictions:
    """The predictions of A, or an ExplorerError where B is of another backbone or transform, or was tested on other images."""
    comparison.require(comparison.stages_apart(finished(a), finished(b)))
    return same_images(a, b)


def same_channels(a: str, b: str) -> Predictions:
    """The predictions of A, or an ExplorerError where channel 7 of A is not channel 7 of B, or the images are others."""
    said = same_stages(a, b)
    comparison.require(comparison.strangers(finished(a), finished(b), "channels"))
    return said


@lru_cache(maxsize=2)
def _data(source: Recipe) -> Data:
    return datasets.load(source)


def data(run: str) -> Data:
    """The data set of a run, split as it was for the run, with all training images that there are."""
    wanted = finished(run)
    return _data(wanted.source)


def scales(run: str) -> Scales:
    """What is black and white in pictures of more than 8 bits of the run's set; sets of Thaw's own have none."""
    wanted = finished(run)
    return _data(wanted.source).scales if wanted.data_dir or dataset(wanted.dataset).own else {}


@lru_cache(maxsize=4)
def _pixels(source: Recipe, size: Preprocessing) -> np.ndarray:
    return _data(source).test.pixels(size)


@lru_cache(maxsize=16)
def _ids(run: str) -> tuple[str, ...]:
    """The names of the test images; a finished run keeps them."""
    return runs.predictions(run).ids


def pictures(run: str, size: Preprocessing | None = None) -> np.ndarray:
    """The test images of a run as its network sees them (or at another size), (n, h, w, 3) uint8.

    Raises ExplorerError where the images are no longer those that the run was tested on.
    """
    wanted = _unchanged(run)
    return _pixels(wanted.source, size or wanted.preprocessing)


def first_pictures(run: str, most: int) -> np.ndarray:
    """The first `most` of `pictures`, without reading the others."""
    wanted = _unchanged(run)
    return _first(wanted.source, wanted.preprocessing, most)


@lru_cache(maxsize=4)
def _first(source: Recipe, size: Preprocessing, most: int) -> np.ndarray:
    images = _data(source).test
    return images.take(range(min(most, len(images)))).pixels(size)


def _unchanged(run: str) -> Recipe:
    """The recipe of a finished run; ExplorerError where the test images are not those that it was tested on."""
    wanted = finished(run)
    if _data(wanted.source).test.ids != _ids(run):
        raise ExplorerError(
            f"The test images of {run} have changed since it was trained, so it can no longer be shown on them. Train it again."
        )
    return wanted


def inputs(run: str, first: int, last: int | None = None) -> torch.Tensor:
    """Test images first … last - 1 (default: one) of a run as its network's input, (n, 3, h, w) float32."""
    rows = pictures(run)
    if not 0 <= first < len(rows):
        raise ExplorerError(f"There is no test image {first}: there are {len(rows)}, numbered from 0.")
    return to_input(run, rows[first : first + 1 if last is None else last])


def one(run: str, image: int | str) -> tuple[np.ndarray, torch.Tensor]:
    """A picture as a run's network sees it, (h, w, 3) uint8, and as its input, (1, 3, h, w) float32.

    `image` is the number of a test image, or the key of a visitor's own picture (explorer/uploads.py).
    """
    if isinstance(image, int):
        x = inputs(run, image)
        return pictures(run)[image], x
    wanted = finished(run)
    opened = to_rgb(open_picture(kept.read(image)), scales(run))
    picture = np.asarray(fit(opened, wanted.preprocessing))
    return picture, to_input(run, picture[None])


def masks(run: str) -> np.ndarray | None:
    """Where the object is in each test image, (n, h, w) bool, cut as the network sees it; None where that is not known."""
    pictures(run)  # says so where the images have changed
    wanted = finished(run)
    return _data(wanted.source).test.masks(wanted.preprocessing)


def training_pictures(run: str, most: int) -> np.ndarray:
    """Training images of a run's data set as its network sees them, (m, h, w, 3) uint8, whether it learned from them or not.

    `most` at most, each class in proportion, the same ones for all runs that were tested on the same images. Raises
    ExplorerError where the data set cannot be read any more.
    """
    return training_images(run).take(training_rows(run, most)).pixels(finished(run).preprocessing)


def training_images(run: str) -> Images:
    """All training images of a run's data set, with its edits, whether it learned from them or not."""
    return data(run).train


def validation_images(run: str) -> Images:
    """The validation images of a run."""
    return data(run).val


def training_rows(run: str, most: int) -> np.ndarray:
    """Places of `most` of them at most, each class in proportion, the same for all runs that were tested on the same images."""
    return pick(training_images(run), most, "map")


def to_input(run: str, rows: np.ndarray) -> torch.Tensor:
    """Pixels (n, h, w, 3) uint8 as a run's network reads them, (n, 3, h, w) float32, on the CPU."""
    return devices.to_input(torch.from_numpy(rows.copy()), finished(run).preprocessing, torch.device("cpu"))
