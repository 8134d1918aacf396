"""The gate: who is looking, and what they may see and change."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from explorer.errors import ExplorerError
from explorer.workspaces import places
from explorer.workspaces.places import PUBLISHED, has, latest, note, owned, shared, strike, words_of
from explorer.workspaces.presenter import is_presenter

OWNED = ("runs", "sets", "weights", "pictures", "batches", "incoming", "experiments")
"""Kinds of things that a workspace owns."""

_ALL = ""
_acting: ContextVar[str | None] = ContextVar("acting", default=None)
_asks: list[Callable[[], str]] = []


def install(ask: Callable[[], str]) -> None:
    """From now on `ask` says in this process whose workspace is looking; the server calls it once. Elsewhere nobody does: the
    command line and the worker see all."""
    _asks[:] = [ask]


def viewer() -> str | None:
    """The mark of the workspace that is looking; None for who sees all."""
    acting_as = _acting.get()
    if acting_as is not None:
        return acting_as or None
    return _asks[0]() if _asks and shared() else None


@contextmanager
def acting(mark: str) -> Iterator[None]:
    """Within this, that workspace is looking, whoever else is."""
    before = _acting.set(mark)
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def everything() -> Iterator[None]:
    """Within this everything is open: for sums over all visitors, of which no name and no picture is shown."""
    with acting(_ALL):
        yield


def sees(kind: str, name: str) -> bool:
    """Whether who is looking may see this."""
    me = viewer()
    return me is None or has(me, kind, name) or has(PUBLISHED, kind, name) or _left_to(me, kind, name)


def changes(kind: str, name: str) -> bool:
    """Whether who is looking may change this: it is theirs."""
    me = viewer()
    return me is None or has(me, kind, name) or _left_to(me, kind, name)


def _left_to(me: str, kind: str, name: str) -> bool:
    """Whether this is nobody's, and so the presenter's."""
    return is_presenter(me) and not owners(kind, name)


def visible(kind: str, names: Iterable[str]) -> list[str]:
    """Those of these names that who is looking may see, in the same order."""
    me = viewer()
    if me is None:
        return list(names)
    mine = {*owned(me, kind), *owned(PUBLISHED, kind)}
    if not is_presenter(me):
        return [name for name in names if name in mine]
    others = {name for mark in places.every() for name in owned(mark, kind)} - mine
    return [name for name in names if name not in others]


def owners(kind: str, name: str) -> list[str]:
    """The marks of the workspaces that own this; several for a set that several brought."""
    return [mark for mark in places.every() if has(mark, kind, name)]


def take(kind: str, name: str, mark: str | None = None, words: str = "") -> None:
    """From now on this is theirs who look (or of `mark`), in these `words`; where everything is open, nothing is noted."""
    me = viewer() if mark is None else mark
    if me:
        note(me, kind, name, words)


def own_words(kind: str, name: str) -> str:
    """What they call this who look, else who published it: two who brought the same do not read each other's words."""
    me = viewer()
    return "" if me is None else words_of(me, kind, name) or words_of(PUBLISHED, kind, name)


def give_up(kind: str, name: str) -> bool:
    """It is theirs who look no more; whether it is nobody's now, so that it may go from the disk."""
    me = viewer()
    if me is None:
        for mark in [*places.every(), PUBLISHED]:
            strike(mark, kind, name)
        return True
    if is_presenter(me) and changes(kind, name):
        strike(PUBLISHED, kind, name)
    strike(me, kind, name)
    return not owners(kind, name) and not has(PUBLISHED, kind, name)


def keep_latest(kind: str, most: float, weight: Callable[[str], float] = lambda name: 1) -> list[str]:
    """Of what they own who look, the latest stay that weigh at most `most` together, and the very latest whatever it weighs;
    returns the names of the others that are nobody's now. So what one visitor brings never costs another's its place."""
    me, total, gone = viewer(), 0.0, []
    for place, name in enumerate(latest(me, kind) if me else ()):
        total += weight(name)
        if place and total > most and give_up(kind, name):
            gone.append(name)
    return gone


def published(kind: str, name: str) -> bool:
    """Whether all may see it."""
    with suppress(ValueError):
        return has(PUBLISHED, kind, name)
    return False


def publish(kind: str, name: str) -> None:
    """All may see it from now on. Raises ExplorerError unless a presenter asks, who may see it themselves."""
    require_presenter()
    if not sees(kind, name):
        raise ExplorerError(f"There is no {name!r} among your {kind}, so it cannot be published.")
    note(PUBLISHED, kind, name, own_words(kind, name))


def withdraw(kind: str, name: str) -> None:
    """Take that back."""
    require_presenter()
    strike(PUBLISHED, kind, name)


def require_presenter() -> None:
    """Raises ExplorerError where who is looking is no presenter; the command line may do what a presenter may."""
    me = viewer()
    if me is not None and not is_presenter(me):
        raise ExplorerError(
            "Only the presenter may do this. Open the presenter's link, which the server printed at its start."
        )
