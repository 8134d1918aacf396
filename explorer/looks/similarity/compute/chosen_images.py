"""The images that tuned networks are asked about again, beyond the test images: training, validation, shifted ones."""

import numpy as np

from explorer.data import datasets, shifts
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.images import Data
from explorer.data.stream import Stream
from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.models import devices
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.runs import RunOrId, kept_by_run

LARGE = 128  # pixels a side from which on fewer images are taken, for time
MOST, MOST_LARGE = 600, 200
STATISTICS, STATISTICS_LARGE = 256, 128  # training images for new BatchNorm statistics


def place_of(run: RunOrId) -> Device:
    """Where a run was carried out, or the best there is where that is not to be had here."""
    wanted = compute.finished(run)
    try:
        return devices.choose(wanted.row, wanted.device)
    except ExplorerError:
        return devices.choose(wanted.row, "auto")


def network_at(run: RunOrId, place: Device) -> Network:
    """A copy of a run's network, laid out as training has it."""
    return devices.laid_out(compute.network(run).copy(), place)


def stream(run: RunOrId, pixels: np.ndarray, place: Device) -> Stream:
    """These pixels as a run's network reads them."""
    return Stream(pixels, compute.finished(run).preprocessing, place)


@kept_by_run(most=2)
def _data(run: RunOrId) -> Data:
    return datasets.load(compute.finished(run))


def most(run: RunOrId) -> int:
    """How many images of one kind are asked about, for a run's input size."""
    return MOST_LARGE if compute.finished(run).preprocessing.crop > LARGE else MOST


def drawn(n: int, limit: int) -> np.ndarray:
    """At most `limit` of n places, always the same ones, rising."""
    if n <= limit:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).permutation(n)[:limit])


def test_images(run: RunOrId, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Test images of a run (n, h, w, 3) uint8, and their places (n,) among all of them."""
    pictures = compute.pictures(run)
    rows = drawn(len(pictures), limit)
    return pictures[rows], rows


def shifted_images(run: RunOrId, kind: str, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The same images, corrupted."""
    pictures, rows = test_images(run, limit)
    return shifts.shifted(pictures, kind), rows


@kept_by_run(most=6)
def split_images(run: RunOrId, split: str, limit: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Pixels (n, h, w, 3) uint8 and labels (n,) of a run's own `train` or `val` images, and how many there are.

    Drawn by a seed where there are more than `limit`, and in drawn order, so that no batch is of one class.
    """
    images = getattr(_data(run), split)
    rows = np.random.default_rng(0).permutation(len(images))[:limit]
    chosen = images.take(rows)
    return chosen.pixels(compute.finished(run).preprocessing), chosen.labels, len(images)


def val_groups(run: RunOrId, limit: int) -> np.ndarray | None:
    """The groups (n,) str of the very images that `split_images` draws for validation; None where they come in none."""
    images = _data(run).val
    rows = np.random.default_rng(0).permutation(len(images))[:limit]
    return None if images.groups is None else images.groups[rows]


def train_labels(run: RunOrId) -> np.ndarray:
    """The classes of all training images of a run, (n,)."""
    return _data(run).train.labels


def statistics_images(run: RunOrId) -> np.ndarray:
    """Training images (n, h, w, 3) uint8 for new statistics, in drawn order, whole batches where there is one."""
    large = compute.finished(run).preprocessing.crop > LARGE
    pixels = split_images(run, "train", STATISTICS_LARGE if large else STATISTICS)[0]
    whole = len(pixels) // CachedFeatures.BATCH * CachedFeatures.BATCH
    return pixels[: whole or len(pixels)]
