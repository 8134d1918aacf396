"""The app started by `thaw serve`, from wherever it is installed."""

import os
from collections.abc import Sequence

import streamlit as st
from streamlit.web.cli import main

from explorer import workspaces
from explorer.app.base_path import base_path
from explorer.app.presenting import own_address
from explorer.bundle import LAUNCHER

SHARED = "--shared"


def serve(options: Sequence[str] = ()) -> None:
    """What `streamlit run streamlit_app.py` does in a checkout, with further options of `streamlit run`; until Ctrl-C. `--shared`
    among them gives each visitor a workspace."""
    if SHARED in options:
        os.environ["THAW_SHARED"] = "1"
    main(
        ["run", str(LAUNCHER), *(one for one in options if one != SHARED)], prog_name="streamlit", standalone_mode=False
    )


def presenter_link() -> str:
    """The address that makes a browser the presenter's, as far as the server knows its own."""
    host = str(st.get_option("browser.serverAddress") or "")
    address = str(st.get_option("server.address") or "")
    host = host if host and host != "localhost" else own_address() if address in ("", "0.0.0.0", "::") else address
    return f"http://{host}:{st.get_option('server.port')}{base_path()}/#presenter={workspaces.token()}"
