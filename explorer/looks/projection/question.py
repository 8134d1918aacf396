"""The shared map. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from explorer.evidence import Score
from explorer.question import A, Lane, Question, Seed
from explorer.question import Projection as Layout


def in_proportion(labels: np.ndarray, most: int) -> np.ndarray:
    """At most `most` indices into labels (n,), rising, always the same ones; each class in proportion, one at least (so
    that there are more where there are more classes)."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(0).permutation(len(labels))
    quota = {k: max(1, int(most * float((labels == k).mean()))) for k in np.unique(labels)}
    taken = np.concatenate([order[labels[order] == k][:q] for k, q in quota.items()])
    return np.sort(taken)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the places of the same images in A and in B agree.

    On the map: `mixing` in [0, 1], the share of each point's map neighbours from the other model (0.5 where the clouds
    cover each other, whoever is where in them; near 0 for two islands), and `twins` in [0, 1], how often an image's own
    place in the other model is nearer than another image's (1 where no image moved past another, 0.5 by chance). In the
    feature space, after the rotation: `left`, the share of the squared distance that is left (0 unmoved, about 1 unrelated).
    """

    mixing: float
    twins: float
    left: float


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One shared map of the test images in A (before) and B (after): `a`, `b` (n, 2).

    `knn_a`, `knn_b`: leave-one-out 10-nearest-neighbour accuracy in the full space; `trust_a`, `trust_b`: trustworthiness
    of the map in [0, 1] (Venna, Kaski 2001); `unmoved`: the features are bitwise the same; the rotation was fitted on
    `others` images that are not shown, in `axes` dimensions (0: nothing was rotated); `neighbours`, `min_dist` and `seed`
    are UMAP's.
    """

    method: str
    stage: str
    a: np.ndarray
    b: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    knn_a: Score
    knn_b: Score
    trust_a: float
    trust_b: float
    agreement: Agreement
    unmoved: bool
    others: int = 0
    axes: int = 0
    neighbours: int = 15
    min_dist: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class MapControls:
    """What the procedure of a map gives where there is nothing to find.

    `shuffled`: A against B with B's images shuffled, on the map and in what the rotation is fitted on; `random`: A
    against a random network of A's shape.
    """

    shuffled: Agreement
    random: Agreement


@dataclass(frozen=True, kw_only=True)
class Separation:
    """How far the classes of the test images are apart in one run's full feature space (n, width), without any map.

    `knn` as in `Projection`; `probe` the score of a logistic regression over `folds` stratified folds (None where a class
    has one image only); `silhouette` in [-1, 1], NaN where it does not exist. The control: `shuffles` (s, n) are orders of
    the labels, `shuffled` the k-NN accuracy with each; `chance` the share of the commonest class.
    """

    run: str
    stage: str
    width: int
    knn: Score
    probe: Score | None
    folds: int
    silhouette: float
    shuffles: np.ndarray
    shuffled: tuple[Score, ...]
    chance: float


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """A run on one map, from the pre-trained network on: `xy` (t, m, 2) at the epochs (t,), 0 being pre-trained.

    `images` (m,) are those of the n test images that are drawn, `labels` (m,) theirs; `knn` (all n images, full space) and
    `trust` (of the map) one each epoch; `chosen` the epoch that the run kept; `moved` is False where no epoch changed a
    feature (then t = 1); the rotations were fitted on `others` images that are not drawn, in `axes` dimensions (0: none).
    """

    run: str
    method: str
    stage: str
    epochs: tuple[int, ...]
    xy: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    knn: tuple[Score, ...]
    trust: tuple[float, ...]
    chosen: int
    moved: bool
    others: int = 0
    axes: int = 0


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The control of every map: Gaussian noise of the size of a run's features (n, width), laid out by the same recipe.

    `xy` (n, 2); `labels` (n,) are the run's, which have nothing to do with the noise; `knn` and `trust` as in `Projection`.
    """

    method: str
    width: int
    xy: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    knn: Score
    trust: float


class _Layout(Question[A]):
    """How points are laid out: `pca`, `umap` (or `aligned`, for two runs), and UMAP's settings."""

    method: Layout = "umap"
    neighbours: Annotated[int, Field(ge=2, le=1000)] = 15
    min_dist: Annotated[float, Field(ge=0, le=1)] = 0.1
    seed: Seed = 0

    @property
    def lane(self) -> Lane:
        """UMAP takes seconds, PCA none."""
        return "look" if self.method == "pca" and not self.slow else "map"


class ProjectQuestion(_Layout[Projection]):
    """One shared map of the test images in A and in B, at the last stage."""

    handler: ClassVar[str] = "explorer.looks.projection.compute.handlers:project"
    reports: ClassVar[bool] = True
    a: str
    b: str


class MapControlsQuestion(_Layout[MapControls]):
    """The same procedure where there is nothing to find: shuffled images, and a random network in B's place."""

    handler: ClassVar[str] = "explorer.looks.projection.compute.handlers:map_controls"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    a: str
    b: str


class ProjectEpochsQuestion(_Layout[Trajectory]):
    """The test images at the last stage of one run: pre-trained, then after each epoch."""

    handler: ClassVar[str] = "explorer.looks.projection.compute.handlers:project_epochs"
    revision: ClassVar[int] = 1
    reports: ClassVar[bool] = True
    run: str


class ProjectNoiseQuestion(_Layout[Noise]):
    """Gaussian noise of the size of a run's features, laid out by the same recipe."""

    handler: ClassVar[str] = "explorer.looks.projection.compute.handlers:project_noise"
    run: str


class SeparationQuestion(Question[Separation]):
    """How far the classes are apart at the last stage of a run, in the full space."""

    handler: ClassVar[str] = "explorer.looks.projection.compute.handlers:separation"
    run: str
