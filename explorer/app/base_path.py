"""The path under which a reverse proxy shows the app (`server.baseUrlPath`): what stands before every address of ours."""

import streamlit as st


def base_path() -> str:
    """Empty, or `/` and the path without a slash at its end."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def address(path: str) -> str:
    """Where the browser finds a path of this server, such as `/api/ready`."""
    return f"{base_path()}{path}"
