"""How A and B do on each class: images, right, recall and precision with intervals; and the nearest pictures of one image."""

import streamlit as st

from explorer.app.asking import majority, predictions
from explorer.app.drawing import explain, show_code
from explorer.app.words import balanced_words, percent, plain
from explorer.evidence import ClassScore, Score, by_class
from explorer.looks.images.view.choosing import pick_image
from explorer.looks.neighbours.view import nearest
from explorer.runs import FinishedRun


def class_table(a: FinishedRun, b: FinishedRun) -> None:
    """A row a class, and above it what the whole comes to beside always naming the largest class."""
    said = {"A": predictions(a.id), "B": predictions(b.id)}
    share = majority(a)
    lines = [
        f"**{letter}**: {percent(Score(len(p.labels), int(p.right.sum())))}, balanced {balanced_words(p.balanced)}."
        for letter, p in said.items()
    ]
    if share is not None:
        lines.append(
            f"Always naming the largest class: {100 * share:.1f} %, balanced {100 / len(said['A'].classes):.1f} %."
        )
    st.markdown("  \n".join(lines))
    scores = {letter: by_class(p.labels, p.predicted, len(p.classes)) for letter, p in said.items()}
    table: dict[str, list[object]] = {"Class": [plain(name, 60) for name in said["A"].classes]}
    table["Images"] = [row.recall.n for row in scores["A"]]
    for letter, rows in scores.items():
        table |= _columns(letter, rows)
    st.dataframe(table, hide_index=True, alt=f"Recall and precision of A and B on each of {len(scores['A'])} classes")
    explain(
        "Recall: of the images of a class, how many are named so. Precision: of the images named so, how many are of it. Which "
        "class pays for a gain elsewhere?",
        "Intervals are 95 % Wilson, each for its class alone: with many classes some exclude the truth, and two that overlap may "
        "still differ. The paired test above is of all images.",
    )
    show_code("explorer/evidence/classes.py", "by_class")


def _columns(letter: str, rows: tuple[ClassScore, ...]) -> dict[str, list[object]]:
    return {
        f"{letter} right": [row.recall.correct for row in rows],
        f"{letter} recall": [_share(row.recall) for row in rows],
        f"{letter} named so": [row.precision.n for row in rows],
        f"{letter} precision": [_share(row.precision) for row in rows],
    }


def _share(score: Score) -> str:
    """`83.3 % (60.8 to 94.2)`, or why there is none."""
    if not score.n:
        return "none"
    return f"{100 * score.accuracy:.1f} % ({100 * score.low:.1f} to {100 * score.high:.1f})"


def near_pictures(a: FinishedRun, b: FinishedRun) -> None:
    """An image, of the test set or the visitor's own, and the training pictures nearest to it in A and in B."""
    found = pick_image(a, b)
    if found is not None:
        nearest(a, b, found[1])
