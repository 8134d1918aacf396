"""Live parts of the lesson that look inside two runs, and that ask what such a look is worth."""

from functools import partial

import streamlit as st

from explorer.app.asking import ask, predictions
from explorer.app.drawing import draw
from explorer.app.words import safe_md
from explorer.catalogue import ATTRIBUTIONS, Backbone
from explorer.course import lesson_runs
from explorer.course.view.learning import on_what
from explorer.course.view.runs import need_runs
from explorer.course.view.structure import pick_picture
from explorer.looks.attribution.figures.cascades import randomisation, randomisation_maps
from explorer.looks.attribution.figures.maps import attribution
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.attribution.question.trust import RandomiseQuestion
from explorer.looks.attribution.view.trust import NEGATIVE
from explorer.looks.features.figures.strip import feature_strip
from explorer.looks.features.question import FeatureStripQuestion
from explorer.looks.projection.figures.still import projection_pair
from explorer.looks.projection.view.showing import ask_map

WAYS = ("Activations", "Shared map", "Attribution")
METHODS = ("gradcam", "saliency")
STAGE = "layer3"  # at 64 pixels the last stage has 2 by 2 cells, too few to see a place


def look(row: Backbone, weights: str, one: str, two: str) -> bool:
    """One picture before and after: activations, the map of all test images, attribution."""
    made = need_runs((one, two), f"lesson_look_{one}_{two}")
    on_what(one, two)
    if made is None:
        return False
    a, b = made[one].id, made[two].id
    st.markdown(f"A: {lesson_runs.NAMES[one]}. B: {lesson_runs.NAMES[two]}.")
    way = st.segmented_control(
        "Look at", WAYS, default=WAYS[0], required=True, key="lesson_way", persist_state="session"
    )
    if way == WAYS[1]:
        found = ask_map(a, b, "pca")
        if found is not None:
            draw(partial(projection_pair, found), "lesson_map")
        return True
    image = pick_picture("look", len(predictions(b).labels))
    if way == WAYS[0]:
        strip = ask(FeatureStripQuestion(a=a, b=b, image=image), "The whole backbone", height=440)
        if strip is not None:
            learns = made[two].recipe.trainable
            draw(partial(feature_strip, strip, "", learns), "lesson_strip")
        return True
    _attribution(a, b, image)
    return True


def _attribution(a: str, b: str, image: int) -> None:
    method = st.segmented_control(
        "Method", METHODS, default=METHODS[0], required=True, key="lesson_method", persist_state="session",
        format_func=lambda key: ATTRIBUTIONS[key].title,
    )  # fmt: skip
    said = predictions(b)
    target = said.classes[int(said.labels[image])]
    what = {"image": image, "target": target, "method": method, "stage": STAGE}
    if method == "gradcam":
        what["times"] = 2
    found = ask(AttributeQuestion(a=a, b=b, **what), ATTRIBUTIONS[method].title, height=400)
    if found is not None:
        st.caption(safe_md(f"Evidence for “{target}”, the right class of test image {image}.") + f" Stage: {STAGE}.")
        draw(partial(attribution, found), "lesson_attribution")


def trust(row: Backbone, weights: str, word: str) -> bool:
    """What becomes of attribution maps while the weights are replaced by random ones."""
    made = need_runs((word,), f"lesson_trust_{word}")
    if made is None:
        return False
    run = made[word].id
    said = predictions(run)
    image = pick_picture("trust", len(said.labels))
    target = said.classes[int(said.labels[image])]
    what = {"image": image, "target": target, "method": "gradcam", "stage": STAGE, "against": NEGATIVE}
    found = ask(RandomiseQuestion(run=run, **what), "Replacing weights, stage by stage", height=420)
    if found is not None:
        code = ("explorer/looks/attribution/compute/randomisation.py", "cascade")
        draw(partial(randomisation, found), "lesson_random", code=code)
        draw(partial(randomisation_maps, found), "lesson_random_maps")
    return True
