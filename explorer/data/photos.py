"""The photographs that ship inside scikit-image and scikit-learn, cut into bands that never overlap.

Each photo is cut from left to right into a training band (45 % of the width), a validation band (15 %) and a test
band (40 %). The built-in backbone was pre-trained on the first two only, so whatever is scored on a test band was
never seen by it in any form.
"""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.errors import ExplorerError

BANDS = {"train": (0.0, 0.45), "val": (0.45, 0.60), "test": (0.60, 1.0)}

# class → (package folder, file, height in pixels the photo is reduced to)
PHOTOS = {
    "astronaut": ("skimage/data", "astronaut.png", 512),
    "brick": ("skimage/data", "brick.png", 512),
    "cameraman": ("skimage/data", "camera.png", 512),
    "cells": ("skimage/data", "cell.png", 550),
    "coffee": ("skimage/data", "coffee.png", 400),
    "coins": ("skimage/data", "coins.png", 303),
    "flower": ("sklearn/datasets/images", "flower.jpg", 427),
    "fur": ("skimage/data", "chelsea.png", 300),
    "galaxies": ("skimage/data", "hubble_deep_field.jpg", 512),
    "grass": ("skimage/data", "grass.png", 512),
    "gravel": ("skimage/data", "gravel.png", 512),
    "histology": ("skimage/data", "ihc.png", 512),
    "moon": ("skimage/data", "moon.png", 512),
    "motorcycle": ("skimage/data", "motorcycle_left.png", 500),
    "retina": ("skimage/data", "retina.jpg", 512),
    "rocket": ("skimage/data", "rocket.jpg", 427),
    "temple": ("sklearn/datasets/images", "china.jpg", 427),
}


def path(name: str) -> Path:
    """Where the photo lies inside the installed package (the package itself is not imported)."""
    folder, file, _ = PHOTOS[name]
    package, _, inner = folder.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ExplorerError(f"{package} is not installed. Run: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0]) / inner / file


def photo(name: str) -> np.ndarray:
    """The photo as RGB, (h, w, 3) uint8, reduced to the height in the table."""
    image = Image.open(path(name)).convert("RGB")
    height = PHOTOS[name][2]
    if image.height > height:
        image = image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def band(name: str, *splits: str) -> np.ndarray:
    """The part of a photo that belongs to the named neighbouring splits, (h, w, 3) uint8."""
    pixels = photo(name)
    width = pixels.shape[1]
    left = min(BANDS[s][0] for s in splits)
    right = max(BANDS[s][1] for s in splits)
    return pixels[:, round(width * left) : round(width * right)]
