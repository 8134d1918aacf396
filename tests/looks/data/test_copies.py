"""Near-copies, fast: what is left out of the search is nothing that a search through all pairs finds."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from explorer.data.near_copies import pairs as copies
from explorer.data.near_copies import registration
from explorer.data.near_copies.pairs import NEAREST


def pictures(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 32, 32, 3) uint8 pictures and (n, 8) features: all strangers, all alike, or a crowd among strangers."""
    dice = np.random.default_rng(n)
    small = dice.integers(0, 256, (n, 32, 32, 3), np.uint8)
    alike = {"strangers": 0, "alike": n, "crowd": n // 3}[kind]
    small[:alike] = np.clip(small[0].astype(int) + dice.integers(-90, 91, (alike, 32, 32, 3)), 0, 255)
    features = dice.normal(size=(n, 8)).astype(np.float32)
    features[:alike] = features[:1] + 0.2 * features[:alike]
    return small, features


def through_all(near: copies._Near, limits: tuple[float, float], block: int) -> set[tuple[int, int]]:
    """What `within` should find, with every row sorted whole; block by block, as the products are rounded so."""
    found, (hashes, others), n = set(), near.hashes, len(near.hashes[0])
    for start in range(0, n, block):
        rows = slice(start, start + block)
        by_feature = copies._squares(near.features[0][rows], near.features[1])
        by_hash = np.minimum(*(copies._squares(hashes[rows], x) for x in (others, near.mirrored)))
        for apart in (by_feature, by_hash):
            for i, row in enumerate(apart, start):
                good = (by_feature[i - start] <= limits[1] ** 2) & (by_hash[i - start] <= limits[0] ** 2)
                near_ones = [j for j in np.argsort(row, kind="stable") if good[j] and j != i][:NEAREST]
                found |= {(min(i, int(j)), max(i, int(j))) for j in near_ones}
    return found


@pytest.mark.parametrize("kind", ["strangers", "alike", "crowd"])
def test_candidates_are_those_of_a_search_through_all_pairs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BLOCK", 16)  # the last block is not whole
    small, features = pictures(kind, 40)
    near = copies._Near(small, features, small, features)
    pairs = np.array([[i, j] for i in range(40) for j in range(i)])
    wide = tuple(float(np.quantile(near.distances(pairs, how), 0.7)) for how in ("hash", "features"))
    for limits in (wide, (1e9, 1e9), (1e-3, 1e-3)):
        found = [tuple(pair) for pair in near.within(*limits).tolist()]
        assert set(found) == through_all(near, limits, 16) and len(found) == len(set(found))


def test_blocks_and_squares_are_what_they_say() -> None:
    small, features = pictures("strangers", 7)
    plain = small.reshape(7, 8, 4, 8, 4, 3).mean(axis=(2, 4), dtype=np.float32)
    np.testing.assert_array_equal(copies._blocks(small, 8), plain)
    exact = ((features[:, None].astype(float) - features[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(copies._squares(features, features), exact, atol=1e-4)


def test_a_picture_is_read_where_the_map_leads_and_at_the_rim_beyond_it() -> None:
    dice = np.random.default_rng(3)
    b = dice.uniform(0, 255, (5, 12, 12, 2)).astype(np.float32)
    warp = np.eye(2, 3, dtype=np.float32) + dice.normal(scale=0.3, size=(5, 2, 3)).astype(np.float32)
    warp[0] = np.eye(2, 3)
    warp[1, :, 2] = 40.0  # all of it beyond the rim
    planes = torch.from_numpy(b.transpose(0, 3, 1, 2))
    found = registration._warped(planes, torch.from_numpy(warp)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(found[0], b[0], rtol=1e-4)
    places = np.mgrid[:12, :12] - 5.5
    for one, to, b_one in zip(found, warp, b, strict=True):
        at = np.einsum("rc,cyx->ryx", to[:, :2], places) + to[:, 2, None, None] + 5.5
        for c in range(2):
            read = map_coordinates(b_one[..., c], np.clip(at, 0, 11), order=1)
            np.testing.assert_allclose(one[..., c], read, atol=0.05)


def laid(one: np.ndarray, two: np.ndarray) -> float:
    """What `distances` should find for a pair (s, s, 3), in float64 and step by step: Baker & Matthews 2004, figure 4."""
    side = len(one)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.minimum(np.hypot(x, y) / ((side - 1) / 2), 1)
    weights = 0.5 * (1 + np.cos(np.pi * radius))

    def band(picture: np.ndarray) -> np.ndarray:
        grey = picture.mean(axis=2)
        return gaussian_filter(grey, 1.0, truncate=3) - gaussian_filter(grey, 3.0, truncate=3)

    def unit(picture: np.ndarray) -> np.ndarray:
        found = (picture - (picture * weights).sum() / weights.sum()) * np.sqrt(weights)
        return found / max(np.linalg.norm(found), 1e-6)

    def read(picture: np.ndarray, warp: np.ndarray) -> np.ndarray:
        to = [warp[r, 0] * y + warp[r, 1] * x + warp[r, 2] + (side - 1) / 2 for r in (0, 1)]
        return map_coordinates(picture, np.clip(to, 0, side - 1), order=1)

    template = unit(band(one.astype(float)))
    down, right = np.gradient(template)
    steepest = np.stack([down * y, down * x, down, right * y, right * x, right]).reshape(6, -1)
    curvature = steepest @ steepest.T
    curvature += (1e-4 * np.trace(curvature) / 6 + 1e-9) * np.eye(6)
    warp = np.eye(3)
    for _ in range(registration.STEPS):
        error = unit(read(band(two.astype(float)), warp)) - template
        inner = np.eye(3)
        inner[:2] += np.linalg.solve(curvature, steepest @ error.ravel()).reshape(2, 3)
        new = warp @ np.linalg.inv(inner)
        far = abs(new[:2, :2] - np.eye(2)).max(), abs(new[:2, 2]).max() / (side / 2)
        warp = new if max(far) <= registration.MOST_STRAIN else warp
    a, b = (gaussian_filter(p.astype(float), (1, 1, 0), truncate=3) for p in (one, two))
    onto = np.stack([read(b[..., c], warp) for c in range(3)], axis=2)
    return min(float(np.sqrt((((a - p) ** 2).mean(axis=2) * weights).sum() / weights.sum())) for p in (onto, b))


@pytest.mark.parametrize("side", [32, 16])
def test_pairs_laid_many_at_once_are_as_far_apart_as_one_by_one(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "AT_ONCE", 16)  # the last block is not whole
    dice = np.random.default_rng(side)
    one, two = [], []
    for i in range(40):
        made = [Image.fromarray(dice.integers(0, 256, (9, 9, 3), np.uint8)).resize((96, 96), Image.Resampling.BICUBIC)]
        shift = dice.normal(0, 0.03 * (1 + i % 3), 6) + (1, 0, 0, 0, 1, 0)
        numbers = tuple(shift * (1, 1, 40, 1, 1, 40))
        made.append(made[0].transform(made[0].size, Image.Transform.AFFINE, numbers, Image.Resampling.BICUBIC))
        for row, picture in zip((one, two), made, strict=True):
            row.append(np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR)))
    one, two = np.stack(one), np.stack(two)
    two[::4] = two[::-4]  # strangers
    two[1] = one[1] = 200  # nothing to hold on to
    found = registration.distances(one, two)
    np.testing.assert_allclose(found, [laid(a, b) for a, b in zip(one, two, strict=True)], atol=2e-3)
    assert found.min() < 1 and found.max() > 20
