"""How alike two representations of the same images are, and how far the weights moved."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from explorer.errors import ExplorerError
from explorer.looks.similarity.compute import neighbours


def cka(x: np.ndarray, y: np.ndarray) -> float:
    """Debiased linear CKA of the features `x` (n, d1) and `y` (n, d2) of the same images, n ≥ 4: at most 1.

    1 for a rotated, scaled, shifted copy; about 0, and a little below it at times, for independent features. The usual,
    biased figure is near 1 for *any* two matrices with d ≫ n. NaN where the features of either side are constant: there
    is no variation to compare. Raises ExplorerError for n < 4. With few images it scatters widely (of unrelated features
    the mean size is 0.64 at n = 4, 0.14 at 10, 0.04 at 30, 0.01 at 100): `cka_interval` says how widely.

    CKA = HSIC(K, L) / sqrt(HSIC(K, K) · HSIC(L, L)) with K = x xᵀ, L = y yᵀ (Kornblith et al. 2019, arXiv 1905.00414)
    and the unbiased HSIC (Song et al. 2012, JMLR 13:1393), here as the inner product of U-centred matrices, to which it
    is equal (Székely, Rizzo 2014, arXiv 1310.2926); its factor 1 / (n(n - 3)) cancels.
    """
    _images(x, y, 4, "CKA")
    return _alike(_u_centred(x), _u_centred(y))


def cka_interval(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of `cka`, in [-1, 1], over the choice of the n images: what other images of the same kind may give.

    The jackknife: CKA ± t · s with s² = (n-1)/n · Σ (c_i - c̄)², c_i the CKA without image i and t Student's 97.5 % quantile
    at n - 1 (Quenouille 1956, Biometrika 43:353; Tukey 1958). Of features whose CKA is known it covers 92 to 100 % from
    n = 8 on. The bootstrap does not: an image drawn twice is its own nearest copy, which brings back the bias that the
    debiased estimator removes, and its intervals of unrelated features never hold 0. NaN for n < 5 and constant features.
    """
    n = _images(x, y, 4, "CKA")
    k, m = _gram(x), _gram(y)
    if n < 5 or not (k.any() and m.any()):
        return float("nan"), float("nan")
    squares = _without_each(k, k) * _without_each(m, m)
    if not (squares > 0).all():  # without one image the others are all alike
        return float("nan"), float("nan")
    found = _without_each(k, m) / np.sqrt(squares)
    half = _student(n - 1) * float(np.sqrt((n - 1) / n * np.square(found - found.mean()).sum()))
    value = _alike(_u_centred(x), _u_centred(y))
    return max(-1.0, value - half), min(1.0, value + half)


def _without_each(k: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Unbiased HSIC (n,), times n - 4, of two Gram matrices with zero diagonal, without image 0, 1, … n - 1 in turn.

    Song et al. 2012, equation 5: tr(KM) + 1'K1 · 1'M1 / ((n-1)(n-2)) - 2/(n-2) · 1'KM1, each term less what a row holds.
    """
    left = len(k) - 1
    r, s, both = k.sum(axis=1), m.sum(axis=1), (k * m).sum(axis=1)
    sums = (r.sum() - 2 * r) * (s.sum() - 2 * s) / ((left - 1) * (left - 2))
    product = r @ s - r * s - k @ s - m @ r + both
    return both.sum() - 2 * both + sums - 2 / (left - 2) * product


def _student(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def cka_matrix(xs: Sequence[np.ndarray], ys: Sequence[np.ndarray]) -> np.ndarray:
    """`cka` of each of `xs` with each of `ys`, (len(xs), len(ys)): features (n, d) of the same n ≥ 4 images throughout."""
    for x in (*xs, *ys):
        _images(xs[0], x, 4, "CKA")
    rows = [_u_centred(x) for x in xs]
    columns = rows if ys is xs else [_u_centred(y) for y in ys]
    return np.array([[_alike(a, b) for b in columns] for a in rows])


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    """CKA from two U-centred Gram matrices."""
    size = np.sqrt((a * a).sum() * (b * b).sum())
    return min(1.0, float((a * b).sum() / size)) if size else float("nan")


def _gram(x: np.ndarray) -> np.ndarray:
    """The Gram matrix (n, n) of the centred features, with a zero diagonal, at a scale near 1 against rounding."""
    x = x.astype(np.float64)
    centred = x - x.mean(axis=0)
    size = np.abs(centred).max(initial=0.0)
    if size <= 1e-12 * np.abs(x).max(initial=0.0):  # what rounding leaves of a constant
        return np.zeros((len(x), len(x)))
    gram = (centred / size) @ (centred / size).T
    np.fill_diagonal(gram, 0)
    return gram


def _u_centred(x: np.ndarray) -> np.ndarray:
    """The U-centred Gram matrix (n, n): K_ij - (r_i + r_j) / (n-2) + s / ((n-1)(n-2)), zero on its diagonal; r the row
    sums, s the sum."""
    gram = _gram(x)
    n, rows = len(x), gram.sum(axis=1)
    gram += rows.sum() / ((n - 1) * (n - 2)) - (rows[:, None] + rows[None, :]) / (n - 2)
    np.fill_diagonal(gram, 0)
    return gram


def knn_overlap(x: np.ndarray, y: np.ndarray, k: int = 10) -> float:
    """The share in [0, 1] of an image's `k` nearest neighbours in `x` (n, d1) that are also nearest in `y` (n, d2).

    Euclidean, ties as in `neighbours.nearest`, the mean over all images; 1 for a rotated, scaled copy and for a copy in half
    precision, k / (n - 1) by chance. With n ≤ k images all n - 1 others count, and the share is 1 by construction. Raises
    ExplorerError for n < 2.
    """
    n = _images(x, y, 2, "Neighbour overlap")
    k = min(k, n - 1)
    a, b = (neighbours.nearest(z, k) for z in _one_precision(x, y))
    return float(np.mean([len(np.intersect1d(i, j)) / k for i, j in zip(a, b, strict=True)]))


def _one_precision(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in half precision where one holds nothing finer, as the features of sample runs and of epochs are stored: else its
    rounding would change neighbours of a frozen stage."""
    with np.errstate(over="ignore"):  # beyond half precision a value becomes infinite, and is no copy
        halves = [z.astype(np.float16).astype(z.dtype) for z in (x, y)]
    stored = any(np.array_equal(z, half) for z, half in zip((x, y), halves, strict=True))
    return (halves[0], halves[1]) if stored and all(np.isfinite(half).all() for half in halves) else (x, y)


def knn_right(x: np.ndarray, labels: np.ndarray, k: int = 10) -> np.ndarray:
    """Whether an image's `k` nearest neighbours in `x` (n, d), itself left out, name its own class, (n,) bool.

    Ties are resolved as in `neighbours.knn_right`. Raises ExplorerError for n < 2.
    """
    _images(x, labels, 2, "The k-NN accuracy")
    return neighbours.knn_right(x, labels, k)


def weight_change(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> float:
    """The relative change ‖after - before‖ / ‖before‖ of a set of weights, at least 0; 0.0 exactly where nothing moved.

    All floating-point tensors of `before` count together, except BatchNorm's running statistics, which are not weights
    (the freeze audit has them). Weights that were all 0 give infinity once they move.
    """
    moved = size = 0.0
    for name, old in before.items():
        if not old.is_floating_point() or name.endswith(("running_mean", "running_var")):
            continue
        old, new = old.detach().double().cpu(), after[name].detach().double().cpu()
        moved += float((new - old).square().sum())
        size += float(old.square().sum())
    if moved == 0:
        return 0.0
    return float(np.sqrt(moved / size)) if size else float("inf")


def _images(x: np.ndarray, y: np.ndarray, least: int, what: str) -> int:
    """n, checked: the same in both and no less than `least`."""
    if len(x) != len(y):
        raise ValueError(f"{what} compares features of the same images; got {len(x)} and {len(y)} of them.")
    if len(x) < least:
        raise ExplorerError(f"{what} needs at least {least} images, got {len(x)}. Choose more test images.")
    return len(x)
