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
from explorer.models import backbones, devices, spare_card
from explorer.models.deltas import unpacked
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, OpenedRun, Predictions, RunOrId, kept_by_run


@kept_by_run(most=6)
def network(run: RunOrId) -> Network:
    """The network of a finished run, in eval mode on the CPU.

    A run keeps only what it learned; the rest is built again, so ExplorerError where that comes out otherwise now.
    """
    run = opened(run)
    wanted, classes = run.settled, run.predictions.classes
    built = backbones.build(wanted.backbone, len(classes), wanted.weights, wanted.seed, reads=wanted.reads)
    if run.facts.get("began", "") not in ("", backbones.fingerprint(built)):
        raise ExplorerError(
            f"The {wanted.row.title} weights ({wanted.weights}) that {run.id} began from have changed since, with their file or "
            f"with a new version of Thaw or torch. Its scores stand, but its network cannot be put together any more. Delete "
            f"it and train it again."
        )
    learned = unpacked(built.model.state_dict(), run.learned)
    built.model.load_state_dict(learned, strict=False)
    return built


def quick_network(run: RunOrId, anew: bool = False) -> Network:
    """`network` for many passes: on the GPU where that is twice as quick and no training has it (`models/spare_card.py`)."""
    run = opened(run)
    return spare_card.here.placed(network(run), run.settled.preprocessing.crop, anew)


def finished(run: RunOrId) -> Recipe:
    """The recipe of a finished run, with the stage that its head reads; ExplorerError for any other run, saying why."""
    return opened(run).settled


def opened(run: RunOrId) -> OpenedRun:
    """A finished run whose files are read once each, however often they are asked for: who answers a question opens its runs
    first, and passes them on. One that is open is given back. ExplorerError for a run that is not finished, saying why."""
    if isinstance(run, OpenedRun):
        return run
    folder = runs.folder(run)
    return OpenedRun.of(_finished(folder, stamp(folder / "run.json")))


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


def same_images(a: RunOrId, b: RunOrId) -> Predictions:
    """The predictions of A, or an ExplorerError where B was tested on other images."""
    a = opened(a)
    comparison.require(comparison.images_apart(a, opened(b)))
    return a.predictions


def same_stages(a: RunOrId, b: RunOrId) -> Predictions:
    """The predictions of A, or an ExplorerError where B is of another backbone or transform, or was tested on other images."""
    a, b = opened(a), opened(b)
    comparison.require(comparison.stages_apart(a.settled, b.settled))
    return same_images(a, b)


def same_channels(a: RunOrId, b: RunOrId) -> Predictions:
    """The predictions of A, or an ExplorerError where channel 7 of A is not channel 7 of B, or the images are others."""
    a, b = opened(a), opened(b)
    said = same_stages(a, b)
    comparison.require(comparison.strangers(a.settled, b.settled, "channels"))
    return said


@lru_cache(maxsize=2)
def _data(source: Recipe) -> Data:
    return datasets.load(source)


def data(run: RunOrId) -> Data:
    """The data set of a run, split as it was for the run, with all training images that there are."""
    wanted = finished(run)
    return _data(wanted.source)


def scales(run: RunOrId) -> Scales:
    """What is black and white in pictures of more than 8 bits of the run's set; sets of Thaw's own have none."""
    wanted = finished(run)
    return _data(wanted.source).scales if wanted.data_dir or dataset(wanted.dataset).own else {}


@lru_cache(maxsize=4)
def _pixels(source: Recipe, size: Preprocessing) -> np.ndarray:
    return _data(source).test.pixels(size)


def pictures(run: RunOrId, size: Preprocessing | None = None) -> np.ndarray:
    """The test images of a run as its network sees them (or at another size), (n, h, w, 3) uint8.

    Raises ExplorerError where the images are no longer those that the run was tested on.
    """
    wanted = _unchanged(run)
    return _pixels(wanted.source, size or wanted.preprocessing)


def first_pictures(run: RunOrId, most: int) -> np.ndarray:
    """The first `most` of `pictures`, without reading the others."""
    wanted = _unchanged(run)
    return _first(wanted.source, wanted.preprocessing, most)


@lru_cache(maxsize=4)
def _first(source: Recipe, size: Preprocessing, most: int) -> np.ndarray:
    images = _data(source).test
    return images.take(range(min(most, len(images)))).pixels(size)


def _unchanged(run: RunOrId) -> Recipe:
    """The recipe of a finished run; ExplorerError where the test images are not those that it was tested on."""
    run = opened(run)
    wanted = run.settled
    if _data(wanted.source).test.ids != run.predictions.ids:
        raise ExplorerError(
            f"The test images of {run.id} have changed since it was trained, so it can no longer be shown on them. Train it "
            "again."
        )
    return wanted


def inputs(run: RunOrId, first: int, last: int | None = None) -> torch.Tensor:
    """Test images first … last - 1 (default: one) of a run as its network's input, (n, 3, h, w) float32."""
    rows = pictures(run)
    if not 0 <= first < len(rows):
        raise ExplorerError(f"There is no test image {first}: there are {len(rows)}, numbered from 0.")
    return to_input(run, rows[first : first + 1 if last is None else last])


def one(run: RunOrId, image: int | str) -> tuple[np.ndarray, torch.Tensor]:
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


def masks(run: RunOrId) -> np.ndarray | None:
    """Where the object is in each test image, (n, h, w) bool, cut as the network sees it; None where that is not known."""
    pictures(run)  # says so where the images have changed
    wanted = finished(run)
    return _data(wanted.source).test.masks(wanted.preprocessing)


def training_pictures(run: RunOrId, most: int) -> np.ndarray:
    """Training images of a run's data set as its network sees them, (m, h, w, 3) uint8, whether it learned from them or not.

    `most` at most, each class in proportion, the same ones for all runs that were tested on the same images. Raises
    ExplorerError where the data set cannot be read any more.
    """
    return training_images(run).take(training_rows(run, most)).pixels(finished(run).preprocessing)


def training_images(run: RunOrId) -> Images:
    """All training images of a run's data set, with its edits, whether it learned from them or not."""
    return data(run).train


def validation_images(run: RunOrId) -> Images:
    """The validation images of a run."""
    return data(run).val


def training_rows(run: RunOrId, most: int) -> np.ndarray:
    """Places of `most` of them at most, each class in proportion, the same for all runs that were tested on the same images."""
    return pick(training_images(run), most, "map")


def to_input(run: RunOrId, rows: np.ndarray) -> torch.Tensor:
    """Pixels (n, h, w, 3) uint8 as a run's network reads them, (n, 3, h, w) float32, on the CPU."""
    return devices.to_input(torch.from_numpy(rows.copy()), finished(run).preprocessing, torch.device("cpu"))
