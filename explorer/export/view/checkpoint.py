"""*Your own checkpoint* on the Train form: a file from the browser or on the server, and what was taken from it."""

from pathlib import Path

import streamlit as st

from explorer import limits, workspaces
from explorer.app.asking import all_runs, ask
from explorer.app.labels import some_names
from explorer.app.words import count, safe_md
from explorer.catalogue import Backbone, own
from explorer.errors import ExplorerError
from explorer.export import incoming, kept, removing
from explorer.export.question import BringQuestion, BroughtWeights
from explorer.export.telling import report_lines
from explorer.home import stamp
from explorer.jobs import quotas

MOST_MEGABYTES = 1000
_TYPES = ["safetensors", "pt", "pth", "ckpt", "bin", "tar"]


def offer_checkpoint(row: Backbone) -> None:
    """A button that opens the choice of a file, reads it for this backbone, and sets *Weights* to what was taken."""
    with st.popover("Your own checkpoint", icon=":material/upload_file:", key="own_checkpoint"):
        st.caption(
            f"Weights of {row.title} in a .safetensors file, or in what torch.save wrote: read with weights_only, so that no "
            f"code in it runs. Its head is left out; the run gets a new one."
        )
        st.file_uploader(
            "A file", type=_TYPES, key="own_checkpoint_file", max_upload_size=MOST_MEGABYTES, on_change=_take
        )
        if limits.server_folders():
            st.text_input(
                "or its path on the server",
                key="own_checkpoint_path",
                persist_state="session",
                placeholder="/path/to/checkpoint.pth",
                on_change=_name,
            )
        asked: dict[str, str] | None = st.session_state.get("own_checkpoint_asked")
        if asked:
            wanted = BringQuestion(backbone=row.name, **asked)
            found = ask(wanted, "Your checkpoint", height=0)
            if found is not None and not own.path(row.name, found.weights).is_file():
                kept.forget(wanted.path)  # what was kept has been removed since: it is read again
                st.rerun()
            if found is not None:
                workspaces.take("weights", found.weights, words=found.source)
                _report(row, found)
        _offer_to_delete(row)


def _take() -> None:
    given = st.session_state.get("own_checkpoint_file")
    if given is None:
        return
    try:
        quotas.require_room(given.size)
        st.session_state["own_checkpoint_asked"] = {"file": incoming.keep(given), "source": given.name}
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")


def _name() -> None:
    file = st.session_state.get("own_checkpoint_path", "").strip()
    st.session_state["own_checkpoint_asked"] = (
        {"file": file, "seen": str(stamp(Path(file).expanduser()))} if file else None
    )


def _report(row: Backbone, found: BroughtWeights) -> None:
    """What was taken and what was left out; a button that trains from it."""
    st.markdown(f":green[:material/check:] **{found.taken} tensors taken**, {count(found.parameters)} parameters.")
    for line in report_lines(found):
        st.caption(safe_md(line, 600))
    st.button(
        "Train from these weights",
        type="primary",
        key="own_checkpoint_use",
        icon=":material/check:",
        on_click=lambda: st.session_state.update({f"weights_{row.name}": found.weights}),
    )


def _offer_to_delete(row: Backbone) -> None:
    """The visitor's own weights of this backbone, one of which may be deleted for good; who uses it is told first."""
    mine = {weights.name: weights for weights in own.known(row.name) if workspaces.changes("weights", weights.name)}
    if not mine:
        return
    st.divider()
    name = st.selectbox(
        f"Kept weights of {row.title}",
        list(mine),
        format_func=lambda name: f"{mine[name].title}, {own.size(name) / 1e6:.1f} MB",
        key=f"own_checkpoint_kept_{row.name}",
    )
    used = removing.users(name, all_runs())
    if used:
        st.markdown(
            f":material/warning: {len(used)} run{'s' * (len(used) > 1)} began from them ({some_names(used)}): the numbers stay, "
            "but the Look pages cannot rebuild the network any more, and nothing can be resumed or exported."
        )
    sure = not used or st.checkbox("Delete them all the same", key=f"own_checkpoint_sure_{name}")
    st.button(
        "Delete for good",
        key="own_checkpoint_delete",
        icon=":material/delete:",
        disabled=not sure,
        on_click=_delete,
        args=(name,),
        help="The file that was kept goes; there is no undo. Your checkpoint itself is not touched.",
    )


def _delete(weights: str) -> None:
    st.session_state.pop("own_checkpoint_asked", None)  # what was asked would bring them again
    try:
        removing.remove(weights)
        st.toast("Deleted.", icon=":material/delete:")
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")
