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
    falls: bool = False

    def strength(self, severity: int) -> float:
        """The amount at a severity of 1 to 5, of which USUAL is the row's own: times ½, 1, 1½, 2 or 3; where what is left of the
        image `falls`, to that power. ExplorerError for any other."""
        if severity not in range(1, len(_STEPS) + 1):
            raise unknown("severity", severity, map(str, range(1, len(_STEPS) + 1)))
        step = _STEPS[severity - 1]
        return self.amount**step if self.falls else self.amount * step


_STEPS = (0.5, 1.0, 1.5, 2.0, 3.0)
USUAL, SEVEREST = 2, len(_STEPS)

SHIFTS = {
    row.name: row
    for row in (
        Shift("noise", "Noise", "Gaussian noise, standard deviation 4 % of the range of a pixel.", 0.04),
        Shift(
            "blur", "Blur", "Gaussian blur, standard deviation 1.3 % of the image's side (3 pixels of 224).", 3 / 224
        ),
        Shift(
            "contrast",
            "Low contrast",
            "Contrast cut to 40 %: each colour drawn towards its mean in the image.",
            0.4,
            True,
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
