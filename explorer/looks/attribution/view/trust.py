"""Whether a map is to be trusted: other seeds, deletion and insertion, objects' masks, random weights."""

from functools import partial

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw
from explorer.app.words import group_of, plain, safe_md
from explorer.catalogue import ATTRIBUTIONS, CONTROLS
from explorer.catalogue.backbones import find as row_of
from explorer.evidence import share_words
from explorer.looks.attribution.figures.cascades import randomisation, randomisation_maps
from explorer.looks.attribution.figures.seeds import seeds, seeds_maps
from explorer.looks.attribution.figures.trust import faithfulness, faithfulnesses, on_object
from explorer.looks.attribution.question.maps import OtherSeedsQuestion
from explorer.looks.attribution.question.trust import (
    Faithfulness,
    FaithfulnessManyQuestion,
    FaithfulnessQuestion,
    OnObjectQuestion,
    RandomiseQuestion,
)
from explorer.looks.attribution.view.look import Look
from explorer.looks.images.question import Gallery

NEGATIVE = "guided_backprop"
GREY_IS = 0.2  # the least probability at which a plain grey picture is said to be taken for a class


def seeded(look: Look, gallery: Gallery, image: int | str) -> None:
    """A's map beside those of A with other seeds: the yardstick for a difference between A and B."""
    asked = look.question(OtherSeedsQuestion, a=look.a.id, b=look.b.id, image=image, target=look.target)
    found = ask(asked, "Heads with other seeds", height=460)
    if found is None:
        return
    code = ("explorer/looks/attribution/compute/seed_handlers.py", "other_seeds")
    draw(partial(seeds, found), "attribution_seeds", code=code)
    draw(partial(seeds_maps, found), "attribution_seeds_maps", code=code)


def faithful(look: Look, gallery: Gallery, image: int | str) -> None:
    """Whether maps beat orders as compact as they are, over many images; then one picture; on shapes, the object's mask."""
    runs = {"a": look.a.id, "b": look.b.id}
    st.subheader("Over many test images")
    many = ask(look.question(FaithfulnessManyQuestion, **runs), "Deletion and insertion, many images", height=360)
    if many is not None:
        notes = "Controls: " + "; ".join(f"{row.title}: {row.meaning}" for row in CONTROLS.values()) + "."
        draw(partial(faithfulnesses, many, group_of(look.a)), "attribution_faithful_many", notes=notes,
             code=("explorer/looks/attribution/compute/controls.py", "gains"))  # fmt: skip
    st.subheader("In this picture")
    asked = look.question(FaithfulnessQuestion, **runs, image=image, target=look.target)
    found = ask(asked, "Deletion and insertion", height=420)
    if found is not None:
        draw(partial(faithfulness, found), "attribution_faithful",
             code=("explorer/looks/attribution/compute/faithfulness.py", "curves"))  # fmt: skip
        for letter in grey_is_the_class(found):
            st.warning(
                f"To {letter} the plain grey picture itself is *{safe_md(plain(look.target))}* "
                f"({share_words(_left(found, letter))}): deleting cells cannot take this class away, so deletion says "
                f"nothing about {letter}'s map here. Ask about another class, or read insertion.",
                icon=":material/contrast:",
            )
    if look.a.recipe.dataset == "shapes":
        st.subheader("On the object?")
        found = ask(look.question(OnObjectQuestion, **runs), "Maps against the objects' masks", height=380)
        if found is not None:
            draw(partial(on_object, found), "attribution_object",
                 code=("explorer/looks/attribution/compute/faithfulness.py", "inside"))  # fmt: skip


def _left(found: Faithfulness, letter: str) -> float:
    """What the class has once all cells are grey."""
    return float((found.deletion_a if letter == "A" else found.deletion_b).curve[-1])


def grey_is_the_class(found: Faithfulness) -> list[str]:
    """Of A and B those to which a plain grey picture is the class as well: it keeps half of its probability, or more."""
    return [
        letter
        for letter, curve in (("A", found.deletion_a.curve), ("B", found.deletion_b.curve))
        if curve[-1] >= max(0.5 * float(curve[0]), GREY_IS)
    ]


def randomised(look: Look, gallery: Gallery, image: int | str) -> None:
    """What is left of B's map while B's weights are replaced by random ones, from the head down."""
    why = ATTRIBUTIONS[NEGATIVE].obstacle(row_of(look.backbone))
    control = "" if why or look.method.name == NEGATIVE else NEGATIVE
    if why:
        title = ATTRIBUTIONS[NEGATIVE].title.split(" (")[0]
        st.caption(f"The negative control is missing: {title} does not apply to this backbone, since {why}.")
    asked = look.question(RandomiseQuestion, run=look.b.id, image=image, target=look.target, against=control)
    found = ask(asked, "Randomising B, stage by stage", height=420)
    if found is None:
        return
    code = ("explorer/looks/attribution/compute/randomisation.py", "cascade")
    draw(partial(randomisation, found), "attribution_random", code=code)
    draw(partial(randomisation_maps, found), "attribution_random_maps", code=code)
