"""What becomes of runs: a name, a note, a star; deleting, bringing back; the stored outputs of frozen stages."""

import time
from collections.abc import Sequence

import streamlit as st

from explorer import cache, runs, workspaces
from explorer.app.mine import mark, own_runs, presents
from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.jobs import expiry
from explorer.runs import Naming, Run, names

MOST = 3  # lines of *Undo* at a time


def name_run(run: Run, key: str = "run") -> None:
    """A star to set, and a form for the run's name and note. `key` tells two such of one page apart."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.button(
            "Starred" if run.named.starred else "Star",
            icon=":material/star:" if run.named.starred else ":material/star_border:",
            key=f"{key}_{run.id}_star",
            type="tertiary",
            on_click=_star,
            args=(run,),
        )
        form = f"{key}_{run.id}_names"
        popover = st.popover("Name and note", icon=":material/edit:", type="tertiary", key=f"{key}_{run.id}_naming")
        with popover, st.form(form, border=False):
            name, note = f"{key}_{run.id}_name", f"{key}_{run.id}_note"
            st.text_input(
                "Name",
                run.named.name,
                names.LONGEST,
                key=name,
                placeholder=names.generated(run.id),
                help="Left empty, the run goes by the name that it got by itself.",
            )
            st.text_area("Note", run.named.note, max_chars=names.LONGEST_NOTE, key=note)
            st.form_submit_button("Save", icon=":material/check:", on_click=_rename, args=(run, name, note))


def _star(run: Run) -> None:
    _keep(run, Naming(run.named.name, run.named.note, not run.named.starred))


def _rename(run: Run, name: str, note: str) -> None:
    _keep(run, Naming(st.session_state[name], st.session_state[note], run.named.starred))


def _keep(run: Run, wanted: Naming) -> None:
    try:
        names.keep(run.id, wanted)
    except ExplorerError as error:
        st.toast(safe_md(str(error)), icon=":material/error:")


def delete_button(chosen: Sequence[Run], disabled: bool) -> None:
    """Delete these runs: one at once, since *Undo* brings it back, several after a question."""
    asked = st.button(
        "Delete",
        icon=":material/delete:",
        key="runs_delete",
        disabled=disabled or any(not run.sample and not workspaces.changes("runs", run.id) for run in chosen),
        help="Sample runs ship with Thaw and stay, published ones too." if any(run.sample for run in chosen) else None,
    )
    if asked and len(chosen) == 1:
        _delete(chosen)
        st.rerun()
    if asked and len(chosen) > 1:
        st.dialog(f"Delete {len(chosen)} runs?", icon=":material/delete:")(_sure)(chosen)


def _sure(chosen: Sequence[Run]) -> None:
    st.markdown(f"{_names([run.name for run in chosen], 12)}.")
    st.caption(f"*Undo* brings them back for {runs.UNDO / 60:.0f} minutes.")
    with st.container(horizontal=True):
        sure = f"Delete {len(chosen)} runs"
        if st.button(
            sure, type="primary", icon=":material/delete:", key="runs_delete_sure", on_click=_delete, args=(chosen,)
        ):
            st.rerun()
        if st.button("Keep them", key="runs_delete_not"):
            st.rerun()


def _delete(chosen: Sequence[Run]) -> None:
    try:
        runs.delete(*(run.id for run in chosen))
    except ExplorerError as error:
        st.toast(safe_md(str(error)), icon=":material/error:")


def _names(found: Sequence[str], most: int) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(f"**{safe_md(name)}**" for name in found[:most]) + more


def deleted_runs() -> None:
    """What was deleted and can still be brought back, how long that lasts, and a button that does it: for whoever looks, since
    it is read off the folder of runs and no visitor's memory."""
    for i, together in enumerate(runs.deleted()[:MOST]):
        with st.container(horizontal=True, vertical_alignment="center"):
            called = _names([names.name(run) for run in together], 4)
            st.caption(
                f":material/delete: {len(together)} deleted ({called}). Undo works for {runs.UNDO / 60:.0f} minutes, or until "
                f"the disk is full; after that the space is freed."
            )
            key = f"runs_undo_{i}" if i else "runs_undo"
            st.button("Undo", icon=":material/undo:", key=key, on_click=_undo, args=(together,))


def _undo(together: Sequence[str]) -> None:
    for run in together:
        try:
            runs.restore(run)
        except ExplorerError as error:
            st.toast(safe_md(str(error)), icon=":material/error:")


def kept_until() -> None:
    """On a shared server: how long a workspace is kept that nobody comes back to."""
    if workspaces.shared() and not presents() and own_runs():
        until = time.strftime("%d %B %Y", time.localtime(expiry.kept_until(mark())))
        st.caption(
            f":material/event: Your workspace is kept until **{until.lstrip('0')}** if you do not come back before; then it is "
            f"removed. *Take it away* beside a run keeps it for good."
        )


def kept_outputs() -> None:
    """How much disk the stored outputs of frozen stages take, and a button that clears them once it has said what that means."""
    entries, size = cache.size()
    if not entries or (workspaces.shared() and not presents()):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/inventory_2: Cached features of frozen stages: {size / 1e6:,.0f} MB in {entries} files, "
            f"at most {cache.limit() / 1e9:g} GB; least recently used files are removed first."
        )
        with st.popover("Clear cached features", icon=":material/delete_sweep:", key="runs_clearing"):
            st.markdown(
                f"This removes {size / 1e6:,.0f} MB of **cached features**, for everybody who uses this Thaw. All runs and "
                f"their results stay. The next run on the same images takes longer: it computes them again."
            )
            st.button(
                f"Clear {size / 1e6:,.0f} MB", icon=":material/delete_sweep:", key="runs_clear_cache", on_click=_clear
            )


def _clear() -> None:
    try:
        workspaces.require_presenter()
        cache.clear()
    except ExplorerError as error:
        st.toast(safe_md(str(error)), icon=":material/error:")
