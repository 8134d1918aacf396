"""A DICOM file as a picture: its first frame, with black and white where its own window says."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from explorer.data import samples


def picture(source: str | Path | bytes, most: int) -> Image.Image:
    """The first frame, mode L or RGB, of at most `most` pixels by its header.

    Grey values become 8 bits by the file's first window (DICOM PS3.3 C.11.2, linear), without one by the bits that it stores;
    MONOCHROME1 is turned round, so that white is white. Raises whatever pydicom does on a damaged file, and ValueError, naming
    both sides, for more than `most` pixels.
    """
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as stream:
        told: Any = dcmread(stream, stop_before_pixels=True)
        width, height = int(told.Columns), int(told.Rows)
        if width * height > most:
            raise ValueError(f"it has {width} x {height} pixels, more than {most / 1e6:g} million")
        stream.seek(0)
        numbers = np.asarray(pixel_array(stream, index=0))
    if numbers.ndim == 3:
        return Image.fromarray(numbers.astype(np.uint8) if numbers.max() < 256 else (numbers // 256).astype(np.uint8))
    values = numbers * float(told.get("RescaleSlope", 1) or 1) + float(told.get("RescaleIntercept", 0) or 0)
    eight = samples.eight_bits(values, *_window(told, values))
    return Image.fromarray(255 - eight if told.get("PhotometricInterpretation") == "MONOCHROME1" else eight)


def _window(told: Any, values: np.ndarray) -> tuple[float, float]:
    """The values that are black and white."""
    centre, width = _first(told.get("WindowCenter")), _first(told.get("WindowWidth"))
    if centre is not None and width is not None and width > 0:
        return centre - width / 2, centre + width / 2
    if "RescaleSlope" in told:
        return samples.extent(values)
    return 0.0, 2.0 ** int(told.get("BitsStored", 8)) - 1


def _first(value: Any) -> float | None:
    """The first of one or several numbers."""
    if value is None:
        return None
    try:
        return float(value[0])
    except (TypeError, IndexError):
        return float(value)
