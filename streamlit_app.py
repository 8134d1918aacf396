"""Thaw. Started by `streamlit run`; the pages live in pages/, the navigation in explorer/app/main.py."""

from pathlib import Path

import streamlit as st

from explorer.app import launch

app = st.App(
    Path(__file__).parent / "explorer" / "app" / "main.py",
    lifespan=launch.lifespan,
    routes=launch.ROUTES,
    middleware=launch.MIDDLEWARE,
)

if __name__ == "__main__":
    app.run()
