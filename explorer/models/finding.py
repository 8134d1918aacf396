"""Look a backbone up by its name and keep its row, so that every page and command knows it."""

from explorer.catalogue import BACKBONES, Backbone, named
from explorer.models.deriving import Derived, derive


def find(name: str) -> Derived:
    """Derive the row and keep it. Raises ExplorerError for a name that there is not, or a network that does not fit."""
    found = derive(name)
    named.keep(found.row)
    return found


def ensure(name: str) -> Backbone | None:
    """The row of a name that is of a library, looked up where it is not known yet (or by a
    version that kept less of it); None for any other name."""
    if name in BACKBONES or not named.is_name(name):
        return None
    known = named.read(name)
    return known if known is not None and known.widths else find(name).row
