"""The recipe of the form as plain PyTorch, which changes with it."""

import streamlit as st

from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.export import building
from explorer.export.script import code_lines, needs_start, script
from explorer.recipe import Recipe


def show_script(made: Recipe | ExplorerError) -> None:
    """An expander with the script of the recipe, to copy or save; why there is none where the recipe cannot be carried out."""
    with st.expander("The same as plain PyTorch", icon=":material/code:", key="train_script"):
        if isinstance(made, ExplorerError):
            st.caption(safe_md(str(made)))
            return
        if why := building.obstacle(made.row):
            st.caption(safe_md(why))
            return
        text = script(made)
        beside = ", and the first weights from `start.pt`" if needs_start(made) else ""
        st.caption(
            f"{code_lines(text)} lines of PyTorch and torchvision, nothing of Thaw; they change with the form. They read "
            f"pictures from `data/train`, `data/val` and `data/test`, one folder a class{beside}. *Take it away* beside a "
            f"finished run brings all that they need."
        )
        st.code(text, language="python", height=420)
        st.download_button(
            "Save model_trainer.py",
            text,
            file_name="model_trainer.py",
            mime="text/x-python",
            key="train_script_save",
            icon=":material/download:",
            on_click="ignore",
        )
