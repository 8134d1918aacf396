#!/usr/bin/env bash
# Pillow reads compressed big-endian TIFF samples with their bytes in the wrong order, without an error.
#
# Versions: Python 3.11 to 3.13, Pillow 13.0.0, tifffile 2026.3.3, numpy 2.4.6.
# Guess: whether the strips of a TIFF are deflated changes nothing but its size: big-endian int16 holding 1, 2, 300, 4
#   comes back as 1, 2, 300, 4 either way.
# Behaviour: uncompressed it does, and so do little-endian files and uint16 ("I;16B"). Deflated big-endian int16, int32 and
#   float32 come back byte-swapped: libtiff has put the samples into the machine's order already, and the raw mode of the
#   file's order swaps them once more. No exception, no warning.
# Output seen:
#   int16   plain [1.0, 2.0, 300.0, 4.0]   deflate [256.0, 512.0, 11265.0, 1024.0]
#   int32   plain [1.0, 2.0, 300.0, 4.0]   deflate [16777216.0, 33554432.0, 738263040.0, 67108864.0]
#   float32 plain [1.0, 2.0, 300.0, 4.0]   deflate all below 1e-40
# Why it matters here: scientific and medical pictures come as big-endian 16-bit TIFFs; scaled to 8 bits the noise looks like a picture.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import io

import numpy as np
import tifffile
from PIL import Image

RIGHT = [1.0, 2.0, 300.0, 4.0]
WRONG = {"int16": [256.0, 512.0, 11265.0, 1024.0], "int32": [16777216.0, 33554432.0, 738263040.0, 67108864.0]}


def read(kind: str, order: str, compression: str | None) -> list[float]:
    file = io.BytesIO()
    tifffile.imwrite(file, np.array([[1, 2], [300, 4]], dtype=kind), byteorder=order, compression=compression)
    file.seek(0)
    return np.asarray(Image.open(file)).astype(float).ravel().tolist()


for kind in ("int16", "int32", "float32"):
    plain, deflated = read(kind, ">", None), read(kind, ">", "zlib")
    print(f"{kind:8} plain {plain}   deflate {deflated}")
    assert plain == RIGHT and read(kind, "<", "zlib") == RIGHT, "what was right is not any more"
    swapped = deflated == WRONG[kind] if kind in WRONG else max(map(abs, deflated)) < 1e-30
    assert swapped, "deflated big-endian samples are read in another way now"
PY
