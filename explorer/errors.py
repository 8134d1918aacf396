"""The one error that a visitor can correct."""

from collections.abc import Iterable


class ExplorerError(Exception):
    """What is wrong, the value got, the values allowed, and what to do.

    A page shows it in a box, the command line prints it and exits 2. Anything else that is raised is a fault of ours.
    """


def unknown(what: str, got: object, allowed: Iterable[str], do: str = "Choose one of these.") -> ExplorerError:
    """The error for a name that is in no table; names a near miss where there is one."""
    import difflib

    names = list(allowed)
    near = difflib.get_close_matches(str(got), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ExplorerError(f"Unknown {what} {got!r}.{hint} Allowed: {', '.join(names)}. {do}")


class Stopped(Exception):
    """Raised inside a task when it was cancelled."""
