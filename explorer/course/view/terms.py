"""Pictures of the glossary that need no snippet: strips of the chosen backbone, and numbers to move by hand."""

import math
from collections.abc import Callable

import streamlit as st

from explorer import evidence
from explorer.app.asking import ask
from explorer.app.words import percent
from explorer.catalogue import STRATEGIES, Backbone
from explorer.catalogue.datasets import dataset
from explorer.recipe import make
from explorer.training.figures.strips import Strip, phases
from explorer.training.question import DescribeQuestion
from explorer.training.view.strips import stage_strip


def strategy(row: Backbone, weights: str, name: str) -> None:
    """The chosen backbone as blocks: frozen and trainable stages under this strategy, with the parameters of each."""
    if STRATEGIES[name].affine and row.normalisation == "none":
        st.caption(f"{row.title} has no normalisation layers.")
        return
    recipe = make(backbone=row.name, weights=weights, strategy=name)
    found = ask(DescribeQuestion(recipe=recipe), "Building the network", height=160)
    if found is not None:
        stage_strip(phases(recipe, found))
        classes = dataset(recipe.dataset).classes
        st.caption(
            f"{row.title}, strategy “{STRATEGIES[name].title}”. Numbers are weights; the head has {classes} classes here."
        )


def rates(row: Backbone, weights: str, name: str) -> None:
    """The default learning rate of each stage with this strategy."""
    recipe = make(backbone=row.name, weights=weights, strategy=name)
    count = len(row.stage_names)
    values = [recipe.backbone_rate * recipe.rate_decay ** (count - 1 - i) for i in range(count)]
    notes = (*(f"{value:.1g}" for value in values), f"{recipe.head_rate:.1g}")
    names = (*row.stage_names, "head")
    stage_strip([Strip("", names, (True,) * len(names), notes=notes)])
    st.caption(f"{row.title}, strategy “{STRATEGIES[name].title}”: the learning rates that Thaw starts from (AdamW).")


def softmax(row: Backbone, weights: str, argument: str) -> None:
    """Three logits to move, and their probabilities."""
    logits = []
    with st.container(horizontal=True):
        for name, start in (("ant", 2.0), ("bee", 1.0), ("fly", -1.0)):
            logits.append(
                st.slider(f"Logit of “{name}”", -5.0, 5.0, start, 0.5, key=f"glossary_logit_{name}", width=200)
            )
    total = sum(map(math.exp, logits))
    for name, logit in zip(("ant", "bee", "fly"), logits, strict=True):
        share = math.exp(logit) / total
        st.progress(share, text=f"{name}: {100 * share:.1f} %")
    st.caption("Move all three by the same amount: nothing changes.")


def interval(row: Backbone, weights: str, argument: str) -> None:
    """How wide the interval is for so many images."""
    with st.container(horizontal=True):
        n = int(st.number_input("Test images, n", 1, 100_000, 153, key="glossary_interval_n", width=180))
        share = st.slider("Right, in per cent", 0, 100, 94, key="glossary_interval_share", width=260)
    score = evidence.Score(n, round(n * share / 100))
    st.markdown(f"{score.correct} of {n} right: **{percent(score)}**")
    st.caption("Four times as many images make the interval about half as wide.")


def mcnemar(row: Backbone, weights: str, argument: str) -> None:
    """The verdict for so many fixed and broken images."""
    with st.container(horizontal=True):
        fixed = int(st.number_input("Fixed by B", 0, 1000, 9, key="glossary_fixed", width=160))
        broken = int(st.number_input("Broken by B", 0, 1000, 3, key="glossary_broken", width=160))
    st.markdown(f"**{evidence.verdict(fixed, broken)}**")
    st.caption("Images on which A and B agree do not count, however many there are.")


DRAWN: dict[str, Callable[[Backbone, str, str], None]] = {
    "strategy": strategy,
    "rates": rates,
    "softmax": softmax,
    "interval": interval,
    "mcnemar": mcnemar,
}
"""Kinds of pictures by name, as in a term's fact `picture: kind argument`."""
