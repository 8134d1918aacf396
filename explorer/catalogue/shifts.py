"""The ways in which images are corrupted, to see what a network is worth on pictures unlike those it knows."""

from dataclasses import dataclass

from explorer.errors import ExplorerError, unknown


@dataclass(frozen=True)
class Shift:
    """One row: the shown title, what corrupted pictures are called (`described`), what is done to each image, and how
    strongly (`amount`, in the unit that `meaning` says)."""

    name: str
    title: str
    described: str
    meaning: str
    amount: float
    falls: bool = False
    alike: bool = False

    def strength(self, severity: int) -> float:
        """The amount at a severity of 1 to 5, of which USUAL is the row's own: times ½, 1, 1½, 2 or 3; where what is left of the
        image `falls`, to that power; the same at every severity where it is `alike`. ExplorerError for any other."""
        if severity not in range(1, len(_STEPS) + 1):
            raise unknown("severity", severity, map(str, range(1, len(_STEPS) + 1)))
        step = 1.0 if self.alike else _STEPS[severity - 1]
        return self.amount**step if self.falls else self.amount * step


_STEPS = (0.5, 1.0, 1.5, 2.0, 3.0)
USUAL, SEVEREST = 2, len(_STEPS)

SHIFTS = {
    row.name: row
    for row in (
        Shift("noise", "Noise", "noisy", "Gaussian noise, standard deviation 4 % of the range of a pixel.", 0.04),
        Shift(
            "blur",
            "Blur",
            "blurred",
            "Gaussian blur, standard deviation 1.3 % of the image's side (3 pixels of 224).",
            3 / 224,
        ),
        Shift(
            "contrast",
            "Low contrast",
            "low in contrast",
            "Contrast cut to 40 %: each colour drawn towards its mean in the image.",
            0.4,
            True,
        ),
        Shift(
            "invert",
            "Inverted",
            "inverted",
            "Every colour replaced by its negative, the same at every severity.",
            1.0,
            alike=True,
        ),
        Shift(
            "recolour",
            "Recoloured",
            "recoloured",
            "Hue rotated by 60° of the colour wheel, saturation and brightness kept: grey pictures stay as they are.",
            60.0,
        ),
    )
}
"""Three of the kinds of Hendrycks & Dietterich (2019, arXiv 1903.12261), and two that change colours alone; how strongly is our
choice: enough to hurt, too little to leave networks for small images at chance."""


def shift(name: str) -> Shift:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in SHIFTS:
        raise unknown("kind of shifted images", name, SHIFTS)
    return SHIFTS[name]


def read(text: str) -> tuple[Shift, int]:
    """The row and the severity that `blur-4` names; without a number the usual severity. ExplorerError for what names none."""
    name, dash, number = text.partition("-")
    row = shift(name)
    if dash and not (number.isascii() and number.isdecimal() and len(number) == 1):
        raise ExplorerError(
            f"corruption (`spoilt`): {text!r} has no severity behind the dash. Allowed: a kind "
            f"({', '.join(SHIFTS)}) and a number from 1 to {SEVEREST}, e.g. blur-4."
        )
    severity = int(number) if dash else USUAL
    row.strength(severity)
    return row, severity


def plain(text: str) -> str:
    """The one way to write it: `blur-2` for `blur`, `invert` for `invert-4`; empty stays empty. ExplorerError as `read`."""
    if not text:
        return ""
    row, severity = read(text)
    return row.name if row.alike else f"{row.name}-{severity}"


def words(text: str) -> str:
    """`blurred at severity 4`, `inverted`; empty for clean pictures."""
    if not text:
        return ""
    row, severity = read(text)
    return row.described if row.alike else f"{row.described} at severity {severity}"


def behind(text: str) -> str:
    """The same behind the name of a set: `, blurred at severity 4`."""
    return f", {words(text)}" if text else ""
