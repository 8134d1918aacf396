"""Forty random images on their way, for tests of what is computed along a stream."""

import numpy as np
import torch

from explorer.data.stream import Stream
from explorer.models.devices import Device
from explorer.recipe import make

PREPROCESSING = make(input_size=32).preprocessing
PLACE = Device(torch.device("cpu"), False)


def pixels(n: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 32, 32, 3)).astype(np.uint8)


def stream(n: int = 40) -> Stream:
    return Stream(pixels(n), PREPROCESSING, PLACE)
