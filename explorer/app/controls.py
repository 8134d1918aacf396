"""Controls whose value stands in the address, so that it survives a reload and goes along with a link."""

from collections.abc import Iterable
from typing import Any, TypeVar

import streamlit as st

from explorer.app.address import keep, number, one_of, share, switch

T = TypeVar("T")


def segments(label: str, options: Iterable[T], name: str, key: str, default: T | None = None, **more: Any) -> T:
    """One of a few options, side by side; `default` is the first. `name` is its name in the address."""
    listed = list(options)
    usual = listed[0] if default is None else default
    keep(name, key, usual, one_of(listed))
    shown: dict[str, Any] = {"wrap": True} | more  # on a phone none of them lies beyond the edge
    found = st.segmented_control(label, listed, required=True, key=key, persist_state="session", **shown)
    return usual if found is None else found


def menu(label: str, options: Iterable[T], name: str, key: str, **more: Any) -> T:
    """One of many options, by default the first."""
    listed = list(options)
    keep(name, key, listed[0], one_of(listed))
    return st.selectbox(label, listed, key=key, persist_state="session", **more)


def toggle(label: str, name: str, key: str, default: bool = False, **more: Any) -> bool:
    """On or off."""
    keep(name, key, default, switch())
    return st.toggle(label, key=key, persist_state="session", **more)


def whole_number(label: str, low: int, high: int, name: str, key: str, default: int, **more: Any) -> int:
    """A whole number between two."""
    keep(name, key, default, number(low, high))
    return int(st.number_input(label, low, high, key=key, persist_state="session", **more))


def strength(label: str, low: float, high: float, name: str, key: str, default: float, **more: Any) -> float:
    """A number between two, on a slider in steps of 0.05."""
    keep(name, key, default, share(low, high))
    return st.slider(label, low, high, step=0.05, key=key, persist_state="session", **more)
