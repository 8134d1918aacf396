"""Whether a run is right as often as it says. Letters: n images, k classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Question


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Top-label calibration of n test images in bins of confidence: `confidence`, `right` (b,) means and `counts` (b,) of the
    bins that hold any.

    `error` is the expected calibration error, Σ counts/n |right - confidence|. `low`, `high` (b,) hold the central 95 % of
    `right` for a perfectly calibrated model of the same confidences, and `perfect` (low, mean, high) of its error.
    """

    confidence: np.ndarray
    right: np.ndarray
    counts: np.ndarray
    error: float
    low: np.ndarray
    high: np.ndarray
    perfect: tuple[float, float, float]

    @property
    def n(self) -> int:
        """The number of images."""
        return int(self.counts.sum())


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How a run is calibrated on test as it is (`plain`), and with its logits divided by `temperature` (`scaled`), which was
    found on `validation` images."""

    run: str
    plain: Reliability
    scaled: Reliability
    temperature: float
    validation: int


class CalibrationQuestion(Question[Calibration]):
    """Whether a run is right as often as it is sure: reliability, expected calibration error, temperature."""

    handler: ClassVar[str] = "explorer.looks.calibration.compute.reliability:calibration"
    run: str
