"""Whose is what, where many visitors share one server: the one gate through which runs, sets and pictures are reached.

In local use, on the command line and in the worker everything is open. On a shared server each visitor has a *workspace*, known
by a random name that their browser keeps. What a workspace owns is an empty file, `workspaces/MARK/KIND/NAME`; what is published
to all lies in the same way under `workspaces/published`. What nobody owns (made on the command line, or before the server was
shared) is the presenter's.
"""

from explorer.workspaces.gate import OWNED as OWNED
from explorer.workspaces.gate import acting as acting
from explorer.workspaces.gate import changes as changes
from explorer.workspaces.gate import everything as everything
from explorer.workspaces.gate import give_up as give_up
from explorer.workspaces.gate import install as install
from explorer.workspaces.gate import keep_latest as keep_latest
from explorer.workspaces.gate import own_words as own_words
from explorer.workspaces.gate import owners as owners
from explorer.workspaces.gate import publish as publish
from explorer.workspaces.gate import published as published
from explorer.workspaces.gate import require_presenter as require_presenter
from explorer.workspaces.gate import sees as sees
from explorer.workspaces.gate import take as take
from explorer.workspaces.gate import viewer as viewer
from explorer.workspaces.gate import visible as visible
from explorer.workspaces.gate import withdraw as withdraw
from explorer.workspaces.places import PUBLISHED as PUBLISHED
from explorer.workspaces.places import every as every
from explorer.workspaces.places import folder as folder
from explorer.workspaces.places import mark_of as mark_of
from explorer.workspaces.places import new_name as new_name
from explorer.workspaces.places import note as note
from explorer.workspaces.places import note_visit as note_visit
from explorer.workspaces.places import owned as owned
from explorer.workspaces.places import shared as shared
from explorer.workspaces.presenter import appoint as appoint
from explorer.workspaces.presenter import is_presenter as is_presenter
from explorer.workspaces.presenter import seal as seal
from explorer.workspaces.presenter import token as token
from explorer.workspaces.refusing import fetched as fetched
from explorer.workspaces.refusing import refused as refused
