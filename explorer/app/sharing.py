"""On a shared server, in the menu: whose workspace this is, and the link that opens it on another device."""

from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from explorer import workspaces
from explorer.app.base_path import address
from explorer.app.mine import fleeting, presents, workspace_name
from explorer.app.presenting import code_of


def own_link() -> str:
    """The address that opens this workspace elsewhere. What is behind the # is sent to nobody: browser.js reads it."""
    url = urlsplit(st.context.url or "http://localhost")
    return urlunsplit((url.scheme, url.netloc, address("/"), "", f"workspace={workspace_name()}"))


def workspace_menu() -> None:
    """A button with the link and its code; nothing in local use."""
    if not workspaces.shared():
        return
    with st.sidebar:
        asked = st.button("Your workspace", icon=":material/devices:", key="workspace")
    if asked:  # a dialog: a box beside the menu's foot would have no room for the code
        st.dialog("Continue on another device", icon=":material/devices:")(_link)()


def _link() -> None:
    st.caption(
        "Runs, pictures, weights, progress and settings that you make here belong to your workspace. Nobody else sees or changes "
        "them."
    )
    link = own_link()
    st.image(code_of(link), width=260, alt="QR code of the link to your workspace")
    st.code(link, language=None, wrap_lines=True)
    st.caption(":material/key: The link is the key: whoever has it works as you. Keep it to yourself.")
    if fleeting():
        words = "This browser keeps no cookies, so without the link the workspace is lost with this tab."
        st.warning(words, icon=":material/warning:")
    if presents():
        st.caption(":material/co_present: This workspace is the presenter's.")
