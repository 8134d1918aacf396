"""The table of contents: every page with its title and its place in the menu, and as Streamlit takes it.

That is made once: making one asks the disk a dozen times, and each rerun needs all.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.bundle import PAGES

CONTENTS: dict[str, list[tuple[Any, ...]]] = {
    "Start": [("home", "Home", "home")],
    "Choose": [
        ("bring", "Bring pictures", "upload"),
        ("data", "Data", "dataset"),
        ("freezing", "What to freeze", "mode_cool"),
        ("training", "Train", "local_fire_department"),
        ("experiments", "Experiments", "science"),
        ("race", "Experiments", "flag", True),
    ],
    "Look": [
        ("images", "Which images", "photo_library"),
        ("features", "Features", "grid_view"),
        ("projection", "One shared map", "scatter_plot"),
        ("attribution", "Where it looks", "visibility"),
        ("similarity", "How far it moved", "compare_arrows"),
    ],
    "Learn": [
        ("lessons", "Lesson", "school"),
        ("concepts", "Concept map", "account_tree"),
        ("glossary", "Glossary", "menu_book"),
        ("findings", "What we found", "fact_check"),
    ],
    "Keep": [("runs", "Runs", "folder_open"), ("predict", "Predict", "batch_prediction")],
    "Present": [("class", "Class", "groups", True)],
}
"""Group of the menu → its pages: name, title, icon, and whether the menu hides it. Those of *Look* show two runs, A and B."""


def title_of(name: str) -> str:
    """What the menu calls a page."""
    return next(title for rows in CONTENTS.values() for page, title, *_ in rows if page == name)


def page(name: str, title: str, icon: str, hidden: bool = False) -> st.Page:
    """The menu's entry for pages/<name>.py; its address is its name, and home's is the root. A hidden one is an old address."""
    home = name == "home"
    path = "start" if home else name
    return copy.copy(_made(PAGES / f"{name}.py", title, f":material/{icon}:", path, home, hidden))


def another_address(name: str, title: str, path: str) -> st.Page:
    """A page of the menu at a second address."""
    return copy.copy(_made(PAGES / f"{name}.py", title, "", path, False, True))


@cache
def _made(file: Path, title: str, icon: str, path: str, default: bool, hidden: bool) -> st.Page:
    seen = "hidden" if hidden else "visible"
    return st.Page(file, title=title, icon=icon or None, url_path=path, default=default, visibility=seen)
