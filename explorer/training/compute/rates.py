"""Judge a recipe's learning rates, and propose others where they lie outside of what a range test can tell.

After Smith 2015, "Cyclical learning rates for training neural networks", arXiv 1506.01186, section 3.3: raise the rate while
the network learns, and note where learning begins and where it slows, becomes ragged or is lost; between these two the rate may
lie. There the rate rises linearly over several epochs and accuracy is read; here by a constant factor from step to step, and the
loss is read. Frozen stages are not run again for it, so it takes seconds; where none comes first, up to `STEPS` training steps.
The loss of a small head may never run away, so its lowest point says nothing; what is read off here is the range of rates in
which the loss falls fast.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer.models import devices
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.training.compute import freezing, loop
from explorer.training.compute.loop import batches, class_weights
from explorer.training.compute.optimizing import adamw, set_rate
from explorer.training.compute.preparing import FEATURES_SHARE, open_phase, prepare, run_front
from explorer.training.compute.session import Session, in_portions
from explorer.training.question import RateCurve, RateSearch

STEPS = 60
HEAD, BACKBONE = (1e-5, 1.0), (1e-6, 0.1)  # first and last rate of each test
WIDTH = 3.0  # steps: standard deviation of the Gaussian that smooths a curve
FAST = 0.5  # of the steepest descent per decade: the range that falls fast
CLEAR = 0.05  # of the first loss: what falls less tells nothing
NEAR = 3.0  # times the upper end of that range: as far as half an order of magnitude above it, a rate is not called too large

Step = Callable[[Tensor, int, float], Tensor]
Inputs = Callable[[Tensor, int], Tensor]
"""From a batch, its number and a rate to the loss before it was learned from; from a batch and its number to features."""


def find(recipe: Recipe, report: ProgressCallback = silent) -> RateSearch:
    """The rates of the head and, where stages learn, of the last of them: the recipe's own or better ones, each with its curve.

    First the head learns alone while its rate rises; then, with the head at the rate proposed, all that learns does while
    the backbone's rate rises, and once more the head alone: the loss falls because the head learns, so what the backbone's
    rate does is the difference of the two. The network of the recipe's last phase is used, so that every stage takes part
    that will.
    """
    session = prepare(recipe, report, splits=("train",))
    _open_last_phase(session, report)
    start = {name: tensor.clone() for name, tensor in session.network.model.state_dict().items()}
    half, inputs = 0.6 if recipe.tuned else 0.98, _head_inputs(session)
    told = _telling(report, 0.3, half, "Raising the head's rate")
    swept = _sweep(session, HEAD, _head_step(session, inputs), told)
    head = judge("head", recipe.head_rate, *swept, probe=not recipe.tuned)
    backbone = None
    if recipe.tuned:
        session.network.model.load_state_dict(start)
        told = _telling(report, half, 0.65, "The head alone, for comparison")
        alone = _head_step(session, inputs)
        _, control = _sweep(session, BACKBONE, lambda batch, number, _: alone(batch, number, head.suggested), told)
        session.network.model.load_state_dict(start)
        told = _telling(report, 0.65, 0.98, "Raising the backbone's rate")
        tried = _sweep(session, BACKBONE, _step(session, head.suggested, told), told)
        backbone = judge("backbone", recipe.backbone_rate, *tried, control)
    session.captures.drop()
    return RateSearch(n=len(session.front["train"].labels), batch_size=recipe.batch_size, head=head, backbone=backbone)


def judge(
    part: str,
    own: float,
    rates: tuple[float, ...],
    losses: tuple[float, ...],
    control: tuple[float, ...] = (),
    probe: bool = False,
) -> RateCurve:
    """What a range test says of a rate: kept where the loss falls fast there, else the largest rate at which it does.

    The largest, because a run's rate falls from there to 0: what starts at the steepest descent learns too little in few steps.

    `losses` (nats, one a rate) are smoothed by a Gaussian over the steps around each, so that the curve does not lag behind
    its rate. What falls is the loss less that of `control`, the same steps without the part in question. Fast is at least
    half as steep, per decade, as at the steepest point. Where nothing falls clearly, the rate is kept as well, and so it is
    up to `NEAR` times above the range. Of a `probe`, of which the head alone learns, a larger rate is kept too where the
    loss has not risen again up to it: nothing in the test speaks against it, and a head forgives large rates
    (benchmarks/README.md, finder). The proposal has one digit: the method promises an order of magnitude.
    """
    first = max(losses[: STEPS // 4], default=0.0)
    away = len(losses) < STEPS
    smooth, alone = (_smooth(np.minimum(values, 1.5 * first)) for values in (losses, control[: len(losses)]))
    found = RateCurve(
        part=part, rates=rates, losses=tuple(smooth.tolist()), control=tuple(alone.tolist()), own=own, suggested=own,
        ran_away=away, falling=(), steepest=0.0,
    )  # fmt: skip
    if len(smooth) < STEPS // 4:
        return found
    falling = smooth - alone if len(alone) else smooth
    low = int(falling.argmin())
    if falling[: low + 1].max() - falling[low] < CLEAR * first:
        return found
    decades = np.log10(rates)
    slope = np.gradient(falling, decades)
    at = int(slope[: low + 1].argmin())
    slow = np.flatnonzero(slope > FAST * slope[at])
    begin, end = slow[slow < at].max(initial=-1) + 1, slow[slow > at].min(initial=len(slope)) - 1
    largest = one_digit(rates[end])
    kept = rates[begin] <= own <= max(NEAR * rates[end], rates[_flat(falling, low, CLEAR * first)] if probe else 0.0)
    return replace(found, suggested=own if kept else largest, falling=(rates[begin], rates[end]), steepest=rates[at])


def _flat(falling: np.ndarray, low: int, most: float) -> int:
    """The last place up to which, from the lowest on, a curve has risen by no more than `most`."""
    return low + int(np.flatnonzero(falling[low:] > falling[low] + most).min(initial=len(falling) - low)) - 1


def one_digit(rate: float) -> float:
    """A rate to one digit."""
    return float(f"{rate:.0e}")


def _smooth(values: np.ndarray) -> np.ndarray:
    """Each value the mean of its neighbours, weighted by a Gaussian of `WIDTH` steps; fewer neighbours at the ends."""
    places = np.arange(len(values))
    weights = np.exp(-0.5 * ((places[:, None] - places) / WIDTH) ** 2)
    return weights @ values / weights.sum(1) if len(values) else np.zeros(0)


def _telling(report: ProgressCallback, start: float, end: float, message: str) -> Callable[[int], None]:
    """Says how far a sweep is, step by step; what `report` raises stops it."""
    return lambda step: report(start + (end - start) * step / STEPS, message)


def _sweep(
    session: Session, ends: tuple[float, float], step: Step, told: Callable[[int], None]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Raise the rate from one end to the other until the loss has run away, above where it began; rates and losses."""
    recipe, labels = session.recipe, session.front["train"].labels
    freezing.set_modes(session.network, recipe, session.learns)
    order = torch.Generator().manual_seed(recipe.seed)
    tried, losses = [], []
    waiting: list[Tensor] = []
    with devices.seeded(recipe.seed):
        for number in range(STEPS):
            told(number)
            rate = ends[0] * (ends[1] / ends[0]) ** (number / (STEPS - 1))
            waiting = waiting or batches(torch.randperm(len(labels), generator=order), recipe.batch_size)
            value = step(waiting.pop(), number, rate).item()
            if not math.isfinite(value):
                break
            tried.append(rate)
            losses.append(value)
            early = losses[: STEPS // 4]  # the first steps of a new head jump
            if number >= STEPS // 4 + 3 and min(losses[-3:]) > max(early):
                break
    return tuple(tried), tuple(losses)


def _step(session: Session, head: float, told: Callable[[int], None]) -> Step:
    """All that learns takes a step of training: the head at its rate, the last stage at the one given, others decayed."""
    recipe = session.recipe
    session.optimizer = adamw(freezing.groups(session.network, recipe, session.learns), session.place)
    session.captures.drop()
    weight = class_weights(session)

    def step(batch: Tensor, number: int, rate: float) -> Tensor:
        for group in session.optimizer.param_groups:
            set_rate(group, head if group["name"] == "head" else rate * group["rate"] / recipe.backbone_rate)
        return loop.step(session, batch, number, weight, lambda fraction, message: told(number))

    return step


def _head_step(session: Session, inputs: Inputs) -> Step:
    """The head takes a step by itself, on what the rest of the network, which stays as it is, gives it."""
    recipe, network, labels = session.recipe, session.network, session.front["train"].labels
    groups = freezing.groups(network, recipe, session.learns)
    optimizer = adamw([group for group in groups if group["name"] == "head"], session.place)
    weight = class_weights(session)

    def step(batch: Tensor, number: int, rate: float) -> Tensor:
        set_rate(optimizer.param_groups[0], rate)
        logits = network.classify(inputs(batch, number))
        target = labels[batch.to(labels.device)].to(logits.device)
        loss = functional.cross_entropy(logits.float(), target, weight=weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _head_inputs(session: Session) -> Inputs:
    """A function from a batch and its number to what the head reads of it, (b, d).

    Where stages learn, an image goes through them once, when it is first asked for, in the modes of training (a new
    network's BatchNorm statistics fit nothing yet); where none does, each batch is a draw of its own.
    """
    front, network = session.front["train"], session.network
    known: dict[int, Tensor] = {}

    def inputs(batch: Tensor, number: int) -> Tensor:
        def read(size: int) -> Tensor:
            with torch.no_grad(), session.place.autocast():
                return torch.cat([front.features(network, x) for x in front.draws(batch, number, size)])

        if known and batch[0].item() in known:  # the batches of one pass hold every image, so then all of them are
            return torch.stack([known[i] for i in batch.tolist()])
        rows = in_portions(session, read, len(batch))
        if not front.probe:
            known.update(zip(batch.tolist(), rows, strict=True))
        return rows

    return inputs


def _open_last_phase(session: Session, report: ProgressCallback) -> None:
    """Unfreeze all that the recipe ever unfreezes, at once."""
    later = range(session.phase + 1, len(session.recipe.phases))
    for phase in later:
        open_phase(session, phase)
    if later:
        run_front(session, report, FEATURES_SHARE, 0.0)
