"""How far work has come, told while it runs: the type of the callback, and one that tells nobody."""

from collections.abc import Callable

ProgressCallback = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and a message that names what is being done."""

FractionCallback = Callable[[float], None]
"""Called with the fraction done alone, 0 to 1: for a part of the work, whose message its caller knows."""


def silent(fraction: float, message: str = "") -> None:
    """A callback of either type that tells nobody."""
