"""What a run keeps besides: tensors, predictions, the freeze audit; while it learns, its checkpoint."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from explorer.answers import pack, unpack
from explorer.errors import ExplorerError
from explorer.home import write_aside
from explorer.runs.folders import folder, own_folder, read, write, writing
from explorer.runs.records import Audit
from explorer.runs.tested import Predictions, read_table, write_table


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
    whole = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
    with writing():
        write_aside(own_folder(run) / f"{name}.safetensors", lambda part: _save(whole, part))


def _save(tensors: dict[str, np.ndarray], path: Path) -> None:
    """`save_file`, which stores an array that is not in C order scrambled, without an error (0.8.0): ValueError here."""
    for name, array in tensors.items():
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} is not contiguous")
    save_file(tensors, path)


def tensors(run: str, name: str) -> dict[str, np.ndarray]:
    """The tensors of `learned` or `features`; ExplorerError where the run has none."""
    with _reading(run, name, f"{name}.safetensors") as path:
        found = load_file(path)
    return _whole(found) if name == "features" else found


def _whole(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Features as they were computed: float32 where a sample run halves them, `after/` where it is what `before/` is and so was
    not stored, and the epoch that the run keeps as `after/` has it, so that a figure of it is the same wherever it is shown."""
    found = {k: v.astype(np.float32) if k.startswith(("before/", "after/")) else v for k, v in features.items()}
    for key in [key for key in found if key.startswith("before/")]:
        found.setdefault(key.replace("before/", "after/", 1), found[key])
    ends = [value for key, value in found.items() if key.startswith("after/")]
    for key in [key for key in found if key.startswith("epoch/")]:
        found[key] = next((end for end in ends if _halved(end, found[key])), found[key])
    return found


def _halved(whole: np.ndarray, half: np.ndarray) -> bool:
    """Whether one is the other in half precision."""
    with np.errstate(over="ignore"):
        return whole.shape == half.shape and np.array_equal(whole.astype(half.dtype), half)


def store_predictions(
    run: str,
    ids: Sequence[str],
    labels: np.ndarray,
    probability: np.ndarray,
    classes: tuple[str, ...],
    groups: Iterable[str] | None = None,
) -> None:
    """Keep what the run says of its test images: probabilities (n, k), and the group of each image where there are groups."""
    with writing():
        write_table(own_folder(run), ids, labels, probability, classes, groups)


def predictions(run: str) -> Predictions:
    """What the run said of its test images; ExplorerError where it has no such table."""
    with _reading(run, "predictions", "predictions.csv") as path:
        return read_table(path.parent)


def store_audit(run: str, audit: Audit) -> None:
    """Write audit.json."""
    write(own_folder(run) / "audit.json", json.dumps(pack(audit)))


def audit(run: str) -> Audit:
    """The freeze audit of a run; ExplorerError where it has none."""
    with _reading(run, "freeze audit", "audit.json") as path:
        return unpack(json.loads(path.read_text(encoding="utf-8")))


def store_checkpoint(run: str, saved: bytes) -> None:
    """Keep what the run needs to go on after its last whole epoch; the one before is replaced at once."""
    with writing():
        write_aside(own_folder(run) / "checkpoint.pt", lambda part: part.write_bytes(saved))


def checkpoint(run: str) -> bytes | None:
    """What `store_checkpoint` kept last, or None."""
    path = folder(run) / "checkpoint.pt"
    return path.read_bytes() if path.is_file() else None


def resumable(run: str) -> bool:
    """Whether the run can be resumed."""
    return (folder(run) / "checkpoint.pt").is_file()


def drop_checkpoint(run: str) -> None:
    """Forget it: the run has come to its end."""
    (own_folder(run) / "checkpoint.pt").unlink(missing_ok=True)
