"""The ways of looking: attribution methods and projections."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.catalogue.backbone import Backbone


@dataclass(frozen=True)
class Method:
    """One row: the shown title, what it computes, what it cannot tell."""

    name: str
    title: str
    meaning: str
    caution: str


@dataclass(frozen=True)
class AttributionMethod(Method):
    """One row of the ways to ask where a network looks.

    `unit` says what a value of the map is. `signed`: values below 0 oppose the class; `staged`: the map lies on the
    grid of a chosen stage; `baseline`: it needs a picture without evidence to compare with; `complete`: the values promise
    to add up to what the class gains from the baseline to the picture; `contrast`: it asks about a class, and so can be asked
    about the difference of two. `passes`: runs of the network for one picture.
    `needs`: the field of a backbone's row that must be true (empty: none), and `why`.
    """

    unit: str = "logits"
    signed: bool = True
    staged: bool = False
    baseline: bool = False
    complete: bool = False
    contrast: bool = True
    passes: int = 1
    needs: str = ""
    why: str = ""

    def obstacle(self, row: Backbone | None, stage: str = "") -> str:
        """Why the method does not apply to a backbone (at a stage, where it is staged); empty where it does."""
        if row is None:
            return ""
        if self.needs and not getattr(row, self.needs):
            return self.why
        if self.staged and row.class_token and stage == row.stage_names[-1]:
            return (
                "the head reads the class token only, so the patches of the last stage have no gradient: "
                "choose an earlier stage, or Attention rollout"
            )
        return ""


COARSE = 192
"""Pixels a side below which the last stage of most backbones, a 32nd of the side, has fewer than six cells."""


def looking_stage(stages: Sequence[str], size: int) -> str:
    """The stage that a look begins with, for inputs of `size` pixels: the last one whose map one can read, here the last or, of
    small inputs, the one before.

    At 96 pixels the built-in backbone's last stage has 3 × 3 cells, the one before 6 × 6, and neither deletion nor insertion
    tells the two apart (benchmarks/README.md, attribution).
    """
    return stages[-1] if size >= COARSE or len(stages) < 2 else stages[-2]


@dataclass(frozen=True)
class Baseline:
    """One row: a picture that is to carry no evidence."""

    name: str
    title: str
    meaning: str


ATTRIBUTIONS = {
    row.name: row
    for row in (
        AttributionMethod(
            "gradcam",
            "Grad-CAM",
            "Weights the channels of a stage by how much the class score depends on them and adds "
            "them up (Selvaraju et al. 2017, arXiv 1610.02391).",
            "As coarse as the stage's grid. A blank map means no positive evidence, not no evidence.",
            unit="logits, added up over the cells",
            staged=True,
        ),
        AttributionMethod(
            "integrated_gradients",
            "Integrated gradients",
            "Adds up the gradient of the class score along 50 steps from a baseline to the picture, times the "
            "change of each pixel (Sundararajan et al. 2017, arXiv 1703.01365).",
            "Pixels equal to the baseline get nothing, however much they matter: try another baseline before you trust a map.",
            unit="logits",
            baseline=True,
            complete=True,
            passes=50,
        ),
        AttributionMethod(
            "gradient_shap",
            "GradientSHAP",
            "Averages integrated gradients over 20 draws: a noisy copy of the picture, one of three plain baselines (black, "
            "mean grey, white), a random point between the two (Lundberg & Lee 2017, arXiv 1705.07874). Seeded.",
            "20 draws leave noise in the map; the difference between its sum and the score shows how much.",
            unit="logits",
            complete=True,
            passes=20,
        ),
        AttributionMethod(
            "input_x_gradient",
            "Input × gradient",
            "The gradient of the class score times the pixel's own value, counted from mean grey "
            "(Shrikumar et al. 2016, arXiv 1605.01713).",
            "A first-order approximation: it misses saturated units, and the picture's own edges show through.",
            unit="logits",
        ),
        AttributionMethod(
            "saliency",
            "Saliency",
            "How fast the class score changes with each pixel (Simonyan et al. 2014, arXiv 1312.6034).",
            "Noisy; shows sensitivity, not contribution.",
            unit="logits per normalised pixel value, without sign",
            signed=False,
        ),
        AttributionMethod(
            "occlusion",
            "Occlusion",
            "Slides a window of a quarter of the picture's side over it, half a window at a time, and measures the "
            "drop of the class score; each pixel gets the mean of its windows (Zeiler & Fergus 2014, arXiv "
            "1311.2901).",
            "The network was never trained on covered pictures, and the map shows nothing finer than the window.",
            unit="logits lost",
            baseline=True,
            passes=50,
        ),
        AttributionMethod(
            "ablation",
            "Grid ablation",
            "Replaces one cell of an 8 × 8 grid at a time and measures the drop of the class score.",
            "Cells are removed one at a time, so redundant evidence in two cells goes unnoticed.",
            unit="logits lost",
            baseline=True,
            passes=65,
        ),
        AttributionMethod(
            "rollout",
            "Attention rollout",
            "Multiplies the attention of all layers, each averaged with its residual connection, and shows how much "
            "of each patch reaches the class token (Abnar & Zuidema 2020, arXiv 2005.00928).",
            "The same map for every class: it shows where information flows, not which class it supports.",
            unit="share of the class token",
            signed=False,
            contrast=False,
            needs="attention",
            why="it follows the attention of torch.nn's own modules from layer to layer, and this backbone has none of them",
        ),
        AttributionMethod(
            "guided_backprop",
            "Guided backprop (negative control)",
            "The gradient of the class score, with every negative value set to zero in the backward pass through a "
            "ReLU (Springenberg et al. 2015, arXiv 1412.6806).",
            "Sharp and pretty, but nearly independent of what the network learned: it is here to show that looks "
            "prove nothing (Adebayo et al. 2018, arXiv 1810.03292). See Randomise the weights.",
            unit="cut-off logits per normalised pixel value, without sign",
            signed=False,
            needs="plain_relu",
            why="it changes the gradient of plain ReLUs, and this backbone has none or has other activations beside them",
        ),
    )
}

BASELINES = {
    row.name: row
    for row in (
        Baseline("grey", "Mean grey", "zeros after normalisation, which is the mean colour of ImageNet"),
        Baseline("black", "Black", "a black picture"),
        Baseline("blurred", "Blurred", "the picture itself, blurred with a spread of a sixteenth of its side"),
    )
}


@dataclass(frozen=True)
class Control:
    """One row: an order of a picture's cells to hold a map's against. `compact`: it clears one region after another, as a map
    does; only such an order shows what the map's places are worth."""

    name: str
    title: str
    meaning: str
    compact: bool = True


CONTROLS = {
    row.name: row
    for row in (
        Control("centre", "centre first", "from the middle of the picture outwards"),
        Control("shifted", "map shifted", "the same map, moved by a quarter of the picture"),
        Control("mirrored", "map mirrored", "the same map, mirrored left to right"),
        Control("another", "another picture's map", "the map of another test image for that image's class"),
        Control("random", "random cells", "cells drawn at random, scattered over the picture", compact=False),
    )
}

_ON_COMMON_AXES = (
    "Each model's features are centred and scaled on their own and reduced to their first principal components, 50 at most; "
    "after is rotated onto before by orthogonal Procrustes (Schönemann 1966); components and rotation are fitted on training "
    "images that the map does not show"
)

PROJECTIONS = {
    row.name: row
    for row in (
        Method(
            "umap",
            "UMAP, one joint fit",
            f"{_ON_COMMON_AXES}, and one seeded UMAP lays out both from their exact joint nearest neighbours (McInnes et al. "
            "2018, arXiv 1802.03426).",
            "Sizes of clusters mean nothing, distances between them next to nothing.",
        ),
        Method(
            "aligned",
            "AlignedUMAP",
            f"{_ON_COMMON_AXES}; then before and after are each laid out from their own neighbours, while a spring "
            "holds every image near its twin (umap-learn's AlignedUMAP).",
            "How far an image moves depends on how stiff the spring is (0.01 here), and even an image that did not "
            "move drifts. The same features laid out twice (photo patches, built-in backbone, 10 seeds), in per "
            "cent of the map's width: median 1.7 and at most 6.7 with 306 images, 3.9 and 21 with 150, 15 and 51 "
            "with 40; in one joint fit 0.3 and 1.6, 0.5 and 2.9, 3.0 and 9.3. Compare with the joint fit.",
        ),
        Method(
            "pca",
            "PCA, one joint fit",
            f"{_ON_COMMON_AXES}; shown are the two directions of largest variance of both together.",
            "Two directions out of hundreds: classes that overlap here may be separate in the full space.",
        ),
    )
}
