"""Take a backbone's weights from a checkpoint and keep them, or say in full why they cannot be used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from explorer import workspaces
from explorer.catalogue import Backbone, own
from explorer.catalogue.backbones import backbone
from explorer.errors import ExplorerError
from explorer.home import write_aside
from explorer.models.backbones import blank
from explorer.models.checkpoints import fitting
from explorer.models.checkpoints.fitting import Fit
from explorer.models.checkpoints.reading import Content, read
from explorer.models.network import Network

_OF_TIMM = ("conv_stem.", "patch_embed.proj.", "stem.conv")
_OF_TRANSFORMERS = ("embedder.", "embeddings.", ".attention.attention.")


@dataclass(frozen=True)
class KeptCheckpoint:
    """What was kept of a checkpoint: `weights` is what a recipe calls it, `source` the name of the file; what the file
    held, how it fitted, the number of weights taken, and whether BatchNorm's counters were missing, which nothing needs."""

    weights: str
    source: str
    content: Content
    fit: Fit
    parameters: int
    counters: bool


def bring(name: str, file: Path, source: str = "") -> KeptCheckpoint:
    """Read a checkpoint for the backbone `name`, keep what is the backbone's, and report. `source` is the file's name where
    it came from.

    Raises ExplorerError for a file that cannot be read, is of another network, or holds numbers that are none.
    """
    row, source = backbone(name), source or file.name
    content = read(file, source)
    found = fitting.fit(row, content.tensors)
    if not found.whole:
        raise ExplorerError(_misfit(row, found, content, source))
    ours = fitting.expected(row)[0]
    state = {key: _plain(key, tensor, ours[key], source) for key, tensor in found.tensors.items()}
    if not any(tensor.any() for tensor in state.values() if tensor.dim() > 1):
        raise _unusable(
            source, "all its weights are 0, so it was saved before they were filled. Take another checkpoint"
        )
    parameters = sum(t.numel() for key, t in state.items() if t.is_floating_point() and "running_" not in key)
    counters = _fill_counters(row, state)
    weights = own.PREFIX + _fingerprint(row, state)
    _keep(row, weights, state, source)
    return KeptCheckpoint(weights, source, content, found, parameters, counters)


def _plain(name: str, tensor: Tensor, ours: Tensor, source: str) -> Tensor:
    """The tensor as float32 (or whole numbers as they are); ExplorerError for one that holds anything but finite numbers, or
    whole ones in place of others."""
    if tensor.is_complex() or tensor.is_quantized or tensor.is_sparse:
        raise _unusable(source, f"{name} is stored as {tensor.dtype}, {tensor.layout}. Save plain numbers")
    if tensor.is_meta:
        raise _unusable(
            source, f"{name} has a shape and no numbers: the model was saved while it was on the device 'meta'"
        )
    if ours.is_floating_point() and not tensor.is_floating_point():
        kind = str(tensor.dtype).removeprefix("torch.")
        raise _unusable(
            source, f"{name} is stored as {kind}, as quantised weights are. Save them before they are quantised"
        )
    plain = tensor.detach().float() if tensor.is_floating_point() else tensor.detach()
    wrong = int((~torch.isfinite(plain)).sum()) if plain.is_floating_point() else 0
    if wrong:
        raise _unusable(
            source,
            f"{wrong} of the {plain.numel()} numbers of {name} are NaN or infinite, so the training that wrote it had diverged. "
            f"Take an earlier checkpoint of it",
        )
    if name.endswith("running_var") and bool((plain < 0).any()):
        raise _unusable(source, f"{name} holds variances below 0, which no training leaves: the file is damaged")
    return plain.contiguous().clone()


def _unusable(source: str, why: str) -> ExplorerError:
    return ExplorerError(f"The checkpoint {source!r} cannot be used: {why}.")


def _fill_counters(row: Backbone, state: dict[str, Tensor]) -> bool:
    """Set BatchNorm's counters to 0 where they are missing; returns whether one was."""
    names = [name for name in fitting.expected(row)[0] if name not in state]
    state.update({name: torch.zeros((), dtype=torch.int64) for name in names})
    return bool(names)


def _fingerprint(row: Backbone, state: dict[str, Tensor]) -> str:
    """The fingerprint of the backbone with these weights, as runs note it."""
    network = Network(row, blank(row), 2, "random")
    network.model.load_state_dict(state, strict=False)
    return network.fingerprint()


def _keep(row: Backbone, weights: str, state: dict[str, Tensor], source: str) -> None:
    path = own.path(row.name, weights)
    try:
        own.folder().mkdir(parents=True, exist_ok=True)
        write_aside(path, lambda part: save_file(state, part))
        called = (
            "" if workspaces.shared() else source
        )  # there each visitor's workspace says what they call the same weights
        text = json.dumps({"source": called, "backbone": row.name})
        write_aside(own.note(row.name, weights), lambda part: part.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise workspaces.refused("The weights cannot be kept", own.folder(), error) from error


def _misfit(row: Backbone, found: Fit, content: Content, source: str) -> str:
    """Why a checkpoint is of another network, with examples, and of which one it is, where that is known."""
    total = len(fitting.expected(row)[0])
    parts = [f"The checkpoint {source!r} is not of {row.title}: {len(found.tensors)} of its {total} tensors fit"]
    if found.shapes:
        name, theirs, ours = found.shapes[0]
        more = f" (and {len(found.shapes) - 1} more)" if len(found.shapes) > 1 else ""
        parts.append(f"{found.prefix}{name} has the shape {_shape(theirs)} instead of {_shape(ours)}{more}")
        parts += _first_convolution(name, theirs, ours)
    if found.missing:
        parts.append(f"{len(found.missing)} are missing ({', '.join(found.missing[:3])})")
    if found.foreign and not found.missing:
        parts.append(
            f"{len(found.foreign)} more are there in its stages ({', '.join(found.foreign[:3])}): a larger network"
        )
    elif found.unexpected:
        parts.append(f"{len(found.unexpected)} others are there ({', '.join(found.unexpected[:3])})")
    return f"{'; '.join(parts)}. {_advice(row, content.tensors)}"


def _first_convolution(name: str, theirs: tuple[int, ...], ours: tuple[int, ...]) -> list[str]:
    """What another first convolution tells of the pictures that the network was made for."""
    if len(theirs) != 4 or len(ours) != 4 or ours[1] != 3:
        return []
    if name == "conv1.weight" and theirs[2:] == (3, 3) and ours[2:] == (7, 7):
        return ["a first convolution of 3 × 3 is that of a ResNet for pictures of 32 pixels (CIFAR), another network"]
    if theirs[1] != 3 and theirs[::2] == ours[::2]:
        return [f"it reads pictures of {theirs[1]} channel{'s' * (theirs[1] != 1)}, and Thaw gives three"]
    return []


def _advice(row: Backbone, tensors: Mapping[str, Tensor]) -> str:
    if other := fitting.better(row, tensors):
        return f"It fits {backbone(other).title}: choose that backbone."
    if row.library != "timm" and any(
        word in name for name in tensors for word in ("conv_stem.", "patch_embed.proj.", "stem.conv")
    ):
        return "Such names are timm's: choose the backbone by its name there, under *Another backbone* (--backbone timm:NAME)."
    if any(word in name for name in tensors for word in _OF_TRANSFORMERS):
        return (
            "Such names are those of Hugging Face's transformers, which Thaw does not read: load it there, and save the weights "
            "under the names of torchvision or timm."
        )
    return "Choose the backbone that it was made for."


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"
