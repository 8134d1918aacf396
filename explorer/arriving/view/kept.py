"""The sets that are kept: use one, publish it, or delete it after a question."""

from collections.abc import Sequence

import streamlit as st

from explorer import own_sets, workspaces
from explorer.app.asking import all_runs
from explorer.app.labels import some_names
from explorer.app.mine import presents
from explorer.app.visitor import choose
from explorer.app.words import safe_md
from explorer.arriving import removing
from explorer.errors import ExplorerError
from explorer.runs import Run


def kept_sets() -> None:
    """The sets that are kept, each with a button that deletes it after a question."""
    found, known = own_sets.listing(), all_runs()
    st.header("Kept sets")
    if not found:
        st.caption("No set is kept yet. What you bring appears here, and in the menu of data sets.")
        return
    for kept in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{safe_md(kept.title)}** · {kept.images} pictures, {kept.classes} classes, {kept.bytes / 1e6:.1f} MB"
            )
            st.button(
                "Use it",
                key=f"use_{kept.name}",
                icon=":material/check:",
                on_click=lambda name=kept.name: choose(dataset=name),
            )
            out, theirs = workspaces.published("sets", kept.name), workspaces.changes("sets", kept.name)
            if not theirs:
                st.badge("published", icon=":material/campaign:")
            if presents():
                words = "Withdraw" if out else "Publish to all"
                st.button(
                    words,
                    key=f"publish_{kept.name}",
                    icon=":material/campaign:",
                    on_click=_publish,
                    args=(kept.name, not out),
                )
            if not theirs:
                continue
            with st.popover("Delete", icon=":material/delete:", key=f"ask_{kept.name}"):
                _ask_to_delete(kept, removing.users(kept.name, known))
    st.caption(
        "Only you see these sets, except for those that the presenter published."
        if workspaces.shared()
        else "Everybody who uses this Thaw sees these sets and can delete them."
    )


def _publish(name: str, wanted: bool) -> None:
    try:
        workspaces.publish("sets", name) if wanted else workspaces.withdraw("sets", name)
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")


def _ask_to_delete(kept: own_sets.OwnSet, used: Sequence[Run]) -> None:
    """What goes and what stays, who uses the set; and the button, which waits for a tick where somebody does."""
    st.markdown(
        f"**{kept.images} pictures**, their thumbnails, stored features and answers go **for good**; there is no undo."
        + ("" if workspaces.shared() else " Whoever brought them may still need them.")
    )
    sure = True
    if used:
        st.markdown(
            f":material/warning: {len(used)} run{'s' if len(used) > 1 else ''} on it ({some_names(used)}): the numbers stay, but "
            "the Look pages can no longer show these pictures, and nothing can be resumed or trained again."
        )
        sure = st.checkbox("Delete it all the same", key=f"sure_{kept.name}")
    st.button(
        "Delete it for good",
        key=f"delete_{kept.name}",
        type="primary",
        disabled=not sure,
        on_click=_delete,
        args=(kept.name,),
    )


def _delete(name: str) -> None:
    try:
        removing.remove(name)
        st.toast("Deleted: pictures, copies and stored features.", icon=":material/delete:")
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")
