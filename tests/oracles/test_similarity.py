"""The numbers of `How far it moved`, recomputed by loops and formulas that share no code with what they check."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from explorer.data.stream import Stream
from explorer.looks.similarity.compute import similarity
from explorer.looks.similarity.compute.interpolation import along, interpolated, reestimated
from explorer.looks.similarity.compute.probes import chance, probe
from explorer.looks.similarity.compute.rewind import Plan, rewind
from explorer.models.backbones import build
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.recipe import make
from explorer.training.compute import batchnorm

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


def features(seed: int, n: int = 14, shared: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    x, noise = dice.normal(size=(n, 5)), dice.normal(size=(n, 5))
    return x + 3, (shared * x + math.sqrt(1 - shared**2) * noise)[:, :4] - 1


def hsic_by_quadruples(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC as the mean of its kernel over all ordered quadruples of different images (Gretton et al. 2007), no matrix algebra:
    E k(1,2) l(1,2) + E k(1,2) l(3,4) - 2 E k(1,2) l(1,3)."""
    total, count = 0.0, 0
    for a, b, c, d in itertools.permutations(range(len(x)), 4):
        k = x[a] @ x[b]
        total += k * (y[a] @ y[b]) + k * (y[c] @ y[d]) - 2 * k * (y[a] @ y[c])
        count += 1
    return total / count


def slow_cka(x: np.ndarray, y: np.ndarray) -> float:
    return hsic_by_quadruples(x, y) / math.sqrt(hsic_by_quadruples(x, x) * hsic_by_quadruples(y, y))


def test_debiased_cka_is_a_mean_over_quadruples() -> None:
    x, y = features(0, 8)
    assert similarity.cka(x, y) == pytest.approx(slow_cka(x, y), abs=1e-9)


def test_the_interval_is_the_jackknife_with_every_image_left_out_in_turn() -> None:
    x, y = features(1, 7)
    without = [slow_cka(np.delete(x, i, 0), np.delete(y, i, 0)) for i in range(7)]
    middle = sum(without) / 7
    spread = math.sqrt(6 / 7 * sum((v - middle) ** 2 for v in without))
    t = 2.4469118511449692  # Student, 97.5 %, 6 degrees of freedom, from a table
    expected = (max(-1.0, slow_cka(x, y) - t * spread), min(1.0, slow_cka(x, y) + t * spread))
    assert similarity.cka_interval(x, y) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("n", "shared"), [(10, 0.0), (30, 0.0), (100, 0.0), (15, 0.7), (100, 0.7), (30, 0.97)])
def test_the_interval_covers_the_truth(n: int, shared: float) -> None:
    """Features x = z, y = s z + √(1-s²) e have CKA s² exactly: ‖cov(x, y)‖² / (‖cov(x)‖ ‖cov(y)‖) = s² for independent axes."""
    dice, scale, held, draws = np.random.default_rng(n), np.arange(1, 25) ** -0.5, 0, 150
    for _ in range(draws):
        x = dice.normal(size=(n, 24)) * scale
        y = shared * x + math.sqrt(1 - shared**2) * dice.normal(size=(n, 24)) * scale
        low, high = similarity.cka_interval(x, y)
        held += low <= shared**2 <= high
    assert held / draws >= 0.88  # 95 % less 3.9 standard errors of 150 draws


def test_a_bootstrap_of_unrelated_features_does_not_hold_nought() -> None:
    """Why the interval is no bootstrap: an image drawn twice looks like a likeness."""
    dice = np.random.default_rng(0)
    x, y = dice.normal(size=(60, 24)), dice.normal(size=(60, 24))
    drawn = [similarity.cka(x[rows], y[rows]) for rows in (dice.integers(0, 60, 60) for _ in range(200))]
    assert np.quantile(drawn, 0.025) > 0.05
    low, high = similarity.cka_interval(x, y)
    assert low < 0 < high


def test_cka_of_few_unrelated_images_is_large_by_chance() -> None:
    dice = np.random.default_rng(0)
    for n, size, within in ((4, 0.64, 0.06), (10, 0.14, 0.03), (30, 0.04, 0.012), (100, 0.011, 0.004)):
        found = [abs(similarity.cka(dice.normal(size=(n, 64)), dice.normal(size=(n, 64)))) for _ in range(200)]
        assert np.mean(found) == pytest.approx(size, abs=within)


@pytest.mark.parametrize(("n", "d"), [(306, 64), (306, 512), (306, 1280), (153, 1280)])
def test_the_usual_cka_of_noise_is_d_in_d_and_n(n: int, d: int) -> None:
    """What the page and the glossary say of the biased estimator: 0.17, 0.63, 0.81 and 0.89."""
    dice = np.random.default_rng(n + d)
    x, y = (z - z.mean(axis=0) for z in dice.normal(size=(2, n, d)))
    usual = np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    assert usual == pytest.approx(d / (d + n), abs=0.01)
    assert abs(similarity.cka(x, y)) < 0.02


def test_shared_neighbours_by_sorting_every_distance() -> None:
    x, y = features(3, 40)
    shares = []
    for i in range(40):
        near = [set(sorted((j for j in range(40) if j != i), key=lambda j: math.dist(z[i], z[j]))[:10]) for z in (x, y)]
        shares.append(len(near[0] & near[1]) / 10)
    assert similarity.knn_overlap(x, y) == pytest.approx(sum(shares) / 40, abs=1e-12)


def test_a_probe_is_the_minimum_of_its_loss_and_chance_is_a_count() -> None:
    """Two classes: Newton's method on the penalised log-likelihood, written out."""
    dice = np.random.default_rng(5)
    labels = np.arange(80) % 2
    x = dice.normal(size=(80, 3)) + 0.8 * labels[:, None]
    mean, spread = x[:50].mean(axis=0), x[:50].std(axis=0)
    z = np.column_stack([(x - mean) / spread, np.ones(80)])
    w, penalty = np.zeros(4), np.diag([1.0, 1.0, 1.0, 0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-z[:50] @ w))
        slope = z[:50].T @ (p - labels[:50]) + penalty @ w
        w -= np.linalg.solve(z[:50].T @ (z[:50] * (p * (1 - p))[:, None]) + penalty, slope)
    assert (probe(x[:50], labels[:50], x[50:]) == (z[50:] @ w > 0)).all()
    train, test = [2, 0, 2, 1, 2], [2, 2, 0, 1]
    expected = sum(c == max(set(train), key=train.count) for c in test) / len(test)
    assert chance(np.array(train), np.array(test)) == expected


@pytest.fixture(scope="module")
def nets() -> tuple[Network, Network]:
    """A network with statistics of its own, and the same with other weights and statistics everywhere."""
    a = build("resnet10", 3, "random", seed=0)
    dice = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, t in a.model.state_dict().items():
            if "running_" in name:
                t.add_(0.2 * torch.rand(t.shape, generator=dice))
        b = a.copy()
        for t in b.model.state_dict().values():
            if t.is_floating_point():
                t.mul_(1 + 0.1 * torch.rand(t.shape, generator=dice))
    return a, b


def pixels(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 32, 32, 3)).astype(np.uint8)


def stream(n: int) -> Stream:
    return Stream(pixels(n), make(input_size=32).preprocessing, Device(torch.device("cpu"), False))


def inputs(n: int) -> torch.Tensor:
    wanted = make(input_size=32).preprocessing
    x = torch.from_numpy(pixels(n)).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(wanted.mean)[:, None, None]) / torch.tensor(wanted.std)[:, None, None]


def said(net: Network) -> np.ndarray:
    """Logits of 40 images, by the plain model."""
    with torch.no_grad():
        return net.model.eval()(inputs(40)).numpy()


def anew(net: Network, prefixes: tuple[str, ...]) -> None:
    """Statistics of the BatchNorm layers under these names, from 64 images in two batches of 32, by hooks and means."""
    chosen = [m for n, m in net.model.named_modules() if isinstance(m, nn.BatchNorm2d) and n.startswith(prefixes)]
    seen: dict[nn.Module, list[tuple[torch.Tensor, torch.Tensor]]] = {m: [] for m in chosen}

    def look(layer: nn.Module, args: tuple[torch.Tensor], out: torch.Tensor) -> torch.Tensor:
        x = args[0]
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        count = x.numel() / x.shape[1]
        seen[layer].append((mean, var * count / (count - 1)))
        x = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + layer.eps)
        return x * layer.weight[:, None, None] + layer.bias[:, None, None]

    hooks = [m.register_forward_hook(look) for m in chosen]
    with torch.no_grad():
        for batch in inputs(64).split(32):
            net.model.eval()(batch)
        for hook in hooks:
            hook.remove()
        for layer, found in seen.items():
            layer.running_mean.copy_(sum(m for m, _ in found) / len(found))
            layer.running_var.copy_(sum(v for _, v in found) / len(found))


PARTS = {"stem": ("conv1", "bn1"), **{s: (s,) for s in STAGES[1:]}}


def names_from(stage: str) -> tuple[str, ...]:
    return tuple(p for s in STAGES[STAGES.index(stage) :] for p in PARTS[s])


def test_the_line_of_weights_with_and_without_new_statistics(nets: tuple[Network, Network]) -> None:
    a, b = nets
    one, two = a.model.state_dict(), b.model.state_dict()
    half = {n: 0.7 * one[n] + 0.3 * two[n] if one[n].is_floating_point() else two[n] for n in one}
    assert all(torch.allclose(half[n], t, rtol=1e-6) for n, t in interpolated(one, two, 0.3).items())
    by_hand = b.copy()
    by_hand.model.load_state_dict(half)
    (plain,) = along(a, b, {"test": stream(40)}, alphas=(0.3,))
    np.testing.assert_allclose(plain["test"], said(by_hand), rtol=1e-4, atol=1e-5)
    anew(by_hand, names_from("stem"))
    first, new, last = along(a, b, {"test": stream(40)}, stream(64), alphas=(0, 0.3, 1))
    np.testing.assert_allclose(new["test"], said(by_hand), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(first["test"], said(a), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(last["test"], said(b), rtol=1e-4, atol=1e-5)
    for net, found in zip(nets, reestimated(a, b, {"test": stream(40)}, stream(64)), strict=True):
        alone = net.copy()
        anew(alone, names_from("stem"))
        np.testing.assert_allclose(found["test"], said(alone), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("stage", ["stem", "layer2", "layer4"])
def test_a_stage_set_back_and_its_control(nets: tuple[Network, Network], stage: str) -> None:
    a, b = nets
    state = {n: t.clone() for n, t in b.model.state_dict().items()}
    (found,) = rewind(b, {"start": a.model.state_dict()}, [Plan((stage,), "start")], stream(40), stream(64), said(b))
    put = {n: a.model.state_dict()[n] if n.split(".")[0] in PARTS[stage] else t for n, t in state.items()}
    by_hand, control = b.copy(), b.copy()
    by_hand.model.load_state_dict(put)
    np.testing.assert_allclose(found.plain, said(by_hand), rtol=1e-4, atol=1e-5)
    anew(by_hand, names_from(stage))
    anew(control, names_from(stage))
    np.testing.assert_allclose(found.reestimated, said(by_hand), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.control, said(control), rtol=1e-3, atol=1e-4)
    assert found.layers == sum(
        isinstance(m, nn.BatchNorm2d) for n, m in b.model.named_modules() if n.startswith(names_from(stage))
    )


def test_statistics_moved_are_those_that_differ_by_a_bit(nets: tuple[Network, Network]) -> None:
    a = nets[0]
    other = {n: t.clone() for n, t in a.model.state_dict().items()}
    assert batchnorm.moved(a, a.model.state_dict(), other, STAGES) == []
    other["layer3.0.bn1.running_var"][0] = torch.nextafter(other["layer3.0.bn1.running_var"][0], torch.tensor(9.0))
    (found,) = batchnorm.moved(a, a.model.state_dict(), other, STAGES)
    assert found is a.model.get_submodule("layer3.0.bn1")
    assert batchnorm.moved(a, a.model.state_dict(), other, ("layer4",)) == []
