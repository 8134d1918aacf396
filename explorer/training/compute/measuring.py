"""A backbone stage by stage: what it is made of, and how fast this machine runs it."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer.models import devices
from explorer.models.backbones import Undrawn, build
from explorer.models.devices import Device
from explorer.models.network import NORMALISATIONS, Network
from explorer.training.question import Anatomy, Speed, StageAnatomy

BATCH_PIXELS = 16 * 96 * 96
"""Of the batch that is timed: sixteen images of 96 pixels a side, or two of 224."""
ROUNDS = 2
"""The quickest of so many passes counts."""
CLASSES = 2  # the head does not count


def anatomy(backbone: str, pixels: int) -> Anatomy:
    """What the stages of a backbone are made of. Everything is run on torch's meta device, which computes nothing."""
    with torch.device("meta"):
        with Undrawn():
            network = build(backbone, CLASSES, "random").train()
        x = torch.empty(2, 3, pixels, pixels)
    rows = []
    for stage in network.row.stage_names:
        x = x.detach().requires_grad_()
        kept = _Kept(network)
        with torch.autograd.graph.saved_tensors_hooks(kept.note, _as_it_is):
            x = network.stages[stage](x)
        rows.append(
            StageAnatomy(
                stage=stage,
                parameters=_parameters(network, stage),
                affine=_affine(network, stage),
                normalisation_layers=len(_normalisations(network, stage)),
                kept=kept.bytes // 2,
                output=tuple(x.shape[1:]),
            )
        )
    return Anatomy(backbone, tuple(rows))


def _parameters(network: Network, stage: str) -> int:
    names = set(network.names(stage))
    return sum(p.numel() for name, p in network.model.named_parameters() if name in names)


def _affine(network: Network, stage: str) -> int:
    """The scale and shift of its normalisation layers."""
    return sum(p.numel() for layer in _normalisations(network, stage) for p in layer.parameters(recurse=False))


def _normalisations(network: Network, stage: str) -> list[nn.Module]:
    return [module for module in network.modules_of(stage) if isinstance(module, NORMALISATIONS)]


class _Kept:
    """The tensors that autograd keeps for the backward pass, each once, and none of the network's own."""

    def __init__(self, network: Network) -> None:
        self.bytes = 0
        tensors = network.model.state_dict(keep_vars=True).values()
        self._seen = {tensor.untyped_storage()._cdata for tensor in tensors}
        self._held: list[Tensor] = []  # alive, so that no two of them share an address

    def note(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._seen:
            self._seen.add(storage._cdata)
            self._held.append(tensor)
            self.bytes += storage.nbytes()
        return tensor


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


def speed(backbone: str, pixels: int) -> Speed:
    """How fast this machine runs the stages of a backbone, on the device and in the precision that a run would take."""
    network = build(backbone, CLASSES, "random")
    place = devices.choose(network.row, "auto")
    network = devices.laid_out(network, place)
    images = max(1, BATCH_PIXELS // pixels**2)
    x = torch.rand(images, 3, pixels, pixels, device=place.device).contiguous(memory_format=place.layout)
    look, learn = [], []
    for stage in network.row.stage_names:
        module = network.stages[stage]
        looked, out = _timed(place, lambda module=module, x=x: _look(place, module, x))
        learned, _ = _timed(place, lambda module=module, x=x: _learn(place, module, x))
        look.append(looked / images)
        learn.append(learned / images)
        x = out
    stages = network.row.stage_names
    return Speed(
        device=place.device.type,
        precision=place.precision,
        stages=stages,
        look=tuple(look),
        learn=tuple(learn),
        parameters=tuple(_parameters(network, stage) for stage in stages),
        affine=tuple(_affine(network, stage) for stage in stages),
    )


def _look(place: Device, module: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad(), place.autocast():
        return module(x)


def _learn(place: Device, module: nn.Module, x: Tensor) -> Tensor:
    with place.autocast():
        found = module(x.detach().clone().requires_grad_())
    found.backward(torch.ones_like(found))
    module.zero_grad(set_to_none=True)
    return found


def _timed(place: Device, work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """The fewest seconds of `ROUNDS` times, and the result of the last. On a processor it is processor time over threads: what a
    pass takes where nobody else wants the cores."""
    found = work()  # the first pass also sets things up
    seconds = []
    for _ in range(ROUNDS):
        clock, worked = time.perf_counter(), time.process_time()
        found = work()
        if place.device.type == "cuda":
            torch.cuda.synchronize(place.device)
        on_cores = (time.process_time() - worked) / torch.get_num_threads()
        seconds.append(on_cores if place.device.type == "cpu" else time.perf_counter() - clock)
    return min(seconds), found
