"""The menu, and the page that was opened. Run by the launcher, streamlit_app.py."""

from pathlib import Path

import streamlit as st

from explorer.app.asking import error_box
from explorer.app.contents import CONTENTS, another_address, page
from explorer.app.links import arrive
from explorer.app.mine import enter, presents
from explorer.app.visitor import begin
from explorer.course.view.progress import note_visit, recall, remember
from explorer.course.view.term_cards import term_cards
from explorer.errors import ExplorerError
from explorer.logs import timed

# Files of our own: a tab's icon given by name is fetched from another host.
ICON = Path(__file__).with_name("icon.svg")
LOGO = Path(__file__).with_name("logo.svg")

st.set_page_config(page_title="Thaw", page_icon=ICON, layout="wide", initial_sidebar_state=230)
st.logo(LOGO, size="large", link=None)
enter()
shown = CONTENTS | ({"Present": [row[:3] for row in CONTENTS["Present"]]} if presents() else {})
contents = {group: [page(*row) for row in rows] for group, rows in shown.items()}
# The default page answers at / alone; whoever types /home means it too.
contents["Start"].append(another_address("home", "Home", "home"))
chosen = st.navigation(contents, expanded=True)
st.set_page_config(page_title=f"{chosen.title} · Thaw", page_icon=ICON, layout="wide")
try:
    with timed("rerun", page=chosen.url_path or "home"):
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
