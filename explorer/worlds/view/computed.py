"""The default comparison, for an installation without sample runs: three small runs that start by themselves."""

from functools import partial

import streamlit as st

from explorer.app.asking import ask, majority, predictions
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Bar, Gap, accuracies, differences
from explorer.app.words import audit_badge, difference_words, group_of, safe_md, state_badge
from explorer.bundle import page_file
from explorer.looks.attribution.figures.maps import attribution
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.images.view.choosing import PICKED
from explorer.looks.pair.view.choosing import difference, most_gained
from explorer.looks.projection.figures.still import projection_pair
from explorer.looks.projection.view.showing import ask_map
from explorer.recipe import default_comparison
from explorer.runs import FinishedRun
from explorer.runs.life import ENDED_EARLY, LIVE
from explorer.training.figures.strips import strip
from explorer.training.view.following import home_progress, result_line
from explorer.training.view.starting import home_runs
from explorer.training.view.strips import stage_strip
from explorer.worlds.recipes import first_look

RECIPES = default_comparison()
NAMES = ("Random, frozen", "Pre-trained, frozen", "Pre-trained, tuned")


def computed_here() -> None:
    """Three networks on the same photo patches, once they are trained."""
    stage_strip([strip(name, recipe) for name, recipe in zip(NAMES, RECIPES, strict=True)])
    st.header("The same photo patches through three networks")
    runs = home_runs(RECIPES)
    if any(run.state in LIVE for run in runs):
        home_progress(runs, NAMES)
    for run, name in zip(runs, NAMES, strict=True):
        if run.state in ENDED_EARLY:
            st.markdown(f"**{name}** {state_badge(run.state)}")
            result_line(run)
    done = [(name, run) for name, run in zip(NAMES, runs, strict=True) if isinstance(run, FinishedRun) and run.test]
    if done:
        bars = [
            Bar(name, run.test, run.recipe.tuned, run.recipe.drawn, run.grouped)
            for name, run in done
            if run.test is not None
        ]
        draw(partial(accuracies, bars, majority(done[0][1]), group_of(done[0][1])), "home_accuracy",
                code=("explorer/evidence/shares.py", "wilson"))  # fmt: skip
    if len(done) < len(RECIPES):
        return
    random, probe, tuned = (run for _, run in done)
    _differences(random, probe, tuned)
    with st.container(horizontal=True):
        for name, run in done:
            st.markdown(f"{name}: {audit_badge(run.clean, run.fault)}")
    _map(probe, tuned)
    _look(probe, tuned)


def _differences(random: FinishedRun, probe: FinishedRun, tuned: FinishedRun) -> None:
    """Whether pre-training and tuning help, each with its interval."""
    st.subheader("Is the difference real?")
    pairs = {
        "Does pre-training help? (A: random, B: pre-trained, both frozen)": difference(random, probe),
        "Does tuning the last stage help? (A: frozen, B: tuned)": difference(probe, tuned),
    }
    gaps = [Gap(name, found) for name, found in zip(("Pre-training", "Tuning"), pairs.values(), strict=True)]
    group = group_of(probe)
    draw(partial(differences, gaps, group), "home_gaps", code=("explorer/evidence/pairs.py", "difference"))
    for question, found in pairs.items():
        st.markdown(f"**{question}**  \n{difference_words(found, group)}")


def _map(probe: FinishedRun, tuned: FinishedRun) -> None:
    """The shared map."""
    st.header("One shared map, before and after")
    st.markdown("Every point is a test image, placed by its features at the last stage. **A**: frozen. **B**: tuned.")
    found = ask_map(probe.id, tuned.id, "umap")
    if found is not None:
        code = ("explorer/looks/projection/compute/joint.py", "project")
        draw(partial(projection_pair, found), "home_map", code=code)
    st.page_link(page_file("projection"), label="Explore the map", icon=":material/scatter_plot:")


def _look(probe: FinishedRun, tuned: FinishedRun) -> None:
    """Where each network looks in one picture."""
    st.header("Where each network looks")
    said, image = predictions(tuned.id), most_gained(probe, tuned)
    target = said.classes[int(said.labels[image])]
    look = {"image": image, "target": target, **first_look(tuned.recipe)}
    words = f"Evidence for “{target}”, the right class of test image {image}, {PICKED} (Grad-CAM, {look['stage']})."
    st.markdown(safe_md(words))
    found = ask(AttributeQuestion(a=probe.id, b=tuned.id, **look), "Grad-CAM", height=400)
    if found is not None:
        draw(
            partial(attribution, found),
            "home_look",
            code=("explorer/looks/attribution/compute/gradients.py", "gradcam"),
        )
    with st.container(horizontal=True):
        st.page_link(page_file("attribution"), label="Try other images", icon=":material/visibility:")
        st.page_link(page_file("features"), label="See the channels themselves", icon=":material/grid_view:")
        st.page_link(page_file("similarity"), label="How far did each stage move?", icon=":material/compare_arrows:")
        st.page_link(page_file("training"), label="Train your own", icon=":material/local_fire_department:")
