"""The plain PyTorch under *Show the code*: executed, each gives the numbers of the function whose figure it stands under."""

import ast
import runpy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer import bundle, evidence
from explorer.evidence.pairs import difference, mcnemar
from explorer.looks.attribution.compute import randomisation
from explorer.looks.attribution.compute.attribute import attribute
from explorer.looks.attribution.compute.faithfulness import curves
from explorer.looks.features.compute import channels, excite, filters
from explorer.looks.images import figures as images
from explorer.looks.projection.compute.joint import project
from explorer.looks.similarity.compute import interpolation, neighbours, probes, similarity
from explorer.models.backbones import build
from explorer.models.network import Network

pytestmark = pytest.mark.long(30)

FILES = sorted((bundle.ASSETS / "plain").glob("*.py"))
DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(60, 12)), DRAW.normal(size=(60, 8))
Y[:, :6] += X[:, :6]
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
SAID = np.where(DRAW.random(60) < 0.7, LABELS, 0)
T = torch.from_numpy


@pytest.fixture(scope="module")
def networks() -> tuple[Network, Network]:
    """The built-in backbone, and a copy whose last two stages and head moved."""
    a = build("resnet10", 3).eval()
    b = a.copy()
    torch.manual_seed(1)
    with torch.no_grad():
        for name, x in b.model.named_parameters():
            if name.startswith(("layer3", "layer4", "fc")):
                x += 0.05 * x.std().nan_to_num(1.0) * torch.randn_like(x)
    return a, b


def picture(n: int = 1, side: int = 64) -> Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(2))


def plain(name: str, function: str = "") -> Callable[..., Any]:
    return runpy.run_path(str(bundle.ASSETS / "plain" / f"{name}.py"))[function or name]


def same(found: Any, expected: Any, digits: float = 1e-5) -> None:
    found, expected = (np.asarray(x.detach() if isinstance(x, Tensor) else x, float) for x in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=0, atol=digits * max(1.0, np.abs(expected).max()))


def _numbers(a: Network, b: Network) -> None:
    same(plain("wilson")(257, 306, 1.959963984540054), evidence.wilson(257, 306))
    right_a, right_b = (T(DRAW.random(40) < p) for p in (0.6, 0.8))
    fixed, broken = int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())
    value, interval, p = plain("difference")(right_a, right_b, 1.959963984540054)
    same(interval, difference(fixed, broken, 40))
    same([value, p], [(fixed - broken) / 40, mcnemar(fixed, broken)])
    same(plain("counts")(T(LABELS), T(SAID), 3), images.counts(LABELS, SAID, 3))


def _similarity(a: Network, b: Network) -> None:
    same(plain("cka")(T(X), T(Y)), similarity.cka(X, Y))
    same(plain("cka_matrix")([T(X), T(Y)], [T(Y), T(X)]), similarity.cka_matrix([X, Y], [Y, X]))
    same(plain("knn_right")(T(X), T(LABELS)).double().mean(), neighbours.knn_right(X, LABELS).mean(), 0.05)  # ties
    assert (plain("probe")(T(X[:40]).float(), T(LABELS[:40]), T(X[40:]).float()).numpy()
            == probes.probe(X[:40], LABELS[:40], X[40:])).all()  # fmt: skip
    states = a.model.state_dict(), b.model.state_dict()
    for name, x in interpolation.interpolated(*states, 0.3).items():
        same(plain("interpolated")(*states, 0.3)[name], x)
    x = picture(2)
    back, stages = b.copy(), [name for name in states[0] if name.startswith("layer3.")]
    back.model.load_state_dict({name: states[0][name] for name in stages}, strict=False)
    with torch.inference_mode():
        same(plain("rewind")(b.model, states[0], "layer3.", x), back.eval()(x))


def _features(a: Network, b: Network) -> None:
    x, several = picture(), picture(12)
    found = channels.maps(b, x, "layer3")
    same(plain("maps")(b.model, b.model.layer3, x), found)
    layers = {name: b.model.get_submodule(name) for name in ("layer1", "layer4")}
    for name, heat in plain("all_maps")(b.model, layers, x).items():
        same(heat, channels.all_maps(b, x)[name])
    same(plain("strength")(T(found)), channels.strength(found))
    same(plain("first_filters")(b.model), filters.first_filters(b)[1])
    peaks = excite.excite(a, b, [several])["layer3"][1]
    top, value, place = plain("excite")(b.model, b.model.layer3, several, 5)
    same(top, np.argsort(-peaks.value[:, 5], kind="stable")[:9])
    same(value, peaks.value[top, 5])
    same(place, peaks.place[top, 5])


def _map(a: Network, b: Network) -> None:
    other = DRAW.normal(size=(40, 12)), DRAW.normal(size=(40, 8))
    shown = project(X, Y, LABELS, "pca", others=other)
    for found, expected in zip(plain("project")(T(X), T(Y), *map(T, other)), (shown.a, shown.b), strict=True):
        signs = torch.sign((found * T(expected)).sum(0))  # an axis may be mirrored
        same(found * signs, expected, 1e-4)


def _attribution(a: Network, b: Network) -> None:
    x = picture()
    same(plain("gradcam")(b.model, b.model.layer3, x.clone(), 1), attribute(b, x, 1, "gradcam", "layer3")[0])
    for method in ("saliency", "input_x_gradient"):
        same(plain(method)(b.model, x, 1), attribute(b, x, 1, method, "layer4")[0])
    steps = plain("integrated_gradients")(b.model, x, 1, torch.zeros_like(x))
    same(steps, attribute(b, x, 1, "integrated_gradients", "layer4")[0], 1e-4)
    order = np.random.default_rng(1).permutation(256)
    same(plain("curves", "deletion")(b.model, x, T(order), 1), curves(b, x, order[None], 1).deletion[0])
    fresh = build("resnet10", 3, "random", seed=3)
    maps = [heat[0] for _, heat in randomisation.cascade(b, fresh, x, 1, "saliency", "layer4")]
    parts = ["fc", "layer4", "layer3", "layer2", "layer1", ("conv1", "bn1")]
    for found, expected in zip(
        plain("cascade")(b.model, fresh.model.state_dict(), parts, lambda model: plain("saliency")(model, x, 1)), maps,
        strict=True,
    ):  # fmt: skip
        same(found, expected)


@pytest.mark.parametrize("check", [_numbers, _similarity, _features, _map, _attribution])
def test_plain_code_gives_the_same_numbers(check: Callable[..., None], networks: tuple[Network, Network]) -> None:
    check(*networks)


def test_plain_code_is_short_imports_no_more_than_it_needs_and_is_checked_above() -> None:
    here = (bundle.ROOT / "tests" / "oracles" / "test_plain.py").read_text(encoding="utf-8")
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        lines = [line for line in ast.unparse(ast.parse(text)).splitlines() if line.strip()]
        assert len(lines) <= 22 and max(map(len, text.splitlines())) <= 130, file.name
        modules = {n.names[0].name if isinstance(n, ast.Import) else n.module for n in ast.walk(ast.parse(text))
                   if isinstance(n, (ast.Import, ast.ImportFrom))}  # fmt: skip
        assert modules <= {"torch", "torch.nn", "numpy", "copy", "math"}, file.name
        assert f'"{file.stem}"' in here, f"{file.name} is not executed here"
