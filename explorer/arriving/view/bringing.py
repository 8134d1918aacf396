"""Bring pictures: drop them, class by class, or with the camera; look at what they are; keep them under a name."""

import streamlit as st

from explorer import jobs, limits, own_sets
from explorer.app.asking import again, ask, error_box
from explorer.app.visitor import choose
from explorer.app.words import plain, safe_md
from explorer.arriving import removing
from explorer.arriving.question import ArriveQuestion, PreviewQuestion
from explorer.arriving.view.preview import preview
from explorer.arriving.view.sending import camera, drop_zone
from explorer.bundle import page_file
from explorer.errors import ExplorerError
from explorer.jobs import quotas
from explorer.own_sets import parcels

WAYS = {
    "drop": ":material/folder_zip: ZIP or folder",
    "classes": ":material/create_new_folder: Class by class",
    "camera": ":material/photo_camera: Camera",
}


def bring() -> None:
    """The whole of it: what to send, what has arrived, what it would be, and the button that keeps it."""
    if done := st.session_state.get("brought"):
        _brought(*done)
        return
    if asked := st.session_state.get("bring_asked"):
        _keeping(*asked)
        return
    if st.session_state.pop("bring_cancelled", False):
        st.info("Cancelled: nothing was kept. What arrived is still here.", icon=":material/close:")
    parcel = _parcel()
    way = st.segmented_control(
        "From",
        list(WAYS),
        default="drop",
        required=True,
        key="bring_way",
        format_func=WAYS.__getitem__,
        wrap=True,
        persist_state="session",
    )
    try:
        if way == "camera":
            _by_class(parcel, with_camera=True)
        elif way == "classes":
            _by_class(parcel, with_camera=False)
        else:
            drop_zone(parcel, "Drop a ZIP, or a folder with one sub-folder per class", _arrived, key="bring_drop")
            st.caption(
                f"With or without train/, val/ and test/ above the classes. At most {limits.upload_bytes() / 1e9:g} GB and "
                f"{limits.pictures():,} pictures."
            )
    except ExplorerError as error:
        error_box(str(error))
        return
    kinds = {file.name.partition("/")[0] for file in parcels.contents(parcel)}
    if way == "drop" or len(kinds) != 1:
        _judge(parcel)


def _arrived() -> None:
    """Files arrived: the rerun that this callback belongs to shows them."""


def _parcel() -> str:
    """The parcel of this visitor, named in the address so that a reload keeps what has arrived."""
    key = st.query_params.get("parcel") or st.session_state.get("parcel", "")
    if not parcels.alive(key):
        key = parcels.open_parcel()
    st.session_state["parcel"] = key
    if parcels.contents(key) and st.query_params.get("parcel") != key:
        st.query_params["parcel"] = key
    return key


def _by_class(parcel: str, with_camera: bool) -> None:
    """Name a class, send its pictures, name the next; what each class has so far stands below."""
    name = own_sets.title_of(
        st.text_input("Class", key="bring_class", placeholder="cats", max_chars=own_sets.LONGEST_TITLE)
    )
    safe = name.replace("/", "∕").replace("\\", "∖").strip(".") or ""
    label = f"Drop pictures of {plain(name)}" if safe else "Name the class first"
    if with_camera:
        st.caption(
            "Pictures of one burst are nearly alike. With three bursts or more of each class, whole bursts go to training, "
            "validation and test; so move between them."
        )
        label = f"Pictures of {plain(name)}" if safe else "Name the class first"
        camera(parcel, label, _arrived, key="bring_camera", prefix=f"{safe}/", closed=not safe)
    else:
        drop_zone(parcel, label, _arrived, key="bring_files", prefix=f"{safe}/", closed=not safe, folders=False)
    counts: dict[str, int] = {}
    for file in parcels.contents(parcel):
        kind = file.name.partition("/")[0] if "/" in file.name else ""
        counts[kind] = counts.get(kind, 0) + 1
    for kind, count in counts.items():
        if kind:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{safe_md(kind)}** · {count} picture{'s' if count > 1 else ''}")
                st.button(
                    "Remove",
                    icon=":material/close:",
                    key=f"bring_remove_{kind}",
                    type="tertiary",
                    on_click=_remove,
                    args=(parcel, kind),
                )
    if len(counts) == 1:
        st.caption("One class so far. Name the next one above, and send its pictures.")


def _remove(parcel: str, kind: str) -> None:
    for file in parcels.contents(parcel):
        if file.name.startswith(f"{kind}/"):
            parcels.take_back(parcel, file.name)


def _judge(parcel: str) -> None:
    """What arrived, as a data set; and the form that keeps it."""
    arrived = parcels.contents(parcel)
    if not arrived:
        st.caption("Nothing has arrived yet. Nothing is trained, and nothing is kept, before you have seen what it is.")
        return
    size = sum(file.size for file in arrived)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Arrived: {len(arrived)} file{'s' if len(arrived) > 1 else ''}, {size / 1e6:.1f} MB")
        st.button("Start over", icon=":material/delete:", key="bring_clear", on_click=_clear, args=(parcel,))
    at = f"{len(arrived)}-{size}-{arrived[-1].path.name}"
    found, labels = preview(PreviewQuestion(parcel=parcel, at=at), "bring")
    if found is not None:
        _keep(parcel, labels, at, arrived[0].name)


def _keep(parcel: str, labels: str, at: str, first: str) -> None:
    """The name, and the button; then progress with Cancel until the set is there."""
    suggested = own_sets.title_of(first.partition("/")[0].rpartition("/")[2].rsplit(".", 1)[0].replace("_", " "))
    by_class = "/" in first and st.session_state.get("bring_way") != "drop"
    st.session_state.setdefault("bring_title", "My pictures" if by_class else suggested)
    st.caption("Keeping a set opens every picture. Damaged and duplicate ones are left out then, and counted.")
    title = st.text_input("Name of the set", key="bring_title", max_chars=own_sets.LONGEST_TITLE)
    if st.button(
        "Keep these pictures",
        type="primary",
        icon=":material/download_done:",
        key="bring_keep",
        disabled=not title.strip(),
    ):
        try:
            quotas.require_set()
        except ExplorerError as error:
            error_box(str(error))
            return
        asked = (parcel, own_sets.title_of(title), labels, at)
        before = jobs.status(question := _question(*asked))
        if before is not None and before.state in ("failed", "cancelled"):
            again(question)
        st.session_state["bring_asked"] = asked
        st.rerun()


def _question(parcel: str, title: str, labels: str, at: str) -> ArriveQuestion:
    return ArriveQuestion(parcel=parcel, title=title, labels=labels, at=at)


def _keeping(parcel: str, title: str, labels: str, at: str) -> None:
    """Progress with Cancel until the set is there, or what went wrong, with a way back to what arrived."""
    question = _question(parcel, title, labels, at)
    if (answer := jobs.status(question)) is not None and answer.state == "cancelled":
        del st.session_state["bring_asked"]
        st.session_state["bring_cancelled"] = True
        st.rerun()
    st.subheader(f"Keeping {safe_md(title)}")
    made = ask(question, "Keeping", height=0)
    if made is not None:
        choose(dataset=made.name)
        st.session_state["brought"] = (made.name, made.title, made.sum)
        _forget()
        st.rerun()
    answer = jobs.status(question)
    if answer is not None and not answer.waiting:
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key="bring_back",
            on_click=lambda: st.session_state.pop("bring_asked", None),
        )


def _brought(name: str, title: str, line: str) -> None:
    """The set is there: what to do with it."""
    st.success(f"**{safe_md(title)}** is kept. {safe_md(line)}", icon=":material/check_circle:")
    st.caption(f"It is chosen on *Train* and *Experiments*, and called `{name}` on the command line.")
    with st.container(horizontal=True):
        st.page_link(page_file("data"), label="Look at it first", icon=":material/dataset:")
        st.page_link(page_file("training"), label="Train on it", icon=":material/local_fire_department:")
        st.button(
            "Bring more pictures",
            icon=":material/add:",
            key="bring_more",
            on_click=lambda: st.session_state.pop("brought", None),
        )


def _clear(parcel: str) -> None:
    removing.close(parcel)
    _forget()


def _forget() -> None:
    for name in ("parcel", "bring_asked", "bring_title", "bring_labels"):
        st.session_state.pop(name, None)
    if "parcel" in st.query_params:
        del st.query_params["parcel"]
