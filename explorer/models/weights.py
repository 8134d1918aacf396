"""Fill a model with the pre-trained weights of its row; torchvision downloads what is not here."""

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchvision import models

from explorer import workspaces
from explorer.catalogue import Backbone, own
from explorer.catalogue.backbones import missing_weights
from explorer.catalogue.weights import drawn
from explorer.errors import ExplorerError
from explorer.home import write_aside
from explorer.models import libraries
from explorer.progress import ProgressCallback

State = dict[str, Tensor]
T = TypeVar("T")
SMALL = 2**26  # bytes of tensors that stay in memory for the next network: those of ResNet-18, not those of ResNet-50


@dataclass(frozen=True)
class Origin:
    """A file of weights as it was: any that was written since is another."""

    path: Path
    written: int
    size: int


_latest: tuple[Origin, State] | None = None


def origin(row: Backbone, weights: str) -> Origin | None:
    """The file that these weights are read from, as it is now; None where there is none, or the weights are drawn."""
    return None if drawn(weights) else _as_it_is(row.weights_path(weights))


def _as_it_is(path: Path) -> Origin | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return Origin(path, found.st_mtime_ns, found.st_size)


def _read(path: Path, read: Callable[[], State]) -> State:
    """What `read` gives of the file, or gave the last time where that is small and the file as it was: a trainer's runs mostly
    begin alike. Nobody may write into these tensors."""
    global _latest
    now = _as_it_is(path)
    if _latest and _latest[0] == now:
        return _latest[1]
    state = read()
    if now and sum(tensor.nbytes for tensor in state.values()) <= SMALL and now == _as_it_is(path):
        _latest = now, state
    return state


def load(row: Backbone, model: nn.Module, weights: str, progress: ProgressCallback) -> None:
    """Fill the model, strictly. `progress` hears of a download: the share done and a sentence.

    Raises ExplorerError where the file is missing and cannot be downloaded, damaged, or of another network.
    """
    if own.is_own(weights):
        _load_own(row, model, weights)
        return
    if row.code:
        _load_file(row, model, weights)
        return
    if row.library == "timm":
        _load_timm(row, model, weights)
        return
    builder = row.builder or row.name
    path, member = row.weights_path(weights), models.get_model_weights(builder)[weights]
    here = path.is_file()
    try:
        with _watched(path, member, progress if not here else None):
            state = _read(path, lambda: _fetched(row, weights, lambda: libraries.state(builder, weights)))
        model.load_state_dict(state, strict=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        if not here:  # URLError and friends: no network, or a folder that cannot be written
            raise missing_weights(row, weights) from error
        raise ExplorerError(
            f"The weights file {path} is damaged or belongs to another network ({str(error).strip().splitlines()[0]}). Delete "
            f"it and get it again, or choose other weights. A checkpoint of your own is given as such: --weights FILE, or "
            f"'Your own checkpoint' on the Train page."
        ) from error


def _load_timm(row: Backbone, model: nn.Module, weights: str) -> None:
    """timm's own weights: from the file that was kept when they were first downloaded, else from timm, and kept then."""
    path = row.weights_path(weights)
    if not path.is_file():
        try:
            state = _fetched(row, weights, lambda: libraries.state_of_timm(row.builder, weights))
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = {key: tensor.contiguous() for key, tensor in state.items()}
            _fetched(row, weights, lambda: write_aside(path, lambda part: save_file(whole, part)))
        except ExplorerError:
            raise
        except (
            Exception
        ) as error:  # huggingface_hub, requests and timm raise kinds of their own where there is no network
            raise missing_weights(row, weights) from error
    try:
        model.load_state_dict(_read(path, lambda: load_file(path)), strict=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        first = str(error).strip().splitlines()[0]
        raise ExplorerError(f"The file {path} is damaged ({first}). Delete it and get it again.") from error


def _fetched(row: Backbone, weights: str, work: Callable[[], T]) -> T:
    """What `work` gives, which may download weights; a disk that stays full is no network that is missing."""
    folder, more = row.weights_path(weights).parent, ", and TORCH_HOME and HF_HOME likewise"
    return workspaces.fetched(work, f"The weights {weights} of {row.title} cannot be kept", folder, more)


def _load_file(row: Backbone, model: nn.Module, weights: str) -> None:
    """A safetensors file of all tensors but the head's, of a model that torchvision does not know."""
    path, again = row.weights_path(weights), "Check out the repository again, or choose other weights."
    if not path.is_file():
        raise ExplorerError(f"The file of {row.title} {path} is missing. {again}")

    def floats() -> State:
        return {key: value.float() if value.is_floating_point() else value for key, value in load_file(path).items()}

    missing, unexpected = model.load_state_dict(_read(path, floats), strict=False)
    if unexpected or any(not key.startswith(f"{row.head}.") for key in missing):
        raise ExplorerError(f"The file {path} does not fit {row.title}. {again}")


def _load_own(row: Backbone, model: nn.Module, weights: str) -> None:
    """The safetensors file that was kept of a visitor's checkpoint: all tensors but the head's."""
    path, again = row.weights_path(weights), "Bring the checkpoint again, or choose other weights."
    if not path.is_file():
        raise ExplorerError(f"The weights {weights} of {row.title} are not on this machine ({path}). {again}")
    try:
        missing, unexpected = model.load_state_dict(_read(path, lambda: load_file(path)), strict=False)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ExplorerError(f"The file {path} is damaged ({str(error).strip().splitlines()[0]}). {again}") from error
    parts = tuple(part for stage in row.stages for part in stage.parts)
    if unexpected or any(f"{name}.".startswith(f"{part}.") for name in missing for part in parts):
        raise ExplorerError(f"The file {path} does not fit {row.title}. {again}")


@contextmanager
def _watched(path: Path, member: Any, progress: ProgressCallback | None) -> Iterator[None]:
    """Report a download while it runs: torch writes `<file>.<random>.partial` beside the file to be."""
    if progress is None:
        yield
        return
    total, done = member.meta["_file_size"] * 2**20, threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            size = max((part.stat().st_size for part in path.parent.glob(f"{path.name}.*.partial")), default=0)
            progress(min(size / total, 1.0), f"Downloading {path.name}, {size / 2**20:.0f} of {total / 2**20:.0f} MB")

    thread = threading.Thread(target=watch, daemon=True)
    progress(0.0, f"Downloading {path.name}, {total / 2**20:.0f} MB")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
