"""The tensors in a checkpoint file, whatever they are wrapped in; a plain word on why a file is none."""

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from explorer.errors import ExplorerError
from explorer.models.checkpoints.unread import is_array, stand_ins

ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".tar")
MOST_BYTES = 4_000_000_000
WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params", "ema",
            "model_ema", "state_dict_ema", "ema_state_dict", "teacher", "student")  # fmt: skip
"""Under these names programs put the weights in what they save; the first that is there is taken, and where none is, the table
with the most tensors that is not named like one of these:"""
_NO_WEIGHTS = re.compile("optim|sched|scaler|rng|loss|queue|memory", re.IGNORECASE)
_SNIFFED = 512
_BEGINNINGS = (
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the weights. Fetch them with git lfs pull"),
    (b"\x89HDF", "it is an HDF5 file, as Keras writes them. Only what PyTorch writes can be read"),
    (b"\x93NUMPY", "it is an array of NumPy's. Save the weights by PyTorch: torch.save(model.state_dict(), 'weights.pt')"),
    (b"\x1f\x8b", "it is packed with gzip. Unpack it first"),
    (b"BZh", "it is packed with bzip2. Unpack it first"),
    (b"\xfd7zXZ", "it is packed with xz. Unpack it first"),
    (b"7z\xbc\xaf", "it is a 7z archive. Unpack it first"),
    (b"Rar!", "it is a RAR archive. Unpack it first"),
)  # fmt: skip
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f")


@dataclass(frozen=True)
class Content:
    """What a file holds: its tensors by name, the wrappers they were in (`state_dict`, from the outside in), names of
    other wrappers that hold weights too and were not taken, and kinds of objects beside them that were left unread."""

    tensors: dict[str, Tensor]
    wrappers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read(file: Path, name: str = "") -> Content:
    """The tensors of a safetensors file, or of what torch.save wrote, read with `weights_only`: no code in it is run.

    Raises ExplorerError, naming the file, for any other, a cut one, one with other things than tensors and plain values, or
    one of more than MOST_BYTES.
    """
    name = name or file.name
    if Path(name).suffix.lower() not in ENDINGS:
        ending = f"ends in {Path(name).suffix}" if Path(name).suffix else "has no ending"
        raise _refused(name, f"it {ending}. Allowed are {', '.join(ENDINGS)}")
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(_SNIFFED)
    except OSError as error:
        raise _refused(name, f"it cannot be opened ({error.strerror})") from error
    if not 0 < size <= MOST_BYTES:
        raise _refused(name, f"it has {size / 1e6:.1f} MB. Allowed are 1 byte to {MOST_BYTES / 1e9:.0f} GB")
    if why := _refusal_by_beginning(start):
        raise _refused(name, why)
    zipped = start[:2] == b"PK"
    if _is_safetensors(start, size) or (Path(name).suffix.lower() == ".safetensors" and not zipped):
        return _of_safetensors(file, name)
    if zipped:
        _check_zip(file, name)
    with stand_ins() as unread:
        content = _unwrapped(_loaded(file, name), name)
    return replace(content, unread=tuple(sorted(unread)))


def _of_safetensors(file: Path, name: str) -> Content:
    try:
        return Content(load_file(file))
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise _refused(name, f"it is damaged, cut short, or no safetensors file ({_first(error)})") from error


def _check_zip(file: Path, name: str) -> None:
    """What torch.save writes is a ZIP without compression: refused where its list of contents cannot be read, or where it
    would unpack to more than it weighs."""
    try:
        with zipfile.ZipFile(file) as pack:
            unpacked = sum(entry.file_size for entry in pack.infolist())
            inside = {entry.rpartition("/")[2] for entry in pack.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refused(name, f"it is cut short or damaged ({_first(error)})") from error
    if unpacked > MOST_BYTES or unpacked > 2 * file.stat().st_size + 1_000_000:
        raise _refused(name, f"it would unpack to {unpacked / 1e9:.1f} GB, which no file of torch.save does")
    if "constants.pkl" in inside:
        raise _refused(
            name,
            "it is a program of TorchScript, and its code would be run. Where you trust it, open it where it was made and save "
            "the weights alone: torch.save(torch.jit.load(…).state_dict(), 'weights.pt')",
        )
    if "data.pkl" not in inside:
        raise _refused(name, "it is a ZIP, and nothing that torch.save wrote")


def _loaded(file: Path, name: str) -> Any:
    try:
        with file.open("rb") as stream:  # by its content: given a name, torch.load goes by the ending
            return torch.load(stream, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        said = str(error)
        if "Unsupported global" in said or "Unsupported class" in said or "GLOBAL" in said:
            kind = said.partition("GLOBAL ")[2].split(" ")[0] or "objects"
            why = (
                f"besides tensors it holds Python objects ({kind}), and reading those could run any code. Where you trust it, "
                f"open it where it was made and save the weights alone: torch.save(model.state_dict(), 'weights.pt')"
            )
        else:
            why = "it is damaged, or nothing that torch.save wrote"
        raise _refused(name, why) from error
    except Exception as error:  # torch.load raises many kinds for a damaged file
        raise _refused(name, f"it is damaged, cut short, or nothing that torch.save wrote ({_first(error)})") from error


def _unwrapped(value: Any, name: str) -> Content:
    """The innermost mapping that holds tensors."""
    wrappers: list[str] = []
    others: list[str] = []
    while isinstance(value, Mapping) and len(wrappers) < 4 and (inner := _inside(value)):
        wrappers.append(inner[0])
        others += inner[1:]
        value = value[inner[0]]
    if not isinstance(value, Mapping):
        raise _refused(name, f"it holds a {type(value).__name__} and no table of tensors")
    tensors = {str(key): tensor for key, tensor in value.items() if isinstance(tensor, Tensor)}
    if not tensors:
        keys = ", ".join(str(key) for key in list(value)[:6])
        arrays = any(is_array(one) for one in value.values())
        kind = ", as arrays of NumPy's: store them as tensors" if arrays else ""
        raise _refused(name, f"it holds no tensors (but {keys or 'nothing'}{kind})")
    return Content(tensors, tuple(wrappers), tuple(others))


def _inside(value: Mapping[Any, Any]) -> list[str]:
    """Keys under which there are weights in a table, the one to take first; none where the weights lie in it itself."""
    tables = {key: one for key, one in value.items() if isinstance(one, Mapping) and _count(one)}
    if known := [key for key in WRAPPERS if key in tables]:
        return known
    if any(isinstance(one, Tensor) and one.dim() for one in value.values()):
        return []
    rest = [key for key in tables if isinstance(key, str) and not _NO_WEIGHTS.search(key)]
    return sorted(rest, key=lambda key: -_count(tables[key]))


def _count(value: Any, depth: int = 4) -> int:
    """How many tensors of more than a number there are in a table and those inside it."""
    if isinstance(value, Tensor):
        return int(value.dim() > 0)
    if not isinstance(value, Mapping) or not depth:
        return 0
    return sum(_count(one, depth - 1) for one in value.values())


def _refused(name: str, why: str) -> ExplorerError:
    return ExplorerError(f"The checkpoint {name!r} cannot be used: {why}.")


def _first(error: Exception) -> str:
    """The first line of what an error says, short."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")


def _refusal_by_beginning(start: bytes) -> str:
    """Why a file that begins so holds no weights; empty where it may.

    Names lie, and what a download brought is often something else.
    """
    for begins, why in _BEGINNINGS:
        if start.startswith(begins):
            return why
    if start.lstrip()[:1] == b"<":
        return "it is a web page: the download brought a page instead of the file. Download it again by its direct link"
    if start.strip() and not _CONTROLS & {*start} and start.isascii():
        return "it is a text file, and nothing that torch.save wrote"
    return ""


def _is_safetensors(start: bytes, size: int) -> bool:
    """Whether a file of `size` bytes begins as safetensors does: the length of its header, and the header."""
    return start[8:9] == b"{" and 0 < int.from_bytes(start[:8], "little") <= size - 8
