"""What several questions share: the networks, images and predictions of finished runs, kept warm."""

from functools import lru_cache

import numpy as np
import torch

from explorer import recipe, runs
from explorer import uploads as kept
from explorer.catalogue import Preprocessing
from explorer.data import datasets
from explorer.data.decoding import open_picture, to_rgb
from explorer.data.images import Data, fit
from explorer.data.splits import pick
from explorer.errors import ExplorerError
from explorer.models import backbones, devices
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs import Predictions


@lru_cache(maxsize=6)
def network(run: str) -> Network:
    """The network of a finished run, in eval mode on the CPU.

    A run keeps only what it learned; the rest is built again, so ExplorerError where that comes out otherwise now.
    """
    wanted = finished(run)
    classes = runs.predictions(run).classes
    built = backbones.build(wanted.backbone, len(classes), wanted.weights, wanted.seed)
    if runs.read(run).facts.get("began", "") not in ("", built.fingerprint()):
        raise ExplorerError(
            f"The {wanted.row.title} weights ({wanted.weights}) that {run} began from have changed since, with their file or "
            f"with a new version of Thaw or torch. Its scores stand, but its network cannot be put together any more. Delete "
            f"it and train it again."
        )
    learned = {name: torch.from_numpy(tensor) for name, tensor in runs.tensors(run, "learned").items()}
    built.model.load_state_dict(learned, strict=False)
    return built


def finished(run: str) -> Recipe:
    """The recipe of a finished run; ExplorerError for any other, saying why."""
    found = runs.read(run)
    if found.state != "finished" or found.recipe is None:
        why = f" ({found.error})" if found.error else ""
        raise ExplorerError(
            f"The run {run} is {found.state}{why}, so there is nothing to look at. Choose a finished run."
        )
    return found.recipe


def same_images(a: str, b: str) -> Predictions:
    """The predictions of A, or an ExplorerError where B was tested on other images."""
    for run in (a, b):
        finished(run)
    said_a, said_b = runs.predictions(a), runs.predictions(b)
    if said_a.ids != said_b.ids or said_a.classes != said_b.classes:
        sets = " and ".join(str(finished(run).dataset) for run in (a, b))
        raise ExplorerError(
            f"A and B were tested on different images ({sets}), so they cannot be compared image by image. Choose two "
            f"runs of one data set with the same split seed."
        )
    return said_a


@lru_cache(maxsize=2)
def _data(dataset: str, data_dir: str | None, split_seed: int) -> Data:
    return datasets.load(recipe.make(dataset=dataset, data_dir=data_dir, split_seed=split_seed, per_class=None))


@lru_cache(maxsize=4)
def _pixels(dataset: str, data_dir: str | None, split_seed: int, size: Preprocessing) -> np.ndarray:
    return _data(dataset, data_dir, split_seed).test.pixels(size)


@lru_cache(maxsize=16)
def _ids(run: str) -> tuple[str, ...]:
    """The names of the test images; a finished run keeps them."""
    return runs.predictions(run).ids


def pictures(run: str, size: Preprocessing | None = None) -> np.ndarray:
    """The test images of a run as its network sees them (or at another size), (n, h, w, 3) uint8.

    Raises ExplorerError where the images are no longer those that the run was tested on.
    """
    wanted = finished(run)
    source = (wanted.dataset, wanted.data_dir, wanted.split_seed)
    if _data(*source).test.ids != _ids(run):
        raise ExplorerError(
            f"The test images of {run} have changed since it was trained, so it can no longer be shown on them. Train it again."
        )
    return _pixels(*source, size or wanted.preprocessing)


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
    scales = _data(wanted.dataset, wanted.data_dir, wanted.split_seed).scales if wanted.data_dir else {}
    opened = to_rgb(open_picture(kept.read(image)), scales)
    picture = np.asarray(fit(opened, wanted.preprocessing))
    return picture, to_input(run, picture[None])


def masks(run: str) -> np.ndarray | None:
    """Where the object is in each test image, (n, h, w) bool, cut as the network sees it; None where that is not known."""
    pictures(run)  # says so where the images have changed
    wanted = finished(run)
    return _data(wanted.dataset, wanted.data_dir, wanted.split_seed).test.masks(wanted.preprocessing)


def training_pictures(run: str, most: int) -> np.ndarray:
    """Training images of a run's data set as its network sees them, (m, h, w, 3) uint8, whether it learned from them or not.

    `most` at most, each class in proportion, the same ones for all runs that were tested on the same images. Raises
    ExplorerError where the data set cannot be read any more.
    """
    wanted = finished(run)
    images = _data(wanted.dataset, wanted.data_dir, wanted.split_seed).train
    return images.take(pick(images, most, "map")).pixels(wanted.preprocessing)


def to_input(run: str, rows: np.ndarray) -> torch.Tensor:
    """Pixels (n, h, w, 3) uint8 as a run's network reads them, (n, 3, h, w) float32, on the CPU."""
    return devices.to_input(torch.from_numpy(rows.copy()), finished(run).preprocessing, torch.device("cpu"))
