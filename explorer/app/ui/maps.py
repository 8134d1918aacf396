"""The shared map: UMAP as soon as it is laid out, PCA until then; a clicked point chooses its image everywhere."""

from collections.abc import Callable

import streamlit as st

from explorer import jobs
from explorer.app.ui.asking import ask
from explorer.app.ui.visitor import choose
from explorer.results import Projection


def ask_map(a: str, b: str, method: str) -> Projection | None:
    """The joint map of two runs. While UMAP is on its way (the first takes longest) the PCA map stands in for it."""
    if method != "pca":
        found = ask(jobs.task("project", a=a, b=b, method=method), "UMAP (PCA until then)", height=0)
        if found is not None:
            return found
    return ask(jobs.task("project", a=a, b=b, method="pca"), "PCA", height=520)


def image_from_map(key: str) -> Callable[[], None]:
    """What a click in the chart `key` does: its image becomes the chosen one."""

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata"):
            choose(image=int(points[0]["customdata"][0]))

    return clicked
