"""How far from ImageNet? A hint for whether to freeze or to tune, with its limits."""

import streamlit as st

from explorer.app.drawing import explain
from explorer.catalogue.datasets import dataset
from explorer.catalogue.strategies import RULE
from explorer.recipe import Recipe
from explorer.training.question import FAR, NEAR, StatisticsShift
from explorer.training.view.statistics import distance


def far_from_imagenet(recipe: Recipe) -> None:
    """The distance of the set's BatchNorm statistics from the running ones, stage by stage, and what it hints at.
    Edits hardly change it, so the set is taken as it is."""
    st.markdown(
        "A pre-trained network carries what its own training images looked like to it: the running statistics of its BatchNorm "
        "layers. How far from them are those of your training images?"
    )
    row = recipe.row
    if row.normalisation != "batch" or recipe.drawn:
        st.info(
            f"{row.title} with the weights {recipe.weights} brings no BatchNorm statistics of its own along, so there is nothing "
            "to measure against. Choose a pre-trained backbone with BatchNorm above.",
            icon=":material/info:",
        )
        return
    found = distance(row, recipe.weights, dataset(recipe.dataset), recipe.data_dir, "data_statistics")
    if found is None:
        return
    st.markdown(f":material/lightbulb: {hint(found)}")
    explain(
        RULE,
        "The distance sees how bright, how contrasted and how textured the pictures are to the network, not what they show: "
        "two sets at one distance may need different features. It says nothing of how many images tuning needs. A race on your "
        "own images decides.",
    )


def hint(found: StatisticsShift) -> str:
    """Freeze or tune, as far as the distance says anything."""
    told = f"The mean distance is **{found.mean:.2f} nats** ({found.n} training images)."
    if found.mean < NEAR:
        return f"{told} That is near, like photographs: try the frozen backbone first; tuning has little to improve."
    if found.mean < FAR:
        return (
            f"{told} That is between near and far, like chest X-rays: run the linear probe and one strategy that tunes."
        )
    return f"{told} That is far, like digits or drawings: with enough images tuning is likely to gain most here."
