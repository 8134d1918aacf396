"""Whose is what, where many visitors share one server: the one gate through which runs, sets and pictures are reached.

In local use, on the command line and in the worker everything is open. On a shared server each visitor has a *workspace*, known
by a random name that their browser keeps. What a workspace owns is an empty file, `workspaces/MARK/KIND/NAME`; what is published
to all lies in the same way under `workspaces/published`. What nobody owns (made on the command line, or before the server was
shared) is the presenter's.
"""

from explorer.workspaces.gate import (
    OWNED,
    acting,
    changes,
    everything,
    give_up,
    install,
    keep_latest,
    own_words,
    owners,
    publish,
    published,
    require_presenter,
    sees,
    take,
    viewer,
    visible,
    withdraw,
)
from explorer.workspaces.places import PUBLISHED, every, folder, mark_of, new_name, note, note_visit, owned, shared
from explorer.workspaces.presenter import appoint, is_presenter, seal, token
from explorer.workspaces.refusing import refused

__all__ = [
    "OWNED",
    "PUBLISHED",
    "acting",
    "appoint",
    "changes",
    "every",
    "everything",
    "folder",
    "give_up",
    "install",
    "is_presenter",
    "keep_latest",
    "mark_of",
    "new_name",
    "note",
    "note_visit",
    "owned",
    "owners",
    "publish",
    "published",
    "refused",
    "require_presenter",
    "own_words",
    "seal",
    "sees",
    "shared",
    "take",
    "token",
    "viewer",
    "visible",
    "withdraw",
]
