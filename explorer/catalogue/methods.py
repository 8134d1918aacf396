"""The ways of looking: attribution methods and projections."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One row: the shown title, what it computes, what it cannot tell."""

    name: str
    title: str
    meaning: str
    caution: str


ATTRIBUTIONS = {
    row.name: row
    for row in (
        Method(
            "gradcam",
            "Grad-CAM",
            "Weights the channels of a stage by how much the class score depends on them and adds "
            "them up (Selvaraju et al. 2017, arXiv 1610.02391).",
            "As coarse as the stage's grid. A blank map means no positive evidence, not no evidence.",
        ),
        Method(
            "saliency",
            "Saliency",
            "How fast the class score changes with each pixel (Simonyan et al. 2014, arXiv 1312.6034).",
            "Noisy; shows sensitivity, not contribution.",
        ),
    )
}

PROJECTIONS = {
    row.name: row
    for row in (
        Method(
            "umap",
            "UMAP, one joint fit",
            "Before and after are centred, scaled, rotated onto each other and then laid "
            "out in one seeded fit (McInnes et al. 2018, arXiv 1802.03426).",
            "Sizes of clusters mean nothing, distances between them next to nothing.",
        ),
        Method(
            "pca",
            "PCA, one joint fit",
            "The two directions of largest variance of before and after together.",
            "Two directions out of hundreds: what overlaps here may be apart in the full space.",
        ),
    )
}
