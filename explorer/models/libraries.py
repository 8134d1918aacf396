"""Networks of torchvision and timm by their names: which there are, how one is built, with which weights it comes."""

import difflib
import importlib
import importlib.util
import inspect
import math
import typing
from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
from torch import nn
from torchvision import models

from explorer.catalogue import Weights
from explorer.catalogue.named import LIBRARIES
from explorer.errors import ExplorerError
from explorer.installation import extra

WITHOUT_AUX = "aux_logits=False, init_weights=False"
"""What a builder of torchvision with auxiliary heads is called with: these are read only by training from scratch."""
_HALVES = (0.5, 0.5, 0.5)
FILTERS = ("bilinear", "bicubic")


@dataclass(frozen=True)
class Shipped:
    """What a library says of a network: side of its inputs in pixels, sets of weights, mean and spread of the colours, and
    whether it takes tensors only with a version beside them."""

    size: int
    weights: tuple[Weights, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    versioned: bool = False


def lacking(library: str) -> str:
    """What has to be installed, as a sentence; empty where the library is there."""
    package = LIBRARIES[library]
    if importlib.util.find_spec(package) is not None:
        return ""
    return f"{package} is not installed here. Run: {extra(package)}"


def timm() -> Any:
    """The library, or an ExplorerError where it is not installed."""
    if why := lacking("timm"):
        raise ExplorerError(f"Backbones of timm cannot be used: {why}")
    return importlib.import_module("timm")


def names(library: str) -> tuple[str, ...]:
    """All networks of a library that are looked up by name, in alphabetical order; timm's with their pre-trained tags."""
    if library == "torchvision":
        return tuple(models.list_models(module=models))
    known = timm()
    return tuple(sorted({*known.list_models(), *known.list_pretrained()}))


def check(library: str, builder: str) -> None:
    """Raises ExplorerError for a name that the library lacks, or that is no image classifier."""
    if library == "timm" and timm().is_model(builder.partition(".")[0]):
        return
    if builder in names(library):
        return
    if library == "torchvision" and builder in models.list_models():
        raise ExplorerError(
            f"{builder} of torchvision is no plain image classifier (it detects, segments, reads films, or is quantised), so it "
            f"has no pooled features for a new head. Choose one of the {len(names(library))} classifiers: python -m explorer "
            f"backbones --search WORD"
        )
    near = ", ".join(difflib.get_close_matches(builder, names(library), n=3)) or "none is near"
    raise ExplorerError(
        f"{library} has no network {builder!r}. Allowed: its {len(names(library))} classifiers; names like it: {near}. Search "
        f"with: python -m explorer backbones --search WORD"
    )


def build(library: str, builder: str, arguments: str = "") -> nn.Module:
    """The network with random weights and its own head for 1000 classes, on torch's default device."""
    more = {part.partition("=")[0].strip(): part.endswith("True") for part in arguments.split(",") if part}

    def make() -> nn.Module:
        if library == "timm":
            return timm().create_model(builder, pretrained=False, num_classes=1000, **more)
        return _loads_plainly(models.get_model(builder, weights=None, **more))

    try:
        return make()
    except (
        NotImplementedError,
        RuntimeError,
    ):  # some work their widths out with tensors, which have no numbers on `meta`
        place = torch.get_default_device()
        if place.type != "meta":
            raise
        with torch.device("cpu"):
            return make().to(place)


def _loads_plainly(model: nn.Module) -> nn.Module:
    """The model, which takes tensors by name as any module does: MNASNet takes none without a version beside them, and there is
    none in safetensors, in a part of a network, or in what was copied by name."""
    if _versioned(type(model)):
        model._load_from_state_dict = MethodType(nn.Module._load_from_state_dict, model)
    return model


def _versioned(kind: type) -> bool:
    return issubclass(kind, nn.Module) and kind._load_from_state_dict is not nn.Module._load_from_state_dict


def _class(builder: str) -> type:
    """The class of what a builder of torchvision gives, as its signature says."""
    return typing.get_type_hints(models.get_model_builder(builder)).get("return", nn.Module)


def _takes(builder: str, argument: str) -> bool:
    return argument in inspect.signature(_class(builder)).parameters


def arguments(library: str, builder: str) -> str:
    """What the builder is called with besides, as Python; a transformer of timm that takes any size is held to one, since what
    it reads off the picture's shape would be handed on beside the tokens."""
    if library == "torchvision":
        return WITHOUT_AUX if _takes(builder, "aux_logits") else ""
    return "dynamic_img_size=False" if getattr(build(library, builder), "dynamic_img_size", False) else ""


def shipped(library: str, builder: str, model: nn.Module) -> Shipped:
    """What comes with a network: its weights with their own preprocessing."""
    return _of_timm(model) if library == "timm" else _of_torchvision(builder)


def _of_torchvision(builder: str) -> Shipped:
    cuts = {member: member.transforms() for member in models.get_model_weights(builder)}
    first = next((member for member in cuts if member.name == "IMAGENET1K_V1"), None)
    usual = cuts[first] if first else min(cuts.values(), key=lambda cut: cut.crop_size[0])
    size = usual.crop_size[0]
    rows = tuple(
        Weights(
            member.name,
            member.url.rpartition("/")[2],
            round(cuts[member].resize_size[0] * size / cuts[member].crop_size[0]),
            _filter(cuts[member].interpolation.value),
        )
        for member in cuts
        if member.meta["min_size"][0] <= size  # others are for a transformer built for larger inputs
    )
    halves = _takes(builder, "transform_input")  # it turns inputs into ones of mean and spread 0.5 inside
    mean, std = (_HALVES, _HALVES) if halves else (_three(usual.mean), _three(usual.std))
    return Shipped(size, rows, mean, std, _versioned(_class(builder)))


def _of_timm(model: nn.Module) -> Shipped:
    found = timm().data.resolve_model_data_config(model)
    known: dict[str, Any] = dict(getattr(model, "pretrained_cfg", {}))
    height, width = found["input_size"][1:]
    if height != width:
        raise ExplorerError(f"It takes inputs of {height} × {width} pixels; only square ones are looked at here.")
    tag = known.get("tag") or "pretrained"
    file = f"timm-{known.get('architecture', 'model')}.{tag}.safetensors"
    resize = math.floor(height / found["crop_pct"])
    row = Weights(tag, file, resize, _filter(found["interpolation"]))
    pretrained = any(known.get(key) for key in ("hf_hub_id", "url", "file"))
    return Shipped(height, (row,) if pretrained else (), _three(found["mean"]), _three(found["std"]))


def _filter(name: str) -> str:
    """The filter of a resize; what is neither is nearest to bicubic."""
    return name if name in FILTERS else "bicubic"


def _three(values: Any) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return a, b, c


def state(builder: str, weights: str) -> dict[str, Any]:
    """The tensors of a network of torchvision by name, downloaded where they are not here, without those that only training
    from scratch reads. Raises what torchvision does where it cannot get them."""
    found = models.get_model_weights(builder)[weights].get_state_dict(progress=True, check_hash=True)
    aux = _takes(builder, "aux_logits")
    return {name: tensor for name, tensor in found.items() if not (aux and name.lower().startswith("aux"))}


def state_of_timm(builder: str, weights: str) -> dict[str, Any]:
    """The same of a network of timm, where `weights` is its tag; the head is drawn again unless it has 1000 classes."""
    name = builder if weights == "pretrained" else f"{builder.partition('.')[0]}.{weights}"
    return timm().create_model(name, pretrained=True, num_classes=1000).state_dict()
