"""Small copies of the pictures of a stored gallery, for tables and rows."""

import io
from pathlib import Path

import streamlit as st

from explorer.app.asking import pictures_of
from explorer.jpeg import jpeg_address


@st.cache_data(max_entries=16, show_spinner=False)
def thumbnails(path: Path, when: int, size: int = 72) -> list[str]:
    """The pictures of the gallery in this file as small JPEG data addresses, for tables."""
    from PIL import Image

    addresses = []
    for picture in pictures_of(path).images:
        small = Image.fromarray(picture)
        small.thumbnail((size, size))
        addresses.append(jpeg_address(small))
    return addresses


@st.cache_data(max_entries=16, show_spinner=False)
def picture_row(path: Path, when: int, chosen: tuple[int, ...]) -> bytes:
    """These pictures of the gallery in this file side by side as one PNG, with gaps that let the page through: a row that breaks
    nowhere, however wide it is shown."""
    import numpy as np
    from PIL import Image

    pictures = pictures_of(path).images[list(chosen)]
    seen = np.pad(pictures, ((0, 0), (0, 0), (0, 0), (0, 1)), constant_values=255)
    apart = np.pad(seen, ((0, 0), (0, 0), (0, max(1, pictures.shape[2] // 16)), (0, 0)))
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(apart, axis=1)).save(buffer, "PNG")
    return buffer.getvalue()
