#!/usr/bin/env bash
# "White is zero" in a TIFF is honoured for 8-bit samples and ignored for 16-bit and float ones: the picture comes out negative.
#
# Versions: Python 3.11 to 3.13, Pillow 13.0.0, tifffile 2026.3.3, numpy 2.4.6.
# Guess: PhotometricInterpretation says what 0 means, whatever the depth; Pillow inverts or does not, but alike for all depths.
# Behaviour: the same two samples, 0 and 10, written as WhiteIsZero: mode L gives 255 and 245 (inverted, as the tag says), mode I;16
#   gives 0 and 10, mode F gives 0.0 and 10.0 (not inverted). Whoever converts a set of radiographs, some saved with 8 and some
#   with 16 bits, gets positives and negatives of one kind of picture; a classifier learns the file format.
# Output seen:
#   uint8 L [255.0, 245.0]
#   uint16 I;16 [0.0, 10.0]
#   float32 F [0.0, 10.0]
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

SEEN = {"uint8": ("L", [255.0, 245.0]), "uint16": ("I;16", [0.0, 10.0]), "float32": ("F", [0.0, 10.0])}
for kind, expected in SEEN.items():
    file = io.BytesIO()
    tifffile.imwrite(file, np.array([[0, 10]], dtype=kind), photometric="miniswhite")
    file.seek(0)
    picture = Image.open(file)
    found = picture.mode, np.asarray(picture).astype(float).ravel().tolist()
    print(kind, *found)
    assert found == expected, f"{kind}: {found} instead of {expected}"
PY
