"""*Another backbone* beside the menu of backbones: a network of torchvision or timm by its name, and a cut of one's own."""

import importlib.util
from contextlib import suppress

import streamlit as st

from explorer.app.asking import ask
from explorer.app.visitor import choice, choose
from explorer.app.words import count, safe_md
from explorer.catalogue import BACKBONES, named
from explorer.catalogue.named import LIBRARIES
from explorer.installation import extra
from explorer.training.question import FindBackboneQuestion, FoundBackbone, NetworkNamesQuestion


def offer_by_name() -> None:
    """A button that opens the search; below it, the stages of the network that was chosen, to be corrected."""
    with st.popover("Another backbone", icon=":material/search:", key="by_name", on_change="rerun") as place:
        if place.open:  # made only then: the names are asked of the worker
            _search_and_correct()


def _search_and_correct() -> None:
    st.caption(
        "Any image classifier of torchvision, or of timm where it is installed, by its name. Its stages are worked out from "
        "its forward pass; nothing is downloaded until it is trained from pre-trained weights."
    )
    library = st.segmented_control(
        "Library",
        list(LIBRARIES),
        key="by_name_library",
        default="torchvision",
        required=True,
    )
    if importlib.util.find_spec(LIBRARIES[library or "torchvision"]) is None:
        st.info(f"{library} is not installed here. Run: {extra(library)}", icon=":material/info:")
        searched = ""
    else:
        searched = _search(library or "torchvision")
    if choice().backbone not in BACKBONES:
        _correct(choice().backbone, searched)


def _search(library: str) -> str:
    """The network that was searched for, by its full name; empty where there is none."""
    names = ask(NetworkNamesQuestion(library=library), "Names", height=0)
    if names is None:
        return ""
    name = st.selectbox(
        f"One of {len(names.names)} networks",
        names.names,
        index=None,
        placeholder="Type to search, such as regnet" if library == "torchvision" else "Type to search, such as dinov2",
        key=f"by_name_{library}",
    )
    wanted = f"{library}:{name}" if name else ""
    if wanted and _found(wanted) is not None:
        st.button(
            "Use this backbone",
            type="primary",
            key="by_name_use",
            icon=":material/check:",
            disabled=choice().backbone == wanted,
            on_click=lambda: choose(backbone=wanted, stage=""),
        )
    return wanted


def _found(name: str, words: bool = True) -> FoundBackbone | None:
    """What was found of a name, with a line on it where `words` are wanted; None while it is looked up, or where it does not
    fit, which is said."""
    wanted = FindBackboneQuestion(backbone=name)
    found = ask(wanted, "The network's stages", height=0)
    row = named.read(name) if found is not None else None
    if found is not None and row is None:  # what was kept has been removed since: it is looked up again
        with suppress(OSError):
            wanted.path.unlink(missing_ok=True)
        st.rerun()
    if row is not None and words:
        st.markdown(
            safe_md(
                f"{len(row.stages)} stages ({', '.join(row.stage_names)}), {count(row.parameters)} parameters, {row.features} "
                f"features, inputs of {row.input_size} pixels."
            )
        )
    return found


def _correct(name: str, searched: str) -> None:
    """The steps of the chosen network, each with a box that says whether a stage begins there; `searched` is the one of which
    a line stands above."""
    row = named.read(name)
    st.markdown(f"**Where the stages of {safe_md(row.title if row else name)} begin**")
    found = _found(name, words=name != searched)
    if found is None:
        return
    table = {
        "Begins": [i in found.begins for i in range(len(found.places))],
        "Step": list(found.places),
        "Kind": list(found.kinds),
        "Gives": list(found.shapes),
        "Parameters": [f"{n:,}" for n in found.parameters],
    }
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["Step", "Kind", "Gives", "Parameters"],
        key=f"by_name_steps_{name}",
        height=min(320, 36 * (len(found.places) + 1) + 4),
    )
    begins = tuple(i for i, yes in enumerate(edited["Begins"]) if yes and i > 0)
    _buttons(name, begins, found)


def _buttons(name: str, begins: tuple[int, ...], found: FoundBackbone) -> None:
    """Take the cut that the boxes say, or go back to the one that was found."""
    plain = named.cut(name, ())
    changed = begins != tuple(i for i in found.begins if i > 0)
    left, right = st.columns(2)
    left.button(
        "Cut it there",
        disabled=not changed or not begins,
        key="by_name_cut",
        icon=":material/content_cut:",
        on_click=lambda: st.session_state.update({"by_name_wanted": named.cut(name, begins)}),
    )
    right.button(
        "As it was found",
        disabled=name == plain,
        key="by_name_plain",
        icon=":material/undo:",
        on_click=lambda: choose(backbone=plain, stage=""),
    )
    wanted = st.session_state.get("by_name_wanted", "")
    if wanted and wanted != name and named.cut(wanted, ()) == plain and _found(wanted) is not None:
        del st.session_state["by_name_wanted"]
        choose(backbone=wanted, stage="")
        st.rerun()
