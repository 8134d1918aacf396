"""The address bar: each control that says `keep` is written into it, and read from it by whoever reloads or follows a link.

Which changes of the address are steps of the browser's history is decided in the browser, by browser.js. Streamlit's own
`bind="query-params"` names a control by its key and a value by its label, and drops what it does not know without a word
(tests/app/test_address.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from explorer.app.words import safe_md

T = TypeVar("T")


@dataclass(frozen=True)
class Written(Generic[T]):
    """How values of one kind stand in the address. `read` raises ValueError for a text that names none."""

    read: Callable[[str], T]
    write: Callable[[T], str]


def word(option: object) -> str:
    """An option as one word of an address: `Stage × stage` is `stage-stage`."""
    kept = "".join(c if c.isalnum() or c in "._" else " " for c in str(option).casefold())
    return "-".join(kept.split()) or "none"


def one_of(options: Iterable[T]) -> Written[T]:
    """One of a control's options, by its word; by its place where two have the same word."""
    listed = list(options)
    words = [word(option) for option in listed]
    if len(set(words)) < len(words):
        words = [str(i) for i in range(len(listed))]
    return Written(lambda text: listed[words.index(text)], lambda option: words[listed.index(option)])


def several_of(options: Sequence[T]) -> Written[list[T]]:
    """Some of the options, by their places, e.g. `0.7`: names from outside may hold anything."""

    def read(text: str) -> list[T]:
        return [options[_number(part, 0, len(options) - 1)] for part in text.split(".") if text]

    return Written(read, lambda chosen: ".".join(str(list(options).index(one)) for one in chosen))


def some_of(options: Sequence[str]) -> Written[list[str]]:
    """Some of the options, by their words, e.g. `digits.shapes`: where options come and go, a link holds on to what it named."""
    words = [word(option).replace(".", "-") for option in options]
    if len(set(words)) < len(words):
        return several_of(options)
    return Written(
        lambda text: [options[words.index(part)] for part in text.split(".") if part],
        lambda chosen: ".".join(words[options.index(one)] for one in chosen),
    )


def some_text(longest: int) -> Written[str]:
    """What somebody typed, as it is."""

    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueError(text)
        return text

    return Written(read, lambda text: text)


def switch() -> Written[bool]:
    """On or off: `1` or `0`."""
    return Written(lambda text: bool(_number(text, 0, 1)), lambda on: str(int(on)))


def number(low: int, high: int) -> Written[int]:
    """A whole number between two, both included."""
    return Written(lambda text: _number(text, low, high), str)


def share(low: float, high: float) -> Written[float]:
    """A number between two, in hundredths: `0.75` is `75`."""
    return Written(lambda text: _number(text, round(100 * low), round(100 * high)) / 100, lambda x: f"{100 * x:.0f}")


def _number(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise ValueError(text)
    return int(text)


def keep(name: str, key: str, default: T, written: Written[T]) -> T:
    """Keep the value of the widget `key` in the address, as `name`, and return it. Call it right before the widget, which then
    has no default of its own; `key` may be no widget's too.

    What an address from outside says comes first (a text that is no value gets a note, and the default), then what the
    visitor chose before, then the default, which the address leaves out.
    """
    kept, texts = _memory("address_values"), _memory("address_texts")
    value = st.session_state.get(key, kept.get(key, default))
    text, before = st.query_params.get(name, ""), texts.get(key)
    if text != (before or ""):
        if text:
            value = _read(name, text, written, default)
        elif not st.session_state.get("address_bare", True):  # e.g. the way back to where nothing was chosen
            value = default
    value = value if _fits(value, written) else default
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    kept[key] = value
    texts[key] = _say(name, "" if value == default else written.write(value), text)
    return value


def forget(key: str) -> None:
    """Drop what was kept under this key: the default counts again."""
    st.session_state.pop(key, None)
    _memory("address_values").pop(key, None)


def _memory(name: str) -> dict[str, Any]:
    return st.session_state.setdefault(name, {})


def _fits(value: T, written: Written[T]) -> bool:
    """Whether a value from before is still one: other runs have other classes and stages."""
    try:
        written.read(written.write(value))
    except (ValueError, TypeError):
        return False
    return True


def _read(name: str, text: str, written: Written[T], default: T) -> T:
    try:
        return written.read(text)
    except ValueError:
        note(name, text)
        return default


def _say(name: str, wanted: str, now: str) -> str:
    if wanted != now:
        if wanted:
            st.query_params[name] = wanted
        else:
            del st.query_params[name]
    return wanted


def note(name: str, text: str) -> None:
    """Say that the address asked for something that does not exist."""
    words = f"The address asked for {name} = {text[:64]!r}, which does not exist here. Showing the default."
    st.warning(safe_md(words), icon=":material/link_off:")


def opened(bare: bool) -> None:
    """Note how a page was opened: `bare` where its address says nothing, so that what the visitor chose there before counts."""
    st.session_state["address_bare"] = bare
