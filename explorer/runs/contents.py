"""What a run keeps besides: tensors, predictions, the freeze audit; while it learns, its checkpoint."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from explorer import results
from explorer.errors import ExplorerError
from explorer.results import Audit
from explorer.runs.folders import folder, read, write, writing


@contextmanager
def _reading(run: str, what: str, file: str) -> Iterator[Path]:
    """Lend the path of a file of the run; ExplorerError where it is missing, or where it turns out to be damaged."""
    path = folder(run) / file
    if not path.is_file():
        raise ExplorerError(f"The run {run} holds no {what}: it is {read(run).state}. Choose a finished run.")
    try:
        yield path
    except (ValueError, KeyError, IndexError, TypeError, SafetensorError) as error:
        raise ExplorerError(
            f"The {what} of the run {run} cannot be read: {file} is damaged ({error}). Delete the run and train it again."
        ) from error


def store_tensors(run: str, name: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Write `learned` or `features` as one safetensors file."""
    path = folder(run) / f"{name}.safetensors"
    part = path.with_name(f".{path.name}.part")
    with writing():
        save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, part)
        part.replace(path)


def tensors(run: str, name: str) -> dict[str, np.ndarray]:
    """The tensors of `learned` or `features`; ExplorerError where the run has none."""
    with _reading(run, name, f"{name}.safetensors") as path:
        return load_file(path)


def store_predictions(
    run: str, ids: Iterable[str], labels: np.ndarray, probability: np.ndarray, classes: tuple[str, ...]
) -> None:
    """Write predictions.csv: id, class, predicted, then the probability of each class; one row an image."""
    with writing(), (folder(run) / "predictions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "class", "predicted", *classes])
        for name, label, row in zip(ids, labels, probability, strict=True):
            writer.writerow([name, classes[label], classes[int(row.argmax())], *(f"{p:.6f}" for p in row)])


@dataclass(frozen=True)
class Predictions:
    """What a run said of its test images: `labels`, `predicted` (n,), `probability` (n, k)."""

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    labels: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray


def predictions(run: str) -> Predictions:
    """The table of predictions.csv as arrays; ExplorerError where the run has none."""
    with _reading(run, "predictions", "predictions.csv") as path:
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        if head[:3] != ["id", "class", "predicted"]:
            raise ValueError(f"its first line is {head}")
        classes = tuple(head[3:])
        index = {name: i for i, name in enumerate(classes)}
        labels = np.array([index[row[1]] for row in rows])
        predicted = np.array([index[row[2]] for row in rows])
        probability = np.array([row[3:] for row in rows], np.float32)
    return Predictions(tuple(row[0] for row in rows), classes, labels, predicted, probability)


def store_audit(run: str, audit: Audit) -> None:
    """Write audit.json."""
    write(folder(run) / "audit.json", json.dumps(results.pack(audit)))


def audit(run: str) -> Audit:
    """The freeze audit of a run; ExplorerError where it has none."""
    with _reading(run, "freeze audit", "audit.json") as path:
        return results.unpack(json.loads(path.read_text(encoding="utf-8")))


def store_checkpoint(run: str, saved: bytes) -> None:
    """Keep what the run needs to go on after its last whole epoch; the one before is replaced at once."""
    path = folder(run) / "checkpoint.pt"
    part = path.with_name(f".{path.name}.part")
    with writing():
        part.write_bytes(saved)
        part.replace(path)


def checkpoint(run: str) -> bytes | None:
    """What `store_checkpoint` kept last, or None."""
    path = folder(run) / "checkpoint.pt"
    return path.read_bytes() if path.is_file() else None


def resumable(run: str) -> bool:
    """Whether the run can go on from where it was."""
    return (folder(run) / "checkpoint.pt").is_file()


def drop_checkpoint(run: str) -> None:
    """Forget it: the run has come to its end."""
    (folder(run) / "checkpoint.pt").unlink(missing_ok=True)
