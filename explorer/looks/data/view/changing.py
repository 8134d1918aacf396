"""Marking pictures, and leaving out or moving what is marked: the set's edits, with undo."""

from collections.abc import Iterable, Sequence

import streamlit as st

from explorer import edits
from explorer.app.visitor import choice, choose
from explorer.app.words import plain, safe_md
from explorer.bundle import page_file
from explorer.edits import OUT, Change, Edits
from explorer.errors import ExplorerError

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
_MARKED = "data_marked"
_UNDONE = "data_undone"


def current(dataset: str, folder: str | None) -> Edits:
    """The edits of this set that the visitor works with; none where the chosen ones are of another set, or gone."""
    found = edits.known(choice().edits) if choice().edits else None
    return found if found is not None and found.of(dataset, folder) else Edits(dataset, folder or "")


def edits_in_use(dataset: str, folder: str | None) -> str:
    """The name of the edits that a run on this set would be made with, said in a line with the way out; empty without."""
    now = current(dataset, folder)
    if now.changes:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/edit: With your edits (`{now.name}`): {now}.", width="stretch")
            st.button("Without them", key="edits_off", on_click=_go, args=("", now.name))
    return now.name


def marked() -> set[str]:
    """The ids of the marked pictures."""
    return st.session_state.setdefault(_MARKED, set())


def mark(names: Iterable[str]) -> None:
    """Mark these pictures and no others."""
    st.session_state[_MARKED] = set(names)


def toggle(name: str) -> None:
    """Mark a picture, or unmark it."""
    mark(marked() ^ {name})


def edits_bar(now: Edits) -> None:
    """What is changed of the set, in words, with undo, redo, and the way to a run on it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if now.changes:
            st.markdown(
                f":material/edit: **Edited** (`{now.name}`): {now}. The files stay as they are.", width="stretch"
            )
        else:
            st.markdown(
                ":material/edit_off: The set as it is. Click pictures below to mark them, then leave them out or move them.",
                width="stretch",
            )
        st.button(
            "Undo", icon=":material/undo:", key="data_undo", disabled=not now.changes, on_click=_undo, args=(now,)
        )
        undone: list[str] = st.session_state.get(_UNDONE, [])
        st.button("Redo", icon=":material/redo:", key="data_redo", disabled=not undone, on_click=_redo)
        if now.changes:
            st.button("As it was", icon=":material/restart_alt:", key="data_reset", on_click=_go, args=("", now.name),
                      help="Without any edits. *Redo* brings them back.")  # fmt: skip
        st.page_link(page_file("training"), label="Train on it", icon=":material/local_fire_department:")


def toolbar(now: Edits, classes: Sequence[str], key: str) -> None:
    """What can be done with the marked pictures."""
    names = tuple(sorted(marked()))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_toolbar"):
        st.markdown(f"**{len(names)} marked**" if names else ":gray[None marked]", width="content")
        off = not names
        st.button("Leave out", icon=":material/block:", key=f"{key}_out", disabled=off,
                  on_click=_change, args=(now, names, None, OUT))  # fmt: skip
        with st.popover("Move to class", icon=":material/label:", disabled=off, key=f"{key}_classes"):
            st.selectbox("Class", classes, key=f"{key}_class", format_func=plain)
            st.button("Move", key=f"{key}_move_class", on_click=_to_class, args=(now, names, f"{key}_class"))
        with st.popover("Move to split", icon=":material/call_split:", disabled=off, key=f"{key}_splits"):
            st.selectbox("Split", list(SPLIT_NAMES), key=f"{key}_split", format_func=SPLIT_NAMES.__getitem__)
            st.button("Move", key=f"{key}_move_split", on_click=_to_split, args=(now, names, f"{key}_split"))
        st.button("Take back", icon=":material/settings_backup_restore:", key=f"{key}_back", disabled=off,
                  on_click=_change, args=(now, names, "", ""), help="The marked pictures as they are in the files.")  # fmt: skip
        st.button("Unmark", icon=":material/deselect:", key=f"{key}_none", disabled=off, on_click=mark, args=((),))


def apply_to(now: Edits, wanted: dict[str, str]) -> None:
    """Move each picture to a class of its own, as one change."""
    rows = dict(now.changes)
    for name, kind in wanted.items():
        rows[name] = Change(kind, rows.get(name, Change()).split)
    _keep(Edits(now.dataset, now.data_dir, rows, now.name))


def state_of(now: Edits, name: str, kind: str, split: str) -> str:
    """A picture's class and split as they are with the edits, or that it is left out; fit for the line under a thumbnail."""
    change = now.changes.get(name, Change())
    if change.split == OUT:
        return "left out"
    moved = "→ " if change.kind or change.split else ""
    return f"{moved}{plain(change.kind or kind, 20)} · {SPLIT_NAMES[change.split or split][:5]}"


def _to_class(now: Edits, names: tuple[str, ...], key: str) -> None:
    _change(now, names, st.session_state[key], None)


def _to_split(now: Edits, names: tuple[str, ...], key: str) -> None:
    _change(now, names, None, st.session_state[key])


def _change(now: Edits, names: tuple[str, ...], kind: str | None, split: str | None) -> None:
    _keep(now.changed(names, kind, split))


def _keep(new: Edits) -> None:
    try:
        name = edits.keep(new)
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")
        return
    st.session_state[_UNDONE] = []
    st.session_state.setdefault("data_history", {})[name] = new.before
    mark(())
    choose(edits=name)
    st.toast(f"{new}: now part of the edits. *Undo* takes it back.", icon=":material/check:")


def _undo(now: Edits) -> None:
    """Back to what these edits were made from: in this visit, else when they were kept first."""
    history: dict[str, str] = st.session_state.get("data_history", {})
    _go(history.get(now.name, now.before), now.name)


def _go(name: str, leaving: str) -> None:
    st.session_state[_UNDONE] = [*st.session_state.get(_UNDONE, []), leaving]
    choose(edits=name)


def _redo() -> None:
    undone: list[str] = st.session_state.get(_UNDONE, [])
    if undone:
        st.session_state[_UNDONE] = undone[:-1]
        choose(edits=undone[-1])


def places_of(names: Sequence[str]) -> list[int]:
    """Which of these pictures are marked, as places."""
    known = marked()
    return [i for i, name in enumerate(names) if name in known]
