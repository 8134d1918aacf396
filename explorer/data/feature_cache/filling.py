"""Every view's output at the boundary: found in the cache, or computed once, batch by batch, and stored for others."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from explorer import cache
from explorer.catalogue import Preprocessing
from explorer.data.feature_cache.entries import STORED, Entry, Writer, find, logical, physical
from explorer.data.feature_cache.frozen import Frozen, View
from explorer.data.images import Images
from explorer.models.abreast import abreast
from explorer.progress import FractionCallback

DECODED = 8
"""Batches that are decoded at a time, in parallel."""


def fill(frozen: Frozen, images: Images, views: Sequence[View], batch: int, progress: FractionCallback) -> list[Entry]:
    """One entry a view: in memory where all of them fit into `cache.memory()`, else mapped from their files."""
    entries = [find(view.key) if view.key else None for view in views]
    missing = [view for view, entry in zip(views, entries, strict=True) if entry is None]
    computed = iter(_compute(frozen, images, missing, len(views), batch, progress) if missing else ())
    whole = [_kept(entry, len(views)) if entry else next(computed) for entry in entries]
    progress(1.0)
    return whole


def _kept(entry: Entry, views: int) -> Entry:
    """A mapped entry, copied into memory where there is room for as many views."""
    fits = entry.stored.nbytes * views <= cache.memory()
    return Entry(entry.stored.clone(), entry.pooled) if fits else entry


def _compute(
    frozen: Frozen, images: Images, missing: list[View], views: int, batch: int, progress: FractionCallback
) -> list[Entry]:
    """The entries of the views that are missing; where the disk refuses in the middle, all again, in memory alone."""
    try:
        made = _run(frozen, images, missing, views, batch, progress, disk=True)
    except OSError:
        made = _run(frozen, images, missing, views, batch, progress, disk=False)
    cache.trim(cache.limit())
    return made


def _run(
    frozen: Frozen, images: Images, missing: list[View], views: int, batch: int, progress: FractionCallback, disk: bool
) -> list[Entry]:
    buffers: dict[int, FeatureBuffer] = {}
    steps = Steps(len(images), progress)

    def drawn() -> Iterator[list[Tensor]]:
        for start, decoded in _batches(images, frozen.preprocessing, batch, steps):
            pixels = frozen.place.send(decoded)  # once for all views, which are drawn and cut there
            yield [view.of(pixels, start) for view in missing]  # in this thread: all draw from one generator

    def passed(versions: list[Tensor]) -> list[tuple[Tensor, dict[str, np.ndarray]]]:
        return [frozen.run(pixels, view.pool) for pixels, view in zip(versions, missing, strict=True)]

    with ExitStack() as stack:
        for outputs in abreast(passed, drawn(), frozen.place.device):
            for view, (output, pooled) in zip(missing, outputs, strict=True):
                if view.number not in buffers:
                    buffer = FeatureBuffer(view.key if disk else "", len(images), views, output, pooled, stack)
                    buffers[view.number] = buffer
                buffers[view.number].put(output, pooled)
            steps.passed += len(outputs[0][0])
            steps.tell()
        return [buffer.take() for buffer in buffers.values()]


@dataclass
class Steps:
    """How many of n images were decoded, and went through the stages: half of the work each."""

    n: int
    progress: FractionCallback
    decoded: float = 0.0
    passed: int = 0

    def tell(self) -> None:
        """Report the share that is done."""
        self.progress((self.decoded + self.passed) / (2 * self.n))


def _batches(images: Images, preprocessing: Preprocessing, batch: int, steps: Steps) -> Iterator[tuple[int, Tensor]]:
    """(place of the first image, pixels (b, h, w, 3)) of each batch."""
    n = len(images)
    for start in range(0, n, DECODED * batch):
        part = images.take(range(start, min(start + DECODED * batch, n)))

        def decoding(share: float, start: int = start, count: int = len(part)) -> None:
            steps.decoded = start + share * count
            steps.tell()

        pixels = torch.from_numpy(part.pixels(preprocessing, decoding))
        steps.decoded = start + len(part)
        for i in range(0, len(part), batch):
            yield start + i, pixels[i : i + batch]


class FeatureBuffer:
    """Where the output for one view of n images is put, batch by batch: into memory, onto the disk, or both.

    `output` (b, …) and `pooled` (b, c) are the first batch's, for their shapes. Memory takes it where as many `views` of
    this size fit, the disk where there is a `key`: always where memory does not, else where the cache has the room.
    """

    def __init__(
        self, key: str, n: int, views: int, output: Tensor, pooled: dict[str, np.ndarray], stack: ExitStack
    ) -> None:
        first = physical(output)
        whole = torch.empty((n, *first.shape[1:]), dtype=first.dtype, device="meta")
        fits = whole.nbytes * views <= cache.memory()
        disk = key and cache.takes(whole.nbytes * views) and not (fits and whole.nbytes > cache.limit())
        widths = {stage: torch.empty((n, rows.shape[1]), device="meta") for stage, rows in pooled.items()}
        self.file = stack.enter_context(Writer(key, {STORED: whole} | widths)) if disk else None
        self.memory = torch.empty(whole.shape, dtype=whole.dtype) if fits or not disk else None
        self.pooled: dict[str, list[np.ndarray]] = {stage: [] for stage in pooled}
        self.filled = 0

    def put(self, output: Tensor, pooled: dict[str, np.ndarray]) -> None:
        """The next batch. Raises OSError where the disk refuses."""
        rows = physical(output).cpu()
        if self.file is not None:
            self.file.add(rows)
        if self.memory is not None:
            self.memory[self.filled : self.filled + len(rows)] = rows
        self.filled += len(rows)
        for stage, features in pooled.items():
            self.pooled[stage].append(features)

    def take(self) -> Entry:
        """All of it, after the last batch. Raises OSError where the disk refuses."""
        pooled = {stage: np.concatenate(rows) for stage, rows in self.pooled.items()}
        if self.file is not None:
            for features in pooled.values():
                self.file.add(torch.from_numpy(features))
            mapped = self.file.close()
            if self.memory is None:
                return mapped
        return Entry(logical(cast(Tensor, self.memory)), pooled)
