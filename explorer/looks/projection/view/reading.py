"""How to read a map: the numbers that need no map, what was done, and five warnings."""

import math

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import fine_print
from explorer.app.figures.intervals import NO_INTERVAL, tally
from explorer.app.words import safe_md
from explorer.catalogue import PROJECTIONS
from explorer.evidence import share_words
from explorer.looks.pair import comparison
from explorer.looks.projection.question import (
    Agreement,
    MapControlsQuestion,
    Projection,
    Separation,
    SeparationQuestion,
)
from explorer.looks.projection.view.choosing import EPOCHS, NOISE, SHUFFLED, Picked
from explorer.runs import FinishedRun

WARNINGS = """
1. **Settings make the picture.** Another number of neighbours, another least distance or another seed draws another map of
   the same features. *Try it: Settings, then “Another seed”.*
2. **The size of a cluster means nothing.** UMAP measures with a ruler that stretches where points are rare and shrinks where
   they crowd, so tight and loose classes come out about as large.
3. **The distance between clusters means little.** Far apart on the map may be close in the features, and the reverse.
4. **Chance looks like structure.** With few neighbours even noise falls into clumps. *Try it: view “Pure noise” with 5
   neighbours, or colour by “Shuffled labels”.*
5. **One map is not enough.** Believe what several seeds and settings show, and what the numbers from the full space say too.
   *Compare: PCA, AlignedUMAP, and the table under the map.*
"""


def how_to_read() -> None:
    """The five warnings, one click away."""
    with st.popover("Before you read a map: five warnings", icon=":material/warning:"):
        st.markdown(WARNINGS)
        st.caption(
            "In our words, after Andy Coenen and Adam Pearce, Understanding UMAP (Google PAIR, 2019), "
            "https://pair-code.github.io/understanding-umap/"
        )


def map_words(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection, layout: str = "") -> None:
    """Why nothing moved, where A and B are strangers, what the points are, and how the map was made.

    `layout` is what the map was laid out by, where that is not what `found` was.
    """
    if found.unmoved:
        same = "A and B are the same run" if a.id == b.id else _why_still(a, b)
        st.info(
            f"**Nothing moved.** {same}: the features are the same to the last bit, and so is every position on the "
            "map. Choose a run as B that tuned a stage to see movement.",
            icon=":material/ac_unit:",
        )
    elif not comparison.same_start(a.recipe, b.recipe):
        st.warning(
            "A and B started from different weights. B was rotated onto A as well as one rotation can, but an "
            "image's path from A to B is not training: compare how the classes separate, not which image moved "
            "where.",
            icon=":material/compare_arrows:",
        )
    if b.recipe.row.class_token:
        st.warning(
            "In a vision transformer the points are the mean of the last stage's **patch** tokens. The head reads the "
            "**class token** instead, so the head may know more, or less, than this map shows.",
            icon=":material/info:",
        )
    fine_print(_recipe(picked, found, layout or found.method), "how this map was made")


def _why_still(a: FinishedRun, b: FinishedRun) -> str:
    frozen = all(not run.recipe.tuned for run in (a, b))
    return (
        "A and B trained only their heads, and the head comes after these features"
        if frozen
        else "Neither changed them"
    )


def _recipe(picked: Picked, found: Projection, layout: str) -> str:
    """How the map was made."""
    n, method = len(found.labels), PROJECTIONS[layout]
    made = f"held-out test images at {safe_md(found.stage)}, averaged over positions. "
    if picked.view == EPOCHS:
        return f"Up to half of the {n} {made}" + (
            "Every epoch is centred and scaled on its own, reduced to its first principal components and rotated onto the "
            "pre-trained network by orthogonal Procrustes; both are fitted on the images that are not drawn (where they would "
            "be fewer than 20, all are drawn and nothing is rotated). Then all epochs are laid out in one fit"
            + (" by PCA." if layout == "pca" else ": 50 principal components and one seeded UMAP, where an image looks for its "
               "exact nearest neighbours in its own epoch, the one before and the pre-trained network: among all epochs it "
               "would find copies of itself.")
            + _standing_in(picked, layout)
        )  # fmt: skip
    made = f"{n} {made}{method.meaning} "
    if not found.unmoved and found.others:
        made += f"(Here: {found.others} training images, {found.axes} components.) "
    elif not found.unmoved:
        made += "(Here nothing was rotated or reduced: fewer than 20 training images can be read.) "
    if found.unmoved:
        made += "(Here both have the same features, so they were laid out once, and nothing had to be rotated.) "
    if layout != "pca":
        made += f"{found.neighbours} neighbours, least distance {found.min_dist}, seed {found.seed}. "
    made += _standing_in(picked, layout)
    return made + f"{method.caution} The map never saw the classes: colours are added after the fit."


def _standing_in(picked: Picked, layout: str) -> str:
    return "(It stands in until UMAP is done.) " if layout == "pca" != picked.method else ""


def truth_table(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection) -> None:
    """The numbers from the full space beside the map, one row a model, each with its n."""
    apart = [ask(SeparationQuestion(run=run.id), "Numbers from the full space", height=0) for run in (a, b)]
    rows = [row for row in apart if row is not None]
    if len(rows) < 2:
        return
    st.markdown("**Truth beside the map, from the full space**")
    shared = picked.view != EPOCHS  # its maps are others, with their own trustworthiness in the words above
    trust = (found.trust_a, found.trust_b) if shared else (None, None)
    names = ("A · before", "B · after")
    st.table([_row(name, row, t, picked) for name, row, t in zip(names, rows, trust, strict=True)])
    n, folds = rows[0].knn.n, rows[0].folds
    fine_print(
        f"n = {n} test images. {NO_INTERVAL} k-NN: the majority class of an image's 10 nearest others. Linear probe: "
        f"logistic regression on these features, each image classified by a fit that did not see it ({folds}-fold, "
        "stratified). Silhouette (Rousseeuw 1987): 1 classes far apart, 0 touching, below 0 mixed."
        + (" Trust: 1 where this map invents no neighbour (trustworthiness at 10)." if shared else "")
    )


def agreement_table(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection) -> None:
    """How far the same images stayed in place from A to B, beside two controls by the same procedure."""
    if picked.view in (EPOCHS, NOISE):
        return
    st.markdown("**Did the same images stay in place?**")
    rows = [("A and B", found.agreement)]
    if found.method == picked.method:  # where PCA stands in, its controls are not worth the wait
        task = MapControlsQuestion(a=a.id, b=b.id, method=found.method, **picked.settings)
        controls = ask(task, "The same procedure on a random network and on shuffled images", height=0)
        if controls is not None:
            rows += [
                ("Control: A and a random network", controls.random),
                ("Control: A and B, images of B shuffled", controls.shuffled),
            ]
    st.table([_agreement(*row) for row in rows])
    st.caption(
        f"n = {len(found.labels)} test images. **Mixing near 0.5 means that the clouds cover each other, not that images "
        "stayed:** compare with the controls."
    )
    fine_print(
        f"n = {len(found.labels)} test images. Distance left: of the squared distance after the rotation, in the features; 0 % "
        "nothing moved, about 100 % unrelated. Same image nearer: how often an image's own place in the other model is nearer "
        "than another image's; 100 % no image moved past another, 50 % chance. Mixing: the share of a point's map neighbours "
        "from the other model. **0.5 means that the two clouds cover each other, not that the images stayed**: unrelated "
        "features can mix as well, so compare with the controls."
    )


def _agreement(name: str, row: Agreement) -> dict[str, str]:
    return {
        "": name,
        "Distance left": f"{100 * row.left:.0f} %",
        "Same image nearer, on this map": f"{100 * row.twins:.0f} %",
        "Mixing, on this map": f"{row.mixing:.2f}",
    }


def _row(name: str, row: Separation, trust: float | None, picked: Picked) -> dict[str, str]:
    shuffled = [score.accuracy for score in row.shuffled]
    mean = share_words(sum(shuffled) / len(shuffled))
    spread = f"{100 * min(shuffled):.1f} to {100 * max(shuffled):.1f}"
    control = {
        "k-NN, shuffled labels": f"{mean} ({spread}, {len(shuffled)} deals; commonest class {100 * row.chance:.1f} %)"
    }
    return {
        "": name,
        "k-NN accuracy": tally(row.knn),
        **(control if picked.colour == SHUFFLED else {}),
        "Linear probe": tally(row.probe) if row.probe else "a class has one image only",
        "Silhouette": "undefined" if math.isnan(row.silhouette) else f"{row.silhouette:.2f}",
        "Features": str(row.width),
        **({} if trust is None else {"Trust in this map": f"{trust:.2f}"}),
    }
