"""The views of the attribution page: one picture, sixteen, and whether a map is to be trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from explorer.app.asking import ask, predictions
from explorer.app.controls import menu, strength, toggle
from explorer.app.drawing import draw, fine_print
from explorer.app.words import group_of, plain, safe_md
from explorer.catalogue import ATTRIBUTIONS, BASELINES, CONTROLS
from explorer.catalogue.backbones import found as row_of
from explorer.catalogue.methods import AttributionMethod, looking_stage
from explorer.looks.attribution.figures.cascades import randomisation, randomisation_maps
from explorer.looks.attribution.figures.many import attributions
from explorer.looks.attribution.figures.maps import Shown, attribution, share
from explorer.looks.attribution.figures.seeds import seeds, seeds_maps
from explorer.looks.attribution.figures.trust import faithfulness, faithfulnesses, on_object
from explorer.looks.attribution.question.maps import (
    AttributeManyQuestion,
    AttributeQuestion,
    Attribution,
    OtherSeedsQuestion,
)
from explorer.looks.attribution.question.trust import (
    Faithfulness,
    FaithfulnessManyQuestion,
    FaithfulnessQuestion,
    OnObjectQuestion,
    RandomiseQuestion,
)
from explorer.looks.images.question import Gallery
from explorer.looks.images.view.choosing import choose_image, pick_target, true_probability
from explorer.looks.images.view.selection import selected
from explorer.looks.pair.view.choosing import pick_stage
from explorer.question import Question
from explorer.runs import FinishedRun

SIXTEEN = 16
Q = TypeVar("Q", bound=Question[Any])
NEGATIVE = "guided_backprop"
GREY_IS = 0.2  # the least probability at which a plain grey picture is said to be taken for a class


@dataclass(frozen=True)
class Look:
    """What is asked: two runs, a method with its stage and baseline, how many times as fine as the stage's grid, a class, and the
    class that is not asked about (`rather_than`, empty for none)."""

    a: FinishedRun
    b: FinishedRun
    method: AttributionMethod
    stage: str
    target: str
    baseline: str
    times: int = 1
    rather_than: str = ""

    @property
    def backbone(self) -> str:
        """The backbone of A and B, by its name."""
        return self.a.recipe.backbone

    def question(self, kind: type[Q], **fields: Any) -> Q:
        """A question of this kind; what the method has not is not asked, and what the kind has not is left out."""
        how: dict[str, Any] = {"method": self.method.name, "stage": self.stage, "rather_than": self.rather_than}
        if self.method.baseline:
            how["baseline"] = self.baseline
        if self.method.staged:
            how["times"] = self.times
        return kind(**{name: value for name, value in how.items() if name in kind.model_fields}, **fields)


def pick_look(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> Look:
    """Controls of method, class, and, where the method has them, stage and baseline."""
    name = a.recipe.backbone
    fitting = [key for key, row in ATTRIBUTIONS.items() if not row.obstacle(row_of(name))]
    baseline = "grey"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = ATTRIBUTIONS[
            menu(
                "Method",
                fitting,
                "method",
                "attribution_method",
                format_func=lambda key: ATTRIBUTIONS[key].title,
                width=300,
            )
        ]
        target = pick_target(gallery, image)
        rather_than = _pick_other(gallery, target) if method.contrast else ""
        if method.baseline:
            baseline = menu("Baseline", BASELINES, "baseline", "attribution_baseline", width=180,
                            format_func=lambda key: BASELINES[key].title)  # fmt: skip
    names = a.recipe.row.stage_names
    free = [stage for stage in names if not method.obstacle(row_of(name), stage)]
    if not method.staged:
        return Look(a, b, method, names[-1], target, baseline, rather_than=rather_than)
    size = b.recipe.preprocessing.crop
    fit = looking_stage(free or names, size)
    stage = pick_stage(b, fit)
    times = _pick_times()
    return Look(a, b, method, stage, target, baseline, times, rather_than)


def _pick_other(gallery: Gallery, target: str) -> str:
    """The class whose logit is taken off; empty for none."""
    others = ["", *(name for name in gallery.classes if name != target)]
    return menu(
        "Rather than", others, "other", "attribution_other", width=200,
        format_func=lambda name: plain(name) if name else "(no other class)",
        help="Explains the difference of two logits: why this class and not that one.",
    )  # fmt: skip


def _pick_times() -> int:
    """How many times as fine as the stage's own the grid is to be."""
    fine = toggle(
        "Grid twice as fine", "fine", "attribution_fine", default=True,
        help="Four maps of the picture, each shifted by half a cell, are interleaved. The network sees the picture "
             "at its training size: a larger input would give more cells, but the built-in backbone recognises half "
             "as much there.",
    )  # fmt: skip
    return 2 if fine else 1


View = Callable[[Look, Gallery, int | str], None]


def _unless_obstructed(view: View) -> View:
    """The view, or why the method has nothing to show at the chosen stage, and what to do."""

    def shown(look: Look, gallery: Gallery, image: int | str) -> None:
        why = look.method.obstacle(row_of(look.backbone), look.stage)
        if why:
            st.info(f"**{look.method.title} at *{safe_md(look.stage)}*:** {why}.", icon=":material/block:")
        else:
            view(look, gallery, image)

    return shown


def words_of(look: Look) -> None:
    """What the method computes, and what it cannot tell; and which methods this backbone does not have."""
    row = look.method
    missing = [
        f"{other.title}, since {why}"
        for other in ATTRIBUTIONS.values()
        if (why := other.obstacle(row_of(look.backbone)))
    ]
    baseline = f" Baseline: {BASELINES[look.baseline].meaning}." if row.baseline else ""
    if row.staged and look.times > 1:
        baseline += (
            " The grid is twice as fine as the stage's own: four maps of the picture, each shifted by half a cell, "
            "are interleaved (shift-and-stitch, Sermanet et al. 2013, arXiv 1312.6229)."
        )
    if look.rather_than:
        names = [safe_md(plain(name)) for name in (look.target, look.rather_than)]
        baseline += f" The score explained is the difference of two logits: {names[0]} minus {names[1]}."
    words = f"{row.meaning} {row.caution}{baseline} A nicer map is no evidence of a better model."
    if missing:
        words += f"\n\nNot offered for {safe_md(look.a.recipe.row.title)}: {'; '.join(missing)}."
    fine_print(words, "this method")


def one_picture(look: Look, gallery: Gallery, image: int | str) -> None:
    """Picture, A and B on one scale, and how far a complete method's map adds up."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        opacity = strength("Strength of the overlay", 0.2, 1.0, "overlay", "attribution_opacity", 0.75, width=220)
        raw = toggle("Raw grid only", "raw", "attribution_raw")
        apart = toggle("B − A", "difference", "attribution_difference")
        own = toggle("Each on its own scale", "own_scale", "attribution_normalised",
                     help="This hides which map is stronger.")  # fmt: skip
        rising = look.method.signed and toggle("Only evidence for the class", "positive", "attribution_positive")
    asked = look.question(AttributeQuestion, a=look.a.id, b=look.b.id, image=image, target=look.target)
    found = ask(asked, look.method.title, height=400)
    if found is None:
        return
    shown = Shown(normalised=own, positive=bool(rising))
    draw(
        partial(attribution, found, opacity, not raw, apart, shown),
        "attribution",
        code=code_of(look.method),
    )
    if look.method.complete:
        st.markdown(_completeness(found))


def code_of(method: AttributionMethod) -> tuple[str, str]:
    """The function that computes a method's maps, with its file."""
    files = {"occlusion": "removal", "ablation": "removal", "rollout": "rollout"}
    return f"explorer/looks/attribution/compute/{files.get(method.name, 'gradients')}.py", method.name


def _completeness(found: Attribution) -> str:
    """How far the map's sum is from what the class gains: the convergence delta."""
    parts = []
    for letter, heat, rise in (("A", found.a, found.rise_a), ("B", found.b, found.rise_b)):
        total = float(heat.sum())
        parts.append(
            f"{letter}: the map adds up to {total:.2f}, the class gains {rise:.2f} logits, delta {total - rise:+.2f}"
        )
    return "; ".join(parts).replace("-", "−") + "."


def sixteen(look: Look, gallery: Gallery, image: int | str) -> None:
    """The selected images, or those of the class that B gained most on, in one call and on one scale."""
    pa, pb = predictions(look.a.id), predictions(look.b.id)
    marked = selected(len(pa.labels))[:SIXTEEN]
    if len(marked):
        st.caption(f"The first {len(marked)} of the selected images.")
    else:
        rows = np.flatnonzero(pa.labels == pa.classes.index(look.target))
        gain = true_probability(pb) - true_probability(pa)
        marked = rows[np.argsort(-gain[rows], kind="stable")][:SIXTEEN]
        st.caption(
            f"The {len(marked)} test images of {safe_md(plain(look.target))} that B gained most on: the best case, "
            "not a sample. Select others in a map or under “All images”."
        )
    runs = {"a": look.a.id, "b": look.b.id}
    asked = look.question(AttributeManyQuestion, **runs, images=tuple(int(i) for i in marked), target=look.target)
    found = ask(asked, f"{look.method.title}, {len(marked)} images", height=640)
    if found is not None:
        draw(partial(attributions, found), "attribution_many", on_select=_clicked,
             code=code_of(look.method))  # fmt: skip


def _clicked() -> None:
    points = st.session_state["attribution_many"]["selection"]["points"]
    if points and points[0].get("customdata"):
        choose_image(int(points[0]["customdata"][0]))


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
                f"({share(_left(found, letter))}): deleting cells cannot take this class away, so deletion says nothing about "
                f"{letter}'s map here. Ask about another class, or read insertion.",
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


ATTRIBUTION_VIEWS = {
    "One picture": _unless_obstructed(one_picture),
    "Sixteen pictures": _unless_obstructed(sixteen),
    "A with other seeds": _unless_obstructed(seeded),
    "Is the map faithful?": _unless_obstructed(faithful),
    "Randomise the weights": _unless_obstructed(randomised),
}
