"""Where a run is computed and how precisely: device, number format, memory layout, threads."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
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
    """A device and the number format in which convolutions and matrix products run there."""

    device: torch.device
    bfloat16: bool

    def autocast(self) -> Any:
        """The context in which the network runs."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext()

    @property
    def precision(self) -> str:
        """`bfloat16` or `float32`, as shown."""
        return "bfloat16" if self.bfloat16 else "float32"

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
        return self.send(tensor[rows])


def laid_out(network: Network, place: Device) -> Network:
    """The network on the device, its tensors in the order that training uses there."""
    return network.to(place.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (torch takes it)


def choose(row: Backbone, device: str) -> Device:
    """The fastest device for this backbone: CUDA or MPS where there is one (`auto`), else the CPU.

    On CPUs bfloat16 is used only where the processor multiplies it in hardware and the architecture gains from it: for
    ResNets it is three times faster with AMX and 1.7 times with AVX-512 alone (an EPYC, ResNet-18 and ResNet-10), for
    depthwise convolutions (MobileNet, EfficientNet) a loss in training. On GPUs it is used where they have it themselves.
    On a GPU cuDNN is held to algorithms that repeat their results to the last bit, in the whole process.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ExplorerError("The device 'cuda' was asked for, but there is no usable GPU here. Use 'auto' or 'cpu'.")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ExplorerError("The device 'mps' was asked for, but this is no Apple GPU. Use 'auto' or 'cpu'.")
    if device == "cuda":
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        return Device(torch.device(device), torch.cuda.is_bf16_supported(including_emulation=False))
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
    mean = torch.tensor(preprocessing.mean, device=device).view(3, 1, 1)
    std = torch.tensor(preprocessing.std, device=device).view(3, 1, 1)
    return x.sub_(mean).div_(std)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers from `seed` inside, as they were outside."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
