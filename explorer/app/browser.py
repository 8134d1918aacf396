"""browser.js runs in the app's page ahead of Streamlit's own scripts; what it tells the server is the page's width."""

from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_name("browser.js")
WIDTH = "thaw_width"
PHONE = 640  # pixels, and less: figures stand one above the other; Streamlit's columns do so there too


def narrow() -> bool:
    """Whether the visitor's page was as narrow as a phone's when it connected."""
    width = str(st.context.cookies.get(WIDTH, ""))
    return width.isascii() and width.isdigit() and len(width) < 6 and int(width) <= PHONE
