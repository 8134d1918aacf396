"""The straight line between the weights of two networks, and what the networks on it say."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from torch import Tensor

from explorer.data.stream import Stream, logits
from explorer.models.bits import same
from explorer.models.network import Network
from explorer.progress import ProgressCallback, silent
from explorer.training.compute import batchnorm

ALPHAS = tuple(i / 10 for i in range(11))


def interpolated(a: Mapping[str, Tensor], b: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """(1 - alpha) · a + alpha · b, tensor by tensor, buffers too (Wortsman et al. 2022, WiSE-FT, arXiv 2109.01903).

    At 0 it is a, at 1 b, and a tensor that is the same in both stays so, all to the last bit. Counts are b's.
    """
    found = {}
    for name, x in a.items():
        y = b[name]
        if alpha == 1 or not x.is_floating_point():
            found[name] = y
        elif alpha == 0 or same(x, y):
            found[name] = x
        else:
            found[name] = ((1 - alpha) * x.double() + alpha * y.double()).to(x.dtype)
    return found


def common(a: Network, b: Network) -> str | None:
    """The last stage up to which the two are the same to the last bit; None where already the first differs."""
    return (None, *a.shared(b))[-1]


def behind(a: Network, b: Network) -> tuple[str, ...]:
    """The stages after those that the two have in common."""
    return a.row.stage_names[len(a.shared(b)) :]


def along(
    a: Network,
    b: Network,
    streams: Mapping[str, Stream],
    train: Stream | None = None,
    alphas: Sequence[float] = ALPHAS,
    report: ProgressCallback = silent,
) -> Iterator[dict[str, np.ndarray]]:
    """For each alpha, by the name of the stream, the logits (n, k) of the network mixed of `a` and `b`.

    What the two have in common is run once. With `train` (shuffled images) BatchNorm's statistics are re-estimated
    between the ends, as for any average of weights (Izmailov et al. 2018, arXiv 1803.05407, section 3.2), in the layers
    in which `a` and `b` differ in them; without, they are mixed like the weights. At 0 and 1 the network is one that was
    trained, and keeps those it has.
    Streams begin at the input; both networks stay as they are.
    """
    _advance(a, b, streams, train)
    work, ends = b.copy(), (a.model.state_dict(), b.model.state_dict())
    layers = batchnorm.moved(work, *ends, behind(a, b))
    for i, alpha in enumerate(alphas):
        report(i / len(alphas), f"α = {alpha:g}")
        work.model.load_state_dict(interpolated(*ends, alpha))
        if train is not None and 0 < alpha < 1:
            batchnorm.reestimate(work, train, layers)
        yield {name: logits(work, stream) for name, stream in streams.items()}


def reestimated(a: Network, b: Network, streams: Mapping[str, Stream], train: Stream) -> list[dict[str, np.ndarray]]:
    """The control of `along`: what `a` and `b` themselves say, (n, k) each by the name of the stream, with the
    statistics re-estimated for those between them; empty where there are none."""
    _advance(a, b, streams, train)
    work, ends, found = b.copy(), (a.model.state_dict(), b.model.state_dict()), []
    layers = batchnorm.moved(work, *ends, behind(a, b))
    for end in ends if layers else ():
        work.model.load_state_dict(end)
        batchnorm.reestimate(work, train, layers)
        found.append({name: logits(work, stream) for name, stream in streams.items()})
    return found


def _advance(a: Network, b: Network, streams: Mapping[str, Stream], train: Stream | None) -> None:
    """Send all streams through what the two networks have in common."""
    for stream in (*streams.values(), *([] if train is None else [train])):
        stream.advance(a, common(a, b))
