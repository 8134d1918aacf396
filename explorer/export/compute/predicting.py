"""What a run says of pictures from outside: decoded in threads while the network runs."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from explorer import machine
from explorer.data.decoding import deep, look, open_picture, to_rgb
from explorer.data.formats import SUFFIXES
from explorer.data.images import REDUCE_TO, fit
from explorer.errors import ExplorerError
from explorer.export import batches
from explorer.export.question import Predicted
from explorer.looks.calibration.compute.reliability import temperature_of
from explorer.looks.neighbours.compute import Familiar
from explorer.looks.pair import compute
from explorer.models import predicting
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs import OpenedRun, RunOrId

MOST_PICTURES = batches.MOST_SEEN
BATCH, AHEAD = 32, 4  # pictures in a pass, and passes whose pictures are being decoded
BEFORE = 0.5  # of the progress bar, for the run's own pictures
SMALL = 96  # pixels of a side of a picture in the table
Decoded = tuple[np.ndarray, np.ndarray] | str


def predict(
    run: RunOrId,
    folder: str = "",
    batch: str = "",
    seen: str = "",
    distances: bool = True,
    report: ProgressCallback = silent,
) -> Predicted:
    """The class of each picture in a folder (in all its sub-folders) or of a batch; those that cannot be read are named.

    Raises ExplorerError where there is no picture, or none that can be read.
    """
    files = batches.pictures(batch) if batch else listed(folder)
    run = compute.opened(run)
    classes = run.predictions.classes
    known = _familiar(run, report) if distances else None
    begun = BEFORE if known else 0.0
    names: list[str] = []
    skipped: list[tuple[str, str]] = []
    images: list[np.ndarray] = []
    said: list[torch.Tensor] = []
    far: list[np.ndarray] = []
    for part in _in_passes(files, decoder(run, compute.finished(run))):
        good = [(name, found) for name, found in part if not isinstance(found, str)]
        skipped += [(name, found) for name, found in part if isinstance(found, str)]
        if good:
            names += [name for name, _ in good]
            images += [small for _, (_, small) in good]
            read, logits = _read(run, np.stack([pixels for _, (pixels, _) in good]))
            said.append(logits)
            far += [known.share(read)] if known else []
        done = len(names) + len(skipped)
        report(begun + (1 - begun) * done / len(files), f"{done} of {len(files)} pictures")
    if not names:
        raise ExplorerError(f"None of the {len(files)} pictures can be read. {skipped[0][0]}: {skipped[0][1]}")
    t = _temperature(run)
    probability = (torch.cat(said) / (t or 1.0)).softmax(dim=1).numpy()
    labels = np.array([_label(name, classes) for name in names])
    found = Predicted(
        run=run.id, classes=classes, files=tuple(names), images=np.stack(images), labels=labels,
        predicted=probability.argmax(1), probability=probability, skipped=tuple(skipped), temperature=t,
    )  # fmt: skip
    return replace(found, farther=np.concatenate(far), tested=len(known.usual)) if known else found


def _read(run: OpenedRun, pixels: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """What the head reads of pictures (n, h, w, 3), and their logits; on a GPU only as long as no training comes."""
    network = compute.quick_network(run, anew=True)
    read, logits = predicting.features_and_logits(network, compute.to_input(run, pixels))
    return read.cpu(), logits.cpu()


def _familiar(run: RunOrId, report: ProgressCallback) -> Familiar | None:
    """What tells pictures unlike the run's; None where its own pictures are not on this machine."""
    try:
        return Familiar(run, lambda share, words: report(BEFORE * share, words))
    except ExplorerError:
        return None


def _temperature(run: RunOrId) -> float | None:
    """What the run's logits are divided by; None where its validation images are not on this machine."""
    try:
        return temperature_of(run)[0]
    except ExplorerError:
        return None


def listed(folder: str) -> list[tuple[str, Path]]:
    """The pictures below a folder as (path below it, file), by name. Raises ExplorerError for none, and for too many."""
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        raise ExplorerError(f"There is no folder {folder!r}. Give one with pictures in it, or in its sub-folders.")
    found = []
    for parent, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                path = Path(parent, name)
                found.append((os.fsencode(path.relative_to(root)).decode("utf-8", "replace"), path))
    if not found:
        raise ExplorerError(f"The folder {folder!r} holds no picture. Looked for: {', '.join(sorted(SUFFIXES))}.")
    if len(found) > MOST_PICTURES:
        raise ExplorerError(f"The folder {folder!r} holds {len(found)} pictures. Allowed: {MOST_PICTURES} at a time.")
    return found


def decoder(run: RunOrId, recipe: Recipe) -> Callable[[Path], Decoded]:
    """What makes of a file the pixels (h, w, 3) that the network sees and a small picture, or says why it cannot."""
    size = recipe.preprocessing

    def decoded(path: Path) -> Decoded:
        try:
            opened = open_picture(path, REDUCE_TO * size.resize)
            picture = to_rgb(opened, compute.scales(run) if deep(opened) else None)
            return np.asarray(fit(picture, size)), _small(picture)
        except ExplorerError as error:
            return look(path).fault or str(error)

    return decoded


def _small(picture: Image.Image) -> np.ndarray:
    """The middle of the picture, SMALL pixels a side."""
    return np.asarray(ImageOps.fit(picture, (SMALL, SMALL), Image.Resampling.BILINEAR))


def _in_passes(files: list[tuple[str, Path]], decode: Callable[[Path], Decoded]) -> Iterator[list[tuple[str, Decoded]]]:
    """The pictures in order, BATCH at a time; the next ones are decoded while somebody reads these."""
    pool = ThreadPoolExecutor(max_workers=min(8, machine.cores()))
    waiting: deque[list[tuple[str, Future[Any]]]] = deque()
    starts = iter(range(0, len(files), BATCH))
    try:
        while True:
            while len(waiting) < AHEAD and (start := next(starts, None)) is not None:
                part = files[start : start + BATCH]
                waiting.append([(name, pool.submit(decode, path)) for name, path in part])
            if not waiting:
                return
            yield [(name, future.result()) for name, future in waiting.popleft()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _label(name: str, classes: tuple[str, ...]) -> int:
    """The class that one of the picture's folders is called by, the innermost first; -1 where none is."""
    return next((classes.index(part) for part in reversed(name.split("/")[:-1]) if part in classes), -1)
