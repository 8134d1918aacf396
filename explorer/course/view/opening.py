"""What a snippet finds: the lines that make it, and the files that these lines read, so that it runs outside of Thaw."""

import io

import streamlit as st
from PIL import Image

from explorer.app.asking import ask
from explorer.catalogue import Backbone
from explorer.catalogue.weights import RANDOM
from explorer.course.question.snippets import Snippet, SnippetPicturesQuestion

PICTURES = "pictures.png"  # as the lines name it


def show_opening(found: Snippet, row: Backbone, key: str) -> None:
    """A switch that shows the lines before the snippet, with its pictures and the files to download."""
    if not st.toggle("What are `model`, `head`, `stages`, `x` and `y`?", key=f"{key}_opening", persist_state="session"):
        return
    st.markdown(
        "These lines make what the snippet uses. Paste them above it, and it prints the same outside of Thaw, in a folder that "
        "holds the files below. `x` holds eight photo patches as the network's input, two each of a brick wall, a cup of coffee, "
        "a cat's fur and a retina; `y` their classes, 0 to 3. The head is new and has not learned."
    )
    st.image(found.batch, alt="The eight pictures in x")
    st.code(found.opening, language="python", wrap_lines=True)
    pictures = ask(
        SnippetPicturesQuestion(backbone=row.name, weights=found.weights), "The pictures as a file", 0, soon=True
    )
    with st.container(horizontal=True):
        if pictures is not None:
            buffer = io.BytesIO()
            Image.fromarray(pictures.strip).save(buffer, "PNG")
            st.download_button(
                PICTURES, buffer.getvalue(), PICTURES, "image/png", icon=":material/download:", key=f"{key}_pictures",
                on_click="ignore",
            )  # fmt: skip
        if row.code and found.weights != RANDOM:
            path = row.weights_path(found.weights)
            st.download_button(
                path.name,
                path.read_bytes,
                path.name,
                icon=":material/download:",
                key=f"{key}_weights",
                on_click="ignore",
            )
