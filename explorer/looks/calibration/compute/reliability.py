"""Reliability of the top label in bins, its error, what a perfectly calibrated model would show by chance, and temperature
scaling: one number that makes a model less sure, or surer, and changes no answer."""

from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from explorer.looks.calibration.question import Calibration, Reliability
from explorer.looks.pair import compute
from explorer.models.predicting import logits
from explorer.runs import RunOrId, kept_by_run

BINS = 15
DRAWS = 2000
LEAST, MOST = 1 / 20, 20.0  # of a temperature


def calibration(run: RunOrId) -> Calibration:
    """How a run is calibrated on its test images, before and after scaling by the temperature of its validation images."""
    run = compute.opened(run)
    said = run.predictions
    t, validation = temperature_of(run)
    plain = said.probability.astype(np.float64)
    plain /= plain.sum(axis=1, keepdims=True)
    scaled = softmax(np.log(np.maximum(plain, 1e-7)) / t, axis=1)
    return Calibration(
        run=run.id,
        plain=reliability(plain, said.labels),
        scaled=reliability(scaled, said.labels),
        temperature=t,
        validation=validation,
    )


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The number to divide logits (n, k) by for the least mean negative log-likelihood of the labels, from 1/20 to 20.

    Guo et al. 2017, arXiv 1706.04599; by a bounded minimisation over its logarithm in float64: in float32 the likelihood is
    too coarse near its minimum, and a search from 1 may not move at all.
    """
    exact, rows = logits.astype(np.float64), np.arange(len(labels))

    def loss(log_t: float) -> float:
        return -float(log_softmax(exact / np.exp(log_t), axis=1)[rows, labels].mean())

    bounds = (float(np.log(LEAST)), float(np.log(MOST)))
    found: Any = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


@kept_by_run(most=8)
def temperature_of(run: RunOrId) -> tuple[float, int]:
    """The temperature of a run, found on its validation images, and how many those are. Raises ExplorerError where they cannot
    be read any more."""
    images = compute.validation_images(run)
    pixels, network = images.pixels(compute.finished(run).preprocessing), compute.quick_network(run)
    parts = [logits(network, compute.to_input(run, pixels[i : i + 32])).cpu() for i in range(0, len(pixels), 32)]
    return temperature(torch.cat(parts).numpy(), images.labels), len(images.labels)


def bin_of(confidence: np.ndarray) -> np.ndarray:
    """(n,) the bin of each confidence in [0, 1]: BINS of equal width, closed above, so that 1 lies in the last."""
    return np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)


def error_of(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(d,) the expected calibration errors of `right` (d, n) bool at confidences (n,).

    Over the bins, Σ_b |Σ_{i in b} (right_i - confidence_i)| / n.

    Naeini, Cooper & Hauskrecht 2015 (AAAI), of the top label as in Guo et al. 2017, arXiv 1706.04599.
    """
    one_hot = np.zeros((len(confidence), BINS))
    one_hot[np.arange(len(confidence)), bin_of(confidence)] = 1
    return np.abs((right - confidence) @ one_hot).sum(axis=1) / len(confidence)


def reliability(probability: np.ndarray, labels: np.ndarray) -> Reliability:
    """The reliability of probabilities (n, k) with its band: what is seen of a model that is right exactly as often as it is
    sure, of as many images and with the same confidences (Vaicenavicius et al. 2019, arXiv 1902.06977)."""
    confidence = probability.max(axis=1)
    right = probability.argmax(axis=1) == labels
    drawn = np.random.default_rng(0).random((DRAWS, len(labels))) < confidence
    errors = error_of(confidence, drawn)
    bins, used = bin_of(confidence), np.unique(bin_of(confidence))
    ends = np.array([np.quantile(drawn[:, bins == b].mean(axis=1), [0.025, 0.975]) for b in used])
    low, high = np.quantile(errors, [0.025, 0.975])
    return Reliability(
        confidence=np.array([confidence[bins == b].mean() for b in used]),
        right=np.array([right[bins == b].mean() for b in used]), counts=np.array([(bins == b).sum() for b in used]),
        error=float(error_of(confidence, right[None])[0]), low=ends[:, 0], high=ends[:, 1],
        perfect=(float(low), float(errors.mean()), float(high)),
    )  # fmt: skip
