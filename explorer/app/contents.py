"""The pages of the menu as Streamlit takes them, made once: making one asks the disk a dozen times, and each rerun needs all."""

import copy
from functools import cache
from pathlib import Path

import streamlit as st

from explorer.bundle import PAGES


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
