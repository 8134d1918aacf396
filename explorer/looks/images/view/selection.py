"""A selection of test images, made in a map, a grid or a confusion matrix, and shown in all of them."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import streamlit as st

from explorer.app.visitor import choice, choose, too_long


def packed(images: Iterable[int]) -> str:
    """Image numbers as the address holds them: sorted, runs joined, e.g. `3.7-9`."""
    numbers = sorted(set(images))
    starts = [numbers[0], *(b for a, b in pairwise(numbers) if b > a + 1)] if numbers else []
    ends = [*(a for a, b in pairwise(numbers) if b > a + 1), numbers[-1]] if numbers else []
    return ".".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def unpacked(text: str, n: int) -> np.ndarray:
    """The numbers below `n` that `text` names, rising (m,); none for an empty text."""
    chosen = np.zeros(n, bool)
    for part in filter(None, text.split(".")):
        first, _, last = part.partition("-")
        chosen[int(first) : int(last or first) + 1] = True
    return np.flatnonzero(chosen)


def selected(n: int) -> np.ndarray:
    """The test images (of n) that the visitor selected, rising (m,); empty where nothing is selected."""
    return unpacked(choice().images, n)


def beyond(n: int) -> bool:
    """Whether the selection names an image that a test set of n does not hold, as a link or another data set may."""
    return any(int(part.rpartition("-")[2]) >= n for part in choice().images.split(".") if part)


def select(images: Iterable[int]) -> None:
    """Make these test images the selection on every page; none of them clears it."""
    text = packed(int(i) for i in images)
    choose(images=text)
    if too_long("images", text) and not st.session_state.get("selection_told"):
        st.session_state["selection_told"] = True
        st.toast(
            "This selection is too long for the address. It stays on every page of this visit, but a link does not "
            "include it.",
            icon=":material/link_off:",
        )
