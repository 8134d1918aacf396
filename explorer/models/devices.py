"""Where a run is computed and how precisely: device, number format, memory layout, threads."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from explorer import machine
from explorer.catalogue import Backbone, Preprocessing
from explorer.errors import ExplorerError
from explorer.models.compiler import AdamW
from explorer.models.network import Network


@dataclass(frozen=True)
class Device:
    """A device, the number format in which convolutions and matrix products run there, and the order in which images and
    weights lie in its memory."""

    device: torch.device
    bfloat16: bool
    layout: torch.memory_format = torch.channels_last

    def autocast(self, cached: bool = True) -> Any:
        """The context in which the network runs; `cached` keeps weights in bfloat16 until it ends, which a capture cannot."""
        return (
            torch.autocast(self.device.type, torch.bfloat16, cache_enabled=cached) if self.bfloat16 else nullcontext()
        )

    @property
    def precision(self) -> str:
        """`bfloat16` or `float32`, as shown."""
        return "bfloat16" if self.bfloat16 else "float32"

    @property
    def captures(self) -> bool:
        """Whether steps of learning are captured there, to be launched as one (`explorer.training.compute.captured`)."""
        return self.device.type == "cuda"

    @property
    def hardware(self) -> str:
        """What may change the last bits of a result: the processor and its threads, or the GPU and its libraries."""
        if self.device.type == "cuda":
            name, libraries = torch.cuda.get_device_name(self.device), torch.backends.cudnn.version()
            return f"{name}, CUDA {torch.version.cuda}, cuDNN {libraries}"
        return f"{self.device.type}, {torch.cpu.get_capabilities()}, {torch.get_num_threads()} threads"

    def resident(self, tensor: Tensor) -> Tensor:
        """The tensor on the GPU where it takes less than half of the memory that is free there; else as it is."""
        if self.device.type != "cuda" or tensor.nbytes * 2 >= torch.cuda.mem_get_info(self.device)[0]:
            return tensor
        return tensor.to(self.device)

    def send(self, tensor: Tensor) -> Tensor:
        """The tensor on the device; from main memory to a GPU through pinned memory, so that nobody waits for it."""
        if self.device.type == "cuda" and tensor.device.type == "cpu":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)

    def gather(self, tensor: Tensor, rows: Tensor) -> Tensor:
        """tensor[rows], sent to the device."""
        return self.send(self.pick(tensor, rows))

    def images(self, pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
        """`to_input` of pixels, on the device and as images lie there."""
        return to_input(self.send(pixels), preprocessing, self.device).contiguous(memory_format=self.layout)

    def pick(self, tensor: Tensor, rows: Tensor) -> Tensor:
        """tensor[rows], where the tensor is; the rows go there, so that nobody waits for the device."""
        rows = rows if rows.device == tensor.device else self.send(rows)
        return (
            tensor.index_select(0, rows) if tensor.dim() <= 2 else tensor[rows]
        )  # the first takes half the time, where it may


def laid_out(network: Network, place: Device) -> Network:
    """The network on the device, its tensors in the order that training uses there."""
    return network.to(place.device, memory_format=place.layout)  # pyright: ignore[reportCallIssue]  (torch takes it)


def choose(row: Backbone, device: str) -> Device:
    """The fastest device for this backbone: CUDA or MPS where there is one (`auto`), else the CPU.

    On CPUs bfloat16 is used only where the processor multiplies it in hardware and the architecture gains from it: for
    ResNets it is three times faster with AMX and 1.7 times with AVX-512 alone (an EPYC, ResNet-18 and ResNet-10), for
    depthwise convolutions (MobileNet, EfficientNet) a loss in training. On GPUs it is used where they have it themselves.
    On a GPU cuDNN is held to algorithms that repeat their results to the last bit, in the whole process, and the row says how
    tensors lie there; elsewhere they lie channels-last.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ExplorerError("The device 'cuda' was asked for, but there is no usable GPU here. Use 'auto' or 'cpu'.")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ExplorerError("The device 'mps' was asked for, but this is no Apple GPU. Use 'auto' or 'cpu'.")
    if device == "cuda":
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        layout = torch.channels_last if row.channels_last else torch.contiguous_format
        return Device(torch.device(device), torch.cuda.is_bf16_supported(including_emulation=False), layout)
    return Device(torch.device(device), device == "cpu" and row.bfloat16 and _multiplies_bfloat16())


def _multiplies_bfloat16() -> bool:
    """Whether this processor has AMX or AVX-512's bfloat16 (torch has no public question for them)."""
    wanted = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # absent in other builds of torch
    return any(ask() for name in wanted if (ask := getattr(torch.cpu, name, None)))


def set_threads() -> int:
    """Use as many threads as `machine.threads` says; returns the number."""
    torch.set_num_threads(machine.threads())
    return torch.get_num_threads()


def warm_up() -> None:
    """Learn from two tiny images: torch sets up its threads and kernels at first use."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 2))
    network(torch.zeros(2, 3, 8, 8)).sum().backward()
    AdamW(network.parameters(), fused=True).step()


def accelerator_used() -> bool:
    """Whether this process may hold memory of an accelerator until it ends."""
    return torch.cuda.is_initialized() or torch.backends.mps.is_available()


def to_input(pixels: Tensor, preprocessing: Preprocessing, device: torch.device) -> Tensor:
    """(n, h, w, 3) uint8 → (n, 3, h, w) float32 on the device, normalised, channels-last in memory."""
    x = pixels.to(device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
    mean, std = (_colours(values, device) for values in (preprocessing.mean, preprocessing.std))
    return x.sub_(mean).div_(std)


@cache
@torch.inference_mode(False)
def _colours(values: tuple[float, float, float], device: torch.device) -> Tensor:
    """(3, 1, 1), made once: sending three numbers to a GPU waits until all is done there."""
    return torch.tensor(values, device=device).view(3, 1, 1)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers from `seed` inside, as they were outside."""
    with torch.random.fork_rng():
        if torch.accelerator.is_available():
            torch.manual_seed(seed)
        else:  # the same, without a note for each kind of device that may still come (0.13 ms, a tenth of a probe's step)
            torch.default_generator.manual_seed(seed)
        yield
