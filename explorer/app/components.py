"""Streamlit's components v2, drawn in order: what a page says last is what stays on the screen.

While a component's module still loads, Streamlit 1.67 imports it once more for each change of the data and draws even those that
it has cancelled. Chromium ends imports of one address in any order, so the first data could stay for good. Here each change
of the data has a number, and a draw with a lower one than was drawn already does nothing.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.components import v2

_BEGINS = "export default function ("
_IN_ORDER = """
const drawnLast = new WeakMap();  // element → session and number of what it shows
export default function (given) {
  const [session, number] = given.data.drawn, last = drawnLast.get(given.parentElement);
  if (last && last[0] === session && last[1] > number) return;
  drawnLast.set(given.parentElement, given.data.drawn);
  return drawNow(given);
}
"""


def component(name: str, *, js: str, html: str = "", css: str = "") -> Callable[..., None]:
    """What mounts the component of this name: `mount(key=…, data=…, on_…_change=…)`. `data` is a dict, or nothing."""
    if js.count(_BEGINS) != 1:
        raise ValueError(f"{name}: the script must hold “{_BEGINS}” once")
    script = js.replace(_BEGINS, "function drawNow(") + _IN_ORDER
    shown = v2.component(name, html=html or None, css=css or None, js=script)

    def mount(*, key: str, data: Mapping[str, Any] | None = None, **heard: Any) -> None:
        shown(key=key, data={**(data or {}), "drawn": _number(key, data)}, **heard)

    return mount


def _number(key: str, data: Mapping[str, Any] | None) -> tuple[str, int]:
    """Which session says it, and how many times what stands under this key has changed in it."""
    session = st.session_state.setdefault("components_session", secrets.token_hex(4))
    told = st.session_state.setdefault("components_told", {})
    mark = hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8).hexdigest()
    before, number = told.get(key, ("", 0))
    if mark != before:
        number += 1
        told[key] = (mark, number)
    return session, number
