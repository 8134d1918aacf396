"""A picture as an address that holds it."""

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image


def jpeg_address(picture: "np.ndarray | Image", quality: int = 85) -> str:
    """A picture (h, w, 3) uint8, or one of Pillow's, as a JPEG data address."""
    from PIL import Image  # not at the top: what draws no picture does without it

    buffer = io.BytesIO()
    opened = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    opened.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
