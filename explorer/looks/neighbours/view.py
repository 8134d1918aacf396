"""Nearest training pictures in A's and in B's features side by side; for a visitor's own picture, whether any is near."""

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import explain, show_code
from explorer.app.words import plain, safe_md
from explorer.evidence import share_words
from explorer.looks.neighbours.question import RARE, Neighbours, NeighboursQuestion
from explorer.runs import FinishedRun


def nearest(a: FinishedRun, b: FinishedRun, image: int | str) -> None:
    """The ten nearest training pictures of one picture, in A above, in B below."""
    st.subheader("Its nearest training pictures")
    found = {
        letter: ask(NeighboursQuestion(run=run.id, image=image), f"Nearest training pictures in {letter}", height=160)
        for letter, run in (("A", a), ("B", b))
    }
    for letter, answer in found.items():
        if answer is not None:
            _row(letter, answer)
            if isinstance(image, str):
                unknown(letter, answer)
    if all(found.values()):
        explain(
            "Are the neighbours of its class? Where tuning moved a picture to the right ones, B's row says what it learned to "
            "look at.",
            "Neighbours by the angle between features, not by what a person would call alike; training pictures of a tuned run "
            "lie where it put them.",
        )
        show_code("explorer/looks/neighbours/compute.py", "neighbours")


def _row(letter: str, answer: Neighbours) -> None:
    alike = int((answer.labels == answer.predicted).sum())
    name = safe_md(answer.classes[answer.predicted], 40)
    st.markdown(
        f"**{letter}** names it *{name}*; {alike} of {len(answer.ids)} nearest training pictures (of {answer.of}) are of that "
        "class."
    )
    with st.container(horizontal=True):
        for i, picture in enumerate(answer.images):
            kind = plain(answer.classes[answer.labels[i]], 14)
            with st.container(width=84):
                st.image(picture, width=82, alt=f"Neighbour {i + 1} in {letter}: {plain(answer.ids[i], 60)}, {kind}")
                st.caption(f"{safe_md(kind)}  \n{answer.distance[i]:.2f}")


def unknown(letter: str, answer: Neighbours) -> None:
    """Whether a visitor's own picture is like the test images at all, beside how sure softmax is."""
    sure, name = share_words(answer.probability, 0), safe_md(answer.classes[answer.predicted], 40)
    n = len(answer.usual)
    share = share_words(answer.farther)
    if answer.farther <= RARE:
        st.warning(
            f"**Perhaps none of these.** {letter} is {sure} sure of *{name}*, but the picture lies {answer.times:.1f} times as "
            f"far from its nearest training picture as the middle test image; as far lie {share} of {n} test images. Softmax "
            "must give its 100 % to some class, also for a picture of anything else.",
            icon=":material/help:",
        )
        st.caption(
            ":material/warning: A picture may be far and still of one of the classes (another camera, another light), or near "
            "and of none: the distance warns, it does not decide. Of pictures like the test images it calls 5 % unlike."
        )
    else:
        st.markdown(
            f":material/check: For {letter} it is not unlike the test images: {share} of {n} lie at least as far from their "
            f"nearest training picture. ({sure} sure of *{name}*.)"
        )
