"""Steps of learning captured once and replayed: on a GPU the hundreds of kernels of a step are then launched as one.

A small network's step is bound by its launches, not by the card. A CUDA graph holds what was launched with the addresses that
it was launched on, and no Python runs when it is replayed. So what changes from step to step lies in tensors that stay where
they are: images and labels are copied into them, weights, BatchNorm's statistics, the optimizer's moments and rates
(`optimizing`) are changed in place, and dropout goes on drawing from torch's generator of the device, which counts with a graph
as it does without. Whatever else a step depends on is part of its key: another batch size, fewer images at once, or a module in
another mode is another step. What is drawn or decoded on the processor stays outside.

The first steps of each kind are plain ones, on the stream of the capture, so that whatever is set up at first use is there;
they are steps of the run like all others, so nothing has to be undone. A capture computes nothing: the step is its first replay.
"""

import contextlib
import os
import random
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from explorer.models.devices import Device

Step = Callable[[Iterable[Tensor], Tensor], Tensor]
"""From the parts of a batch (their inputs) and its labels (b,) to the loss before the step was taken."""
Draw = Callable[[], Iterable[Tensor]]
Replay = Callable[[], Tensor]
T = TypeVar("T")

WARM_UP = 3
"""Steps of a kind before it is captured, as torch's notes on CUDA graphs have it."""
AHEAD = 8
"""Replays that may wait for the card at once, so that a stop is heard and inputs on their way take little memory."""


class Recorder(Protocol):
    """What captures on a device."""

    def aside(self, run: Replay) -> Tensor:
        """A plain step, set up as the capture will be."""
        ...

    def capture(self, run: Replay) -> Replay:
        """A function that does what `run` does and gives what it gave; nothing is computed now. Raises whatever hinders it."""
        ...

    def release(self) -> None:
        """Wait until nothing captured is in use any more."""
        ...


class Card:
    """Captures on an NVIDIA GPU. All captures share one pool of memory: none needs what another left there."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream, self.pool = device, torch.cuda.Stream(device), torch.cuda.graph_pool_handle()
        self.waiting: deque[torch.cuda.Event] = deque()

    def aside(self, run: Replay) -> Tensor:
        """A plain step on the stream of the captures; before and after it the streams wait for each other."""
        here = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(here)
        try:
            with torch.cuda.stream(self.stream):
                return run()
        finally:
            here.wait_stream(self.stream)

    def capture(self, run: Replay) -> Replay:
        """The launches of `run` as a CUDA graph, replayed on the stream that is current then."""
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
                result = run()
        except Exception:
            self._forget_dropout()
            raise

        def replay() -> Tensor:
            graph.replay()
            self._keep_pace()
            return result

        return replay

    def release(self) -> None:
        """Wait until the last replay has ended; what is captured next has another pool, since one that nobody uses is gone."""
        torch.cuda.synchronize(self.device)
        self.waiting.clear()
        self.pool = torch.cuda.graph_pool_handle()

    def _keep_pace(self) -> None:
        event = torch.cuda.Event(blocking=True)
        event.record()
        self.waiting.append(event)
        if len(self.waiting) > AHEAD:
            self.waiting.popleft().synchronize()

    def _forget_dropout(self) -> None:
        """A capture that broke off can leave the generator counting for it; a copy of its state counts for nobody."""
        with contextlib.suppress(RuntimeError):
            generator = torch.cuda.default_generators[torch.cuda.current_device()]
            generator.graphsafe_set_state(generator.clone_state())


def recorder(place: Device) -> Recorder | None:
    """What captures at this place; None where nothing is captured, or `THAW_GRAPHS` is 0."""
    return Card(place.device) if place.captures and os.environ.get("THAW_GRAPHS", "1") != "0" else None


@dataclass(frozen=True)
class Capture:
    """A captured step, with the tensors that it reads; `run` holds on to all else that it was captured with."""

    parts: tuple[Tensor, ...]
    labels: Tensor
    run: Replay
    replay: Replay

    def take(self, parts: Iterable[Tensor], labels: Tensor) -> Tensor:
        """The step with these inputs; its loss stands in one tensor, until the next."""
        for mine, part in zip(self.parts, parts, strict=True):
            mine.copy_(part)
        self.labels.copy_(labels)
        return self.replay()


class Captures:
    """The captured steps of a phase of a run; `fault` says why none is made any more, where that is so."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        self.recorder, self.fault = recorder, ""
        self._taken: Counter[Hashable] = Counter()
        self._kept: dict[Hashable, Capture] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def note(self) -> str:
        """What a run says where its steps are plain ones although they could be captured; empty otherwise."""
        why = f"Training steps could not be captured on the GPU ({self.fault})"
        return f"{why}: their kernels were launched one by one, which takes longer." if self.fault else ""

    def step(self, key: Hashable, step: Step, draw: Draw, labels: Tensor) -> Tensor:
        """Take a step: replayed where one of its key was captured, captured where enough were taken, else plain.

        `draw` gives the parts of the batch, the same whenever it is asked. Raises what a plain step raises.
        """
        if self.recorder is None or self.fault:
            return step(draw(), labels)
        if key not in self._kept:
            if self._taken[key] < WARM_UP:
                loss = self.recorder.aside(lambda: step(draw(), labels))
                self._taken[key] += 1
                return loss
            self._capture(self.recorder, key, step, draw, labels)
        return self._kept[key].take(draw(), labels) if key in self._kept else step(draw(), labels)

    def _capture(self, recorder: Recorder, key: Hashable, step: Step, draw: Draw, labels: Tensor) -> None:
        """Capture a step, or say why not. What it drew on the processor would be the same in every replay, so that is a fault."""
        drawn = random.getstate(), torch.get_rng_state()
        try:
            parts, held = tuple(part.clone() for part in draw()), labels.clone()

            def run() -> Tensor:
                return step(parts, held)

            made = Capture(parts, held, run, recorder.capture(run))
            if random.getstate() != drawn[0] or not torch.equal(torch.get_rng_state(), drawn[1]):
                raise RuntimeError("the network draws on the processor")
            self._kept[key] = made
        except Exception as error:  # torch raises many kinds, and the plain step needs none of it
            self.fault = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        finally:
            random.setstate(drawn[0])
            torch.set_rng_state(drawn[1])
        if self.fault:
            self._let_go()

    def making_room(self, work: Callable[[], T]) -> T:
        """What `work` gives. Where the memory does not hold it beside what was captured, that is given up for this phase."""
        try:
            return work()
        except torch.OutOfMemoryError:
            if not self._kept:
                raise
        self.fault = "its memory was needed"
        self._let_go()
        return work()

    def drop(self) -> None:
        """Let go of what was captured: other weights learn from now on, or none."""
        self._let_go()
        self._taken.clear()
        self.fault = ""

    def _let_go(self) -> None:
        if self.recorder:
            self.recorder.release()
        self._kept.clear()
