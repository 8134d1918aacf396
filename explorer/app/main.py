"""The table of contents: every page with its place in the menu. Run by the launcher, streamlit_app.py."""

from pathlib import Path

import streamlit as st

from explorer.app.asking import error_box
from explorer.app.links import arrive
from explorer.app.visitor import begin
from explorer.bundle import PAGES
from explorer.course.view.progress import note_visit, recall, remember
from explorer.course.view.term_cards import term_cards
from explorer.errors import ExplorerError

# Files of our own: a tab's icon given by name is fetched from another host.
ICON = Path(__file__).with_name("icon.svg")
LOGO = Path(__file__).with_name("logo.svg")

CONTENTS = {
    "Start": [("home", "Home", "home")],
    "Choose": [
        ("bring", "Bring pictures", "upload"),
        ("data", "Data", "dataset"),
        ("freezing", "What to freeze", "mode_cool"),
        ("training", "Train", "local_fire_department"),
        ("experiments", "Experiments", "science"),
        ("race", "Experiments", "flag", True),
    ],
    "Look": [
        ("images", "Which images", "photo_library"),
        ("features", "Features", "grid_view"),
        ("projection", "One shared map", "scatter_plot"),
        ("attribution", "Where it looks", "visibility"),
        ("similarity", "How far it moved", "compare_arrows"),
    ],
    "Learn": [
        ("lessons", "Lesson", "school"),
        ("concepts", "Concept map", "account_tree"),
        ("glossary", "Glossary", "menu_book"),
    ],
    "Keep": [("runs", "Runs", "folder_open"), ("predict", "Predict", "batch_prediction")],
}


def page(name: str, title: str, icon: str, hidden: bool = False) -> st.Page:
    """The menu's entry for pages/<name>.py; its address is its name, and home's is the root. A hidden one is an old address."""
    home = name == "home"
    path = "start" if home else name
    seen = "hidden" if hidden else "visible"
    return st.Page(
        PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", url_path=path, default=home, visibility=seen
    )


st.set_page_config(page_title="Thaw", page_icon=ICON, layout="wide", initial_sidebar_state=230)
st.logo(LOGO, size="large", link=None)
contents = {group: [page(*row) for row in rows] for group, rows in CONTENTS.items()}
# The default page answers at / alone; whoever types /home means it too.
contents["Start"].append(st.Page(PAGES / "home.py", title="Home", url_path="home", visibility="hidden"))
chosen = st.navigation(contents, expanded=True)
st.set_page_config(page_title=f"{chosen.title} · Thaw", page_icon=ICON, layout="wide")
try:
    begin()
    with st.container(key="unseen"):  # what works in the browser and takes no room
        term_cards()
    recall(chosen.url_path)
    arrive(chosen.url_path)
    chosen.run()
    note_visit(chosen.url_path)
    remember()
except ExplorerError as error:
    error_box(str(error))
