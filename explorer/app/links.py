"""Words of the glossary as links with a definition to hover over; places in the app that a text or an address names."""

from collections.abc import Container
from dataclasses import dataclass

import streamlit as st

from explorer import texts
from explorer.app.address import note
from explorer.app.base_path import address
from explorer.app.language import spoken
from explorer.app.visitor import choice, to_address
from explorer.bundle import page_file
from explorer.catalogue import AUGMENTATIONS, BATCHNORM_MODES, STRATEGIES
from explorer.catalogue.backbones import backbone
from explorer.texts import Link


@dataclass(frozen=True)
class Setting:
    """What an address may set on a page besides the choice: the widget's key, the values allowed, a switch to turn on."""

    key: str
    allowed: Container[object]
    switch: str = ""


SETTINGS = {
    ("freezing", "strategy"): Setting("strategy", STRATEGIES),
    ("freezing", "batchnorm"): Setting("freezing_batchnorm", BATCHNORM_MODES),
    ("training", "strategy"): Setting("strategy", STRATEGIES),
    ("training", "per_class"): Setting("train_per_class", range(1, 100_001)),
    ("training", "augmentation"): Setting("train_augmentation", AUGMENTATIONS, "train_advanced"),
    ("race", "seeds"): Setting("race_seeds", range(1, 6)),
    ("race", "per_class"): Setting("train_per_class", range(1, 100_001)),
    ("race", "epochs"): Setting("train_epochs", range(1, 101)),
}
"""(page, name in the address) → setting."""


def arrive(page: str) -> None:
    """Set a page's widgets as the address says, once for each address, and say what does not exist; before the page runs. The
    Train page reads its own: a whole recipe."""
    if page == "training":
        return
    named = {name: st.query_params[name] for where, name in SETTINGS if where == page and name in st.query_params}
    if not named or st.session_state.get("arrived") == (page, named):
        return
    st.session_state["arrived"] = (page, named)
    for name, text in named.items():
        setting = SETTINGS[page, name]
        value = int(text) if isinstance(setting.allowed, range) and _is_number(text) else text
        has_statistics = name != "batchnorm" or backbone(choice().backbone).normalisation == "batch"
        if value in setting.allowed and has_statistics:
            st.session_state[setting.key] = value
            if setting.switch:
                st.session_state[setting.switch] = True
        else:
            note(name, text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def linked(text: str, skip: tuple[str, ...] = ()) -> str:
    """Our own Markdown with the first occurrence of each term of the glossary as a link: its sentence on hovering, or in a
    card on a click or tap (explorer/course/view/term_cards.py), so that nobody loses their place.

    Terms in `skip` are left alone; so are code, links and headings. Never give it text from outside.
    """
    return texts.terms(spoken("glossary")).linker.link(text, address("/glossary?term="), skip)


def say(text: str) -> None:
    """Our own Markdown on the page, the first mention of each term a link with its definition to hover over."""
    st.markdown(linked(text))


def in_address(**parameters: str) -> dict[str, str]:
    """Parameters of a link beside the visitor's choice: so the address is whole at once, and *back* takes one step."""
    return to_address(choice()) | parameters


def place(link: Link, button: bool = False) -> None:
    """A link to a place in the app that a text names, in this tab; with a frame where it is the thing to press."""
    with st.container(border=button, width="content"):
        st.page_link(
            page_file(link.page),
            label=f"**{link.words}**" if button else link.words,
            icon=":material/arrow_forward:",
            query_params=in_address(**dict(link.parameters)),
        )
