"""Attributions recomputed with plain loops and autograd: nothing here is shared with what it checks but the network itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import VisionTransformer

from explorer.catalogue.backbones import backbone
from explorer.cells import Cells
from explorer.looks.attribution.compute import controls
from explorer.looks.attribution.compute.attribute import attribute, cells_of, contrasted
from explorer.looks.attribution.compute.controls import gains
from explorer.looks.attribution.compute.faithfulness import curves, in_cells
from explorer.looks.features.compute.receptive_field import receptive_fields
from explorer.models.backbones import build
from explorer.models.cells import cells
from explorer.models.network import Network
from explorer.models.predicting import probabilities


@pytest.fixture(scope="module")
def resnet() -> Network:
    """ResNet-10 with random weights whose statistics fit, so that logits have a size; double precision where one likes."""
    network = build("resnet10", 3, "random", seed=4)
    with torch.no_grad():
        network.train()(torch.randn(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    return network.eval()


def _vit() -> Network:
    torch.manual_seed(0)
    vit = VisionTransformer(image_size=32, patch_size=8, num_layers=12, num_heads=2, hidden_dim=8, mlp_dim=16)
    return Network(replace(backbone("vit_b_16"), features=8), vit, 2, "random").eval()


def _pictures(n: int, side: int = 64) -> Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(1))


def _close(found: np.ndarray, expected: np.ndarray, digits: float = 1e-5) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=digits * np.abs(expected).max())


def test_gradcam(resnet: Network) -> None:
    x, kept = _pictures(2), []
    handle = resnet.model.layer3.register_forward_hook(lambda m, i, out: kept.append(out))
    try:
        logits = resnet.model(x)
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad(logits[:, 2].sum(), kept[0])
    n, c, h, w = slope.shape
    expected = np.zeros((n, h, w))
    for i in range(n):
        for channel in range(c):
            expected[i] += float(slope[i, channel].double().mean()) * kept[0][i, channel].detach().double().numpy()
    _close(attribute(resnet, x, 2, "gradcam", "layer3"), expected)


def test_integrated_gradients(resnet: Network) -> None:
    """Gauss–Legendre's 50 points from numpy, from mean grey (zeros) and from black."""
    x = _pictures(1, 32)
    black = -torch.tensor([0.485, 0.456, 0.406]) / torch.tensor([0.229, 0.224, 0.225])
    points, weights = np.polynomial.legendre.leggauss(50)
    for name, start in (("grey", torch.zeros_like(x)), ("black", black[None, :, None, None].expand_as(x))):
        total = torch.zeros_like(x, dtype=torch.float64)
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            at = (start + float(point) * (x - start)).requires_grad_()
            (slope,) = torch.autograd.grad(resnet(at)[0, 1], at)
            total += float(weight) * slope.double()
        expected = ((x - start).double() * total).sum(dim=1).detach().numpy()
        _close(attribute(resnet, x, 1, "integrated_gradients", "layer4", name), expected, 1e-4)


@torch.no_grad()
def test_occlusion(resnet: Network) -> None:
    x, side = _pictures(1), 64
    whole = float(resnet(x)[0, 0])
    lost, covered = np.zeros((side, side)), np.zeros((side, side))
    for top in range(0, side - 16 + 1, 8):
        for left in range(0, side - 16 + 1, 8):
            hidden = x.clone()
            hidden[:, :, top : top + 16, left : left + 16] = 0
            lost[top : top + 16, left : left + 16] += whole - float(resnet(hidden)[0, 0])
            covered[top : top + 16, left : left + 16] += 1
    _close(attribute(resnet, x, 0, "occlusion", "layer4")[0], lost / covered, 1e-4)


@torch.no_grad()
def test_rollout() -> None:
    """Attention from the layers' own projections: softmax of q kᵀ / √d, heads averaged, half of it the way past."""
    network, x = _vit(), _pictures(1, 32)
    tokens = network.stages["stem"](x)
    reached = np.eye(17)
    for layer in network.model.encoder.layers:
        seen, heads = layer.ln_1(tokens), layer.self_attention.num_heads
        q, k, _ = F.linear(seen, layer.self_attention.in_proj_weight, layer.self_attention.in_proj_bias).chunk(3, dim=2)
        q, k = (part[0].double().reshape(17, heads, -1).transpose(0, 1) for part in (q, k))
        attention = torch.softmax(q @ k.transpose(1, 2) / np.sqrt(q.shape[2]), dim=2).mean(dim=0).numpy()
        reached = (attention + np.eye(17)) / 2 @ reached
        tokens = layer(tokens)
    expected = reached[0, 1:].reshape(4, 4)
    _close(attribute(network, x, 0, "rollout", "layers1")[0], expected)


@torch.no_grad()
def test_deletion_and_insertion(resnet: Network) -> None:
    """Square by square, painted by hand, for a map whose cells lie as those of layer3 do; the areas by trapezoids."""
    x = _pictures(1)
    heat = attribute(resnet, x, 1, "gradcam", "layer3")[0]
    where = cells(resnet, "layer3", 64)
    own = in_cells(heat, where, x)
    fine = np.zeros((64, 64))  # cell i of layer3 looks at pixel 16 i
    for row in range(64):
        for column in range(64):
            (i, u), (j, v) = (divmod(min(place, 48), 16) for place in (row, column))
            k, m = min(i + 1, 3), min(j + 1, 3)
            u, v = u / 16, v / 16
            fine[row, column] = (heat[i, j] * (1 - u) * (1 - v) + heat[k, j] * u * (1 - v)
                                 + heat[i, m] * (1 - u) * v + heat[k, m] * u * v)  # fmt: skip
    expected = np.array([[fine[4 * r : 4 * r + 4, 4 * c : 4 * c + 4].mean() for c in range(16)] for r in range(16)])
    _close(own, expected)
    orders = controls.orders(own, own, 0)
    found = curves(resnet, x, orders[:1], 1, steps=10)
    soft = _blurred(x)
    for kind, start, end in (("deletion", x, torch.zeros_like(x)), ("insertion", soft, x)):
        curve, picture = [], start.clone()
        done = 0
        for step in range(11):
            while done < round(step / 10 * 256):
                row, column = divmod(int(orders[0, done]), 16)
                here = (..., slice(4 * row, 4 * row + 4), slice(4 * column, 4 * column + 4))
                picture[here] = end[here]
                done += 1
            curve.append(float(resnet(picture).softmax(dim=1)[0, 1]))
        got = getattr(found, kind)[0]
        np.testing.assert_allclose(got, curve, atol=1e-5)
        by_hand = sum((a + b) / 20 for a, b in zip(curve, curve[1:], strict=False))
        assert float(np.trapezoid(got, dx=0.1)) == pytest.approx(by_hand, abs=1e-6)


def _blurred(x: Tensor) -> Tensor:
    """A Gaussian of a sixteenth of the side, cut off at a sixth, mirrored at the border."""
    side = x.shape[2]
    reach, spread = -(-side // 6), side / 16
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    weights /= weights.sum()
    mirrored = np.pad(x.numpy(), ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="reflect")
    for axis in (2, 3):
        mirrored = np.apply_along_axis(lambda line: np.convolve(line, weights, mode="valid"), axis, mirrored)
    return torch.from_numpy(mirrored.astype(np.float32))


SIZES = {"resnet10": 129, "resnet50": 129, "vgg11_bn": 160, "squeezenet1_1": 159, "mobilenet_v2": 129,
         "mobilenet_v3_small": 129, "efficientnet_b0": 129, "convnext_tiny": 160, "densenet121": 157}  # fmt: skip
"""One backbone of each kind, with a side that puts a cell of its last stage just in the middle of the picture."""


@pytest.mark.parametrize("name", SIZES)
def test_cells_lie_where_the_gradient_of_a_cell_has_its_centre(name: str) -> None:
    """At each stage the cell nearest to the picture's middle, random weights: the mean place of its squared gradient."""
    side = SIZES[name]
    network = build(name, 2, "random", seed=1)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    x = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(2)).requires_grad_()
    out, places = x, np.arange(side)
    for stage in network.row.stage_names:
        out = network.stages[stage](out)
        where = cells(network, stage, side)
        count, step = out.shape[2], side * where.step
        centres = side * where.centres(count) - 0.5  # pixel 0 has its centre at 0
        middle = int(np.abs(centres - (side - 1) / 2).argmin())
        mix = torch.randn(out.shape[:2], generator=torch.Generator().manual_seed(3))
        (slope,) = torch.autograd.grad((out[:, :, middle, middle] * mix).sum(), x, retain_graph=True)
        energy = (slope / slope.abs().max()).double().pow(2).sum(dim=(0, 1)).numpy()
        measured = [float((energy.sum(axis=axis) * places).sum() / energy.sum()) for axis in (1, 0)]
        assert measured == pytest.approx([centres[middle]] * 2, abs=max(0.15 * step, 1.0)), f"{stage}: {measured}"
        assert count == pytest.approx(side / step, abs=1), stage
    assert centres[middle] == (side - 1) / 2


def test_patches_of_a_transformer_lie_where_their_pixels_do() -> None:
    network = _vit()
    x = _pictures(1, 32).requires_grad_()
    where = cells(network, "layers2", 32)
    tokens = network.stages["stem"](x)
    for row, column in ((0, 0), (1, 3)):
        (slope,) = torch.autograd.grad(tokens[0, 1 + 4 * row + column].sum(), x, retain_graph=True)
        seen = slope[0].abs().sum(dim=0).nonzero().double().mean(dim=0) + 0.5
        assert seen.tolist() == pytest.approx([32 * float(where.centres(4)[i]) for i in (row, column)])


def test_receptive_fields_lie_round_their_cells() -> None:
    """A SqueezeNet, which has no padding: where the gradient of one cell is not 0, for every cell of a row."""
    network, side = build("squeezenet1_1", 2, "random"), 127
    sight, where = receptive_fields(network, side)["fire2_3"], cells(network, "fire2_3", side)
    x = torch.randn(1, 3, side, side).requires_grad_()
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    out = network.until(x, "fire2_3")
    for column in (4, 9):
        (slope,) = torch.autograd.grad(out[0, :, 7, column].abs().sum(), x, retain_graph=True)
        seen = slope[0].abs().sum(dim=(0, 1)).nonzero().flatten().tolist()
        centre = side * float(where.centres(out.shape[3])[column])
        # the largest of a window hides its others, so what is seen is at most the field, and round the same centre
        assert centre + sight[0] <= seen[0] <= seen[-1] + 1 <= centre + sight[1]
        assert seen[-1] + 1 - seen[0] >= 0.7 * (sight[1] - sight[0])
    assert sight[0] == -sight[1]


def test_even_cells_share_the_picture_out() -> None:
    assert Cells.even(4).edges(4).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert Cells(0.5 / 96, 1 / 3).edges(3) == pytest.approx([0, (0.5 + 16) / 96, (0.5 + 48) / 96, 1])


def test_a_grid_twice_as_fine_is_four_looks_laced_together(resnet: Network) -> None:
    """Pixel by pixel shifted by hand; on a picture that repeats every half cell all four looks are one."""
    x, half = _pictures(2), 8  # layer3: a cell every 16 pixels
    fine = attribute(resnet, x, 1, "gradcam", "layer3", times=2)
    assert fine.shape == (2, 8, 8)
    mirrored = np.pad(x.numpy(), ((0, 0), (0, 0), (0, half), (0, half)), mode="reflect")
    for down in (0, 1):
        for right in (0, 1):
            moved = torch.from_numpy(mirrored[:, :, half * down :, half * right :][:, :, :64, :64].copy())
            _close(fine[:, down::2, right::2] * 4, attribute(resnet, moved, 1, "gradcam", "layer3"))
    where = cells_of(resnet, "gradcam", "layer3", 8, 64, times=2)
    assert 64 * where.centres(8) - 0.5 == pytest.approx(np.arange(0, 64, 8))
    pixels = attribute(resnet, x, 1, "saliency", "layer3", times=2)
    _close(pixels, attribute(resnet, x, 1, "saliency", "layer3"))


GRADIENTS = ("gradcam", "integrated_gradients", "input_x_gradient", "saliency")


@pytest.mark.parametrize("method", GRADIENTS)
def test_why_this_class_and_not_that_one_is_the_gradient_of_a_difference(resnet: Network, method: str) -> None:
    x = _pictures(1, 32)
    between = contrasted(resnet, 2)
    with torch.no_grad():
        logits = resnet(x)
        assert (between(x) - (logits - logits[:, 2:3])).abs().max() < 1e-5
    np.testing.assert_allclose(probabilities(between, x), probabilities(resnet, x), atol=1e-6)
    found = attribute(between, x, 0, method, "layer3")
    if method == "saliency":
        pixels = x.clone().requires_grad_()
        out = resnet(pixels)[0]
        (slope,) = torch.autograd.grad(out[0] - out[2], pixels)
        expected = slope.abs().amax(dim=1).numpy()
    else:  # linear in the logit that is asked about
        expected = np.subtract(*(attribute(resnet, x, k, method, "layer3") for k in (0, 2)))
    _close(found, expected, 1e-4)


def test_the_interval_of_a_gain_is_that_of_a_paired_t_test() -> None:
    areas = np.random.default_rng(5).uniform(0, 1, (24, 6))
    for kind, sign in (("deletion", 1), ("insertion", -1)):
        for k, gain in enumerate(gains("B", kind, areas, ("a", "b", "c", "d", "random")), 1):
            test = stats.ttest_rel(sign * areas[:, k], sign * areas[:, 0])
            assert (gain.low, gain.high) == pytest.approx(tuple(test.confidence_interval(0.95)), abs=1e-9)
            assert gain.better == sum(sign * (row[k] - row[0]) > 0 for row in areas)
