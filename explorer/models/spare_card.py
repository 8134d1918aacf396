"""Where the passes of looks are computed: on a GPU where it is twice as quick as the processor, and no training has it."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from explorer.models.lending import lend
from explorer.models.network import Network

T = TypeVar("T")

WINS = 2.0
"""How many times as quick as the processor the GPU has to be."""
IMAGES, ROUNDS = 8, 2  # of a race: images forward and back, as many as a look gives at once, and the passes that count
SHARE = 0.25  # of the GPU's memory that a question takes at most
Contest = tuple[str, int]  # a backbone and the side of its inputs in pixels
log = logging.getLogger("worker")


class SpareCard:
    """A GPU that looks may use while no training is under way, which `busy` tells; without a `device` they stay on the processor.

    Who is quicker is measured here, for a backbone and an input size, when nobody asks anything (`step`), and not before a look
    that would gain from it has been asked once. Everything is computed in float32 (no TF32), by kernels of cuDNN that repeat
    themselves.
    """

    def __init__(self, device: torch.device | None = None, busy: Callable[[], bool] = bool) -> None:
        self.device, self.busy = device, busy
        self.wins: dict[Contest, bool] = {}
        self._races: dict[Contest, Iterator[None]] = {}
        self._copies: dict[Network, Network] | None = None  # None between two questions
        self._free: bool | None = None

    def placed(self, network: Network, pixels: int, anew: bool = False) -> Network:
        """The network where a look of many passes over inputs of so many pixels a side is computed: itself, or a copy on the GPU
        that is there until the question is answered.

        A question's networks stay where its first one was placed, so that equal ones answer alike; asked `anew`, only as long as
        no training has come.
        """
        if self.device is None or self._copies is None:
            return network
        contest = network.row.name, pixels
        if contest not in self.wins:
            self._races.setdefault(contest, self._race(contest, network, self.device))
            return network
        if not self.wins[contest] or not self._spare(anew):
            return network
        if network not in self._copies:
            self._limit(SHARE)
            self._copies[network] = network.copy().to(self.device)
        return self._copies[network]

    def answering(self, work: Callable[[], T]) -> T:
        """What `work` gives, its networks placed; where the memory of the GPU does not hold it, computed again without."""
        if self.device is None:
            return work()
        try:
            with self._question():
                return work()
        except torch.OutOfMemoryError:
            log.info("a look did not fit into the memory of the GPU and is computed on the processor")
        self._limit(1.0)  # now that nothing holds what did not fit
        return work()

    def step(self) -> bool:
        """Carry a race on by one pass; whether there was one to carry on."""
        if not self._races or self.busy():
            return False
        contest, race = next(iter(self._races.items()))
        try:
            next(race)
        except StopIteration:
            del self._races[contest]
        except RuntimeError as error:  # no memory, a GPU that this torch was not built for, …
            log.info("%s is not looked at on the GPU: %s", contest[0], error)
            self.wins[contest] = False
            del self._races[contest]
        return True

    def _spare(self, anew: bool) -> bool:
        """Whether no training was under way when the question's first network was placed, and, asked anew, is now."""
        if self._free is None or (anew and self._free):
            self._free = not self.busy()
        return self._free

    @contextmanager
    def _question(self) -> Iterator[None]:
        self._copies, self._free = {}, None
        try:
            with _exact():
                yield
        finally:
            used, self._copies = bool(self._copies), None
            if used:
                self._limit(1.0)

    def _limit(self, share: float) -> None:
        """Take at most this share of the GPU's memory, and give back what nothing needs."""
        if self.device and self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction(share, self.device)

    def _race(self, contest: Contest, network: Network, device: torch.device) -> Iterator[None]:
        """Pass after pass, first here and then there; the quickest of each counts."""
        x, quickest = torch.zeros(IMAGES, 3, contest[1], contest[1]), list[float]()
        for place in (torch.device("cpu"), device):
            placed = network.copy().to(place)
            seconds = []
            for _ in range(1 + ROUNDS):  # the first also sets things up
                clock = time.perf_counter()
                _pass(placed, x)
                seconds.append(time.perf_counter() - clock)
                yield
            quickest.append(min(seconds[1:]))
        del placed
        self._limit(1.0)
        self.wins[contest] = quickest[0] >= WINS * quickest[1]
        log.info("%s at %d px, %d images: %.3f s on the processor, %.3f s on the GPU", *contest, IMAGES, *quickest)


def sent(network: Network, x: Tensor) -> Tensor:
    """Inputs (n, 3, h, w) where the network is: on a GPU in plain order, since channels-last kernels of depthwise networks are
    built at run time there. What is there already stays as it lies."""
    device = next(network.parameters()).device
    return x if x.device == device else x.to(device).contiguous()


def _pass(network: Network, x: Tensor) -> Tensor:
    """The gradient of all logits with respect to the inputs, back in main memory."""
    with _exact(), torch.inference_mode(False), torch.enable_grad(), lend(network) as lent:
        given = sent(lent, x).detach().requires_grad_()
        return torch.autograd.grad(lent(given).sum(), given)[0].cpu()


@contextmanager
def _exact() -> Iterator[None]:
    """Convolutions in float32, and the same ones each time."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


here = SpareCard()
"""That of this process: no device in trainings, on the command line, and where there is no GPU."""


def use(busy: Callable[[], bool]) -> None:
    """Let the looks of this process use the GPU, where there is one, while not `busy`."""
    global here
    here = SpareCard(torch.device("cuda") if torch.cuda.is_available() else None, busy)
