"""The ways in which test images are spoilt, to see what a network is worth on pictures unlike those it learned from."""

from dataclasses import dataclass

from explorer.errors import unknown


@dataclass(frozen=True)
class Shift:
    """One row: the shown title, what is done to each image, and how strongly (`amount`, in the unit that `meaning` says)."""

    name: str
    title: str
    meaning: str
    amount: float


SHIFTS = {
    row.name: row
    for row in (
        Shift("noise", "Noise", "Gaussian noise, standard deviation 4 % of the range of a pixel.", 0.04),
        Shift(
            "blur", "Blur", "Gaussian blur, standard deviation 1.3 % of the image's side (3 pixels of 224).", 3 / 224
        ),
        Shift(
            "contrast", "Low contrast", "Contrast cut to 40 %: each colour drawn towards its mean in the image.", 0.4
        ),
    )
}
"""Three of the kinds of Hendrycks & Dietterich (2019, arXiv 1903.12261); how strongly is our choice: enough to hurt, too
little to leave networks for small images at chance."""


def shift(name: str) -> Shift:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in SHIFTS:
        raise unknown("kind of shifted images", name, SHIFTS)
    return SHIFTS[name]
