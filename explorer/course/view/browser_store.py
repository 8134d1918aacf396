"""Progress in the visitor's own browser (localStorage): read once a tab, written whenever it changes, never sent anywhere else.

Tabs of one browser share it, on a shared server those of one workspace. Each *Start over* and each *Undo* begins a new round; the
higher round wins, and within one round all that any tab knows is added up, so that a tab that was left open does not bring back
what was forgotten.
"""

import secrets
from functools import partial
from typing import Any

import streamlit as st

from explorer import workspaces
from explorer.app.components import component
from explorer.course import progress
from explorer.course.progress import Progress

KEY = "thaw_progress"
MOST_ROUNDS = 1_000_000
_JS = """
const said = new Set();
function read(place) {
  try {
    const found = JSON.parse(localStorage.getItem(place) ?? "{}") ?? {};
    return { words: String(found.words ?? ""), round: Number.isInteger(found.round) ? found.round : 0 };
  } catch (error) {
    return error instanceof SyntaxError ? { words: "", round: 0 } : null;  // null: this browser keeps nothing
  }
}
function write(place, words, round) {
  try {
    localStorage.setItem(place, JSON.stringify({ words, round }));
    return true;
  } catch {
    return false;
  }
}
const union = (a, b) => [...new Set(`${a}.${b}`.split(".").filter(Boolean))].sort().join(".");
export default function ({ data, setTriggerValue }) {
  const place = data.place;
  const tell = (found) => {  // each answer once a session, so that words that Thaw no longer knows start no circle
    const words = JSON.stringify([data.session, data.words, data.round, found]);
    if (!said.has(words)) {
      said.add(words);
      setTriggerValue("found", found);
    }
  };
  const meet = () => {
    const stored = read(place);
    if (!stored) return tell({ blocked: true });
    if (stored.round > data.round) return tell(stored);
    const words = stored.round === data.round ? union(stored.words, data.words) : data.words;
    const changes = words !== stored.words || stored.round !== data.round;
    if (changes && !write(place, words, data.round)) return tell({ blocked: true });
    if (words !== union(data.words, "")) tell({ words, round: data.round });
  };
  const changed = (event) => { if (event.key === place) meet(); };  // another tab wrote
  window.addEventListener("storage", changed);
  meet();
  return () => window.removeEventListener("storage", changed);
}
"""

_store = component(KEY, js=_JS)


def show_store(learned: Progress, when: str) -> None:
    """Hand what is learned to the browser, `when` of a page's drawing (once each); what it knows besides
    redraws the fragment that this stands in."""
    tab = st.session_state.setdefault("progress_tab", secrets.token_hex(4))
    data = {"words": progress.to_address(learned), "round": round_now(), "session": tab, "place": _place()}
    key = f"{KEY}_{when}"
    _store(key=key, data=data, on_found_change=partial(_take, key))


def _place() -> str:
    """Under which name the browser keeps it: that of the workspace on a shared server, since two people who use one browser, each
    by the link to their workspace, do not learn for each other."""
    me = workspaces.viewer()
    return f"thaw-progress-{me[:8]}" if me else "thaw-progress"


def round_now() -> int:
    """How many times this browser has started over, as far as this tab knows."""
    return int(st.session_state.get("progress_round", 0))


def next_round() -> None:
    """What stands here from now on replaces what the browser holds."""
    st.session_state["progress_round"] = round_now() + 1


def keeps() -> bool:
    """Whether the browser keeps progress; some refuse in private windows."""
    return not st.session_state.get("progress_blocked", False)


def _take(key: str) -> None:
    if (state := st.session_state.get(key)) is not None:  # gone where the page was turned meanwhile
        take(state.get("found"))


def take(found: Any) -> None:
    """What the browser says it holds: added to this round's, or in place of an earlier round's. Anything else is ignored."""
    if not isinstance(found, dict):
        return
    st.session_state["progress_blocked"] = bool(found.get("blocked"))
    words, turn = found.get("words"), found.get("round")
    if not isinstance(words, str) or type(turn) is not int or not round_now() <= turn <= MOST_ROUNDS:
        return
    learned, _ = progress.from_address(words)
    if turn == round_now():
        learned |= st.session_state.get("progress", Progress())
    st.session_state["progress"], st.session_state["progress_round"] = learned, turn
