"""How a run's features move: the test features of its last stage after some epochs, for the map of epochs.

No score waits for them, so they are computed beside the next epoch where a core is free for that.
"""

from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np

from explorer.models.abreast import aside, at_once
from explorer.models.network import Network
from explorer.training.compute.session import Session, pooled_tail
from explorer.training.cost import SNAPSHOTS

LARGE = 2**28  # bytes that learn: a copy of more is not worth the wait


def follow(session: Session, epoch: int, copy: Network | None = None, after: Future[Any] | None = None) -> None:
    """Keep the features of this epoch, as the network (or a copy of it that stays so, once `after` has used that) is now, where
    they are wanted and not there."""
    settle(session)
    if not session.followed or not session.recipe.tuned or epoch in session.history:
        return
    if epoch not in _kept_epochs(session.recipe.epochs):
        return
    last, network, device = session.recipe.row.stage_names[-1], session.network, session.place.device
    if last in (still := session.front["test"].pooled):
        session.history[epoch] = halved(still[last])
        return
    if copy is None and (at_once(device) == 1 or learning_bytes(network) > LARGE):
        session.history[epoch] = _features(session, network)
        return
    session.following = epoch, aside(partial(_features, session, copy or copy_of(network), after))


def learning_bytes(network: Network) -> int:
    """The bytes of the parameters that learn."""
    return sum(p.nbytes for p in network.model.parameters() if p.requires_grad)


def copy_of(network: Network) -> Network:
    """A copy that stays as the network is now while that learns: frozen parameters are shared."""
    return network.copy(sharing=(p for p in network.model.parameters() if not p.requires_grad))


def settle(session: Session) -> None:
    """Wait for the features that are still being computed: before weights that were frozen learn, and at the end."""
    if session.following:
        epoch, features = session.following
        session.history[epoch], session.following = features.result(), None


def _features(session: Session, network: Network, after: Future[Any] | None = None) -> np.ndarray:
    """Pooled test features (n, c) of the last stage, which is behind the front, once `after` is done with the network."""
    if after:
        after.exception()  # waits; whoever asks for its result is told
    last = session.recipe.row.stage_names[-1]
    return halved(pooled_tail(session, only=last, of=network)[last])


def halved(features: np.ndarray) -> np.ndarray:
    """As float16; what a rate that is far too large has blown up beyond its range stands at the range's end, not at inf."""
    most = np.finfo(np.float16).max
    return np.clip(features, -most, most).astype(np.float16)


def _kept_epochs(epochs: int) -> set[int]:
    return {int(e) for e in np.linspace(1, epochs, min(epochs, SNAPSHOTS)).round()}
