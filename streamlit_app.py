"""Thaw. Started by `streamlit run`; the pages live in pages/, the navigation in explorer/app/main.py."""

import streamlit as st

from explorer import bundle
from explorer.app import launch

app = st.App(
    bundle.PACKAGE / "app" / "main.py",
    lifespan=launch.lifespan,
    routes=launch.ROUTES,
    middleware=launch.MIDDLEWARE,
)

if __name__ == "__main__":
    app.run()
