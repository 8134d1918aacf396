"""What colour and symbol stand for on a map: class, prediction, right or wrong, or shuffled labels as a control."""

from dataclasses import dataclass

import numpy as np

from explorer.app.figures.style import SYMBOLS, named
from explorer.evidence import Score, quadrants
from explorer.looks.projection.question import Projection
from explorer.palette import BROKEN, CLASSES, FIXED, OUTLINE, RIGHT, WRONG

QUADRANTS = (
    ("right in both", RIGHT, "circle"),
    ("fixed: wrong in A, right in B", FIXED, "triangle-up"),
    ("broken: right in A, wrong in B", BROKEN, "triangle-down"),
    ("wrong in both", WRONG, "x"),
)


@dataclass(frozen=True)
class Paint:
    """The group of each image in A and in B, (n,) each, with the groups' names and (colour, symbol).

    `wrong_a`, `wrong_b` (n,) bool are drawn hollow; `scores` go into the headings in place of the k-NN accuracy; `look` is
    what to look for.
    """

    title: str
    names: tuple[str, ...]
    styles: tuple[tuple[str, str], ...]
    a: np.ndarray
    b: np.ndarray
    look: str = ""
    wrong_a: np.ndarray | None = None
    wrong_b: np.ndarray | None = None
    scores: tuple[Score, Score] | None = None
    scored: str = "k-NN"


def class_style(k: int) -> dict[str, object]:
    """Colour and symbol of class k; no two of 48 classes share both, and neighbours in number share neither."""
    eight, six = len(CLASSES), len(SYMBOLS)
    return {
        "color": CLASSES[k % eight],
        "symbol": SYMBOLS[(k // eight + k % eight) % six],
        "line": {"width": 0.5, "color": OUTLINE},
    }


def _of_classes(classes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    styles = [class_style(k) for k in range(len(classes))]
    return tuple(map(named, classes)), tuple((str(style["color"]), str(style["symbol"])) for style in styles)


def by_class(labels: np.ndarray, classes: tuple[str, ...]) -> Paint:
    """The true class, in A and in B."""
    names, styles = _of_classes(classes)
    return Paint("class", names, styles, labels, labels)


def by_prediction(p: Projection, said_a: np.ndarray, said_b: np.ndarray) -> Paint:
    """What A says in A's half and what B says in B's, (n,) class numbers each; what is wrong is hollow."""
    names, styles = _of_classes(p.classes)
    look = "Colour is the predicted class, and hollow means wrong. Do the wrong ones lie inside another class?"
    right = tuple(Score(len(p.labels), int((said == p.labels).sum())) for said in (said_a, said_b))
    return Paint(
        "predicted", names, styles, said_a, said_b, look, said_a != p.labels, said_b != p.labels,
        (right[0], right[1]), "head is right",
    )  # fmt: skip


def by_right(p: Projection, said_a: np.ndarray, said_b: np.ndarray) -> Paint:
    """The four quadrants: right in both, fixed, broken, wrong in both."""
    right_a, right_b = said_a == p.labels, said_b == p.labels
    group = quadrants(right_a, right_b)
    counts = np.bincount(group, minlength=4)
    names = tuple(f"{name} · {count}" for (name, _, _), count in zip(QUADRANTS, counts, strict=True))
    styles = tuple((colour, symbol) for _, colour, symbol in QUADRANTS)
    look = "Where do the fixed and the broken images lie: between classes, or deep inside one?"
    n = len(p.labels)
    scores = Score(n, int(right_a.sum())), Score(n, int(right_b.sum()))
    return Paint("A and B", names, styles, group, group, look, None, None, scores, "head is right")


def by_shuffled(p: Projection, order: np.ndarray, score_a: Score, score_b: Score) -> Paint:
    """The classes shuffled: image i has the class of image order[i]."""
    names, styles = _of_classes(p.classes)
    labels = p.labels[order]
    look = "These colours mean nothing: the labels were shuffled on the same layout. Do you still see clusters?"
    return Paint("shuffled class", names, styles, labels, labels, look, None, None, (score_a, score_b), "shuffled k-NN")
