"""Whether a map is to be trusted: sums, deletion and insertion, the object's mask, and what random weights leave."""

import numpy as np
import pytest
import torch
from torch import nn

from explorer.catalogue import CONTROLS
from explorer.catalogue.backbone import Backbone
from explorer.catalogue.stages import Stage
from explorer.cells import Cells
from explorer.looks.attribution.compute import controls
from explorer.looks.attribution.compute.attribute import attribute, cells_of, rise
from explorer.looks.attribution.compute.controls import gains, scattered
from explorer.looks.attribution.compute.faithfulness import curves, in_cells, inside
from explorer.looks.attribution.compute.randomisation import cascade, likeness
from explorer.models.backbones import build
from explorer.models.network import Network

_ONE = Backbone("one", "One pixel", "", (Stage("pixels", ("pixels",)),), (), 0, 3 * 32 * 32, head="fc")


@pytest.fixture
def one_cell() -> Network:
    """Class 1 reads the upper left 2 by 2 pixels only."""
    model = nn.Module()
    model.pixels = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (3 * 32 * 32, 1, 1)))
    model.fc = nn.Linear(3 * 32 * 32, 2)
    network = Network(_ONE, model, 2, "random")
    weight = torch.zeros(2, 3, 32, 32)
    weight[1, :, :2, :2] = 1.0
    network.head.weight.data = weight.flatten(1)
    network.head.bias.data = torch.tensor([0.0, -6.0])
    return network


def test_integrated_gradients_add_up_to_what_the_class_gains() -> None:
    network, x = build("resnet10", 3, "random"), torch.randn(2, 3, 64, 64)
    maps = attribute(network, x, 1, "integrated_gradients", "layer4")
    gained = rise(network, x, 1, "integrated_gradients")
    with torch.no_grad():
        network.eval()
        truth = (network(x) - network(torch.zeros_like(x)))[:, 1].numpy()
    np.testing.assert_allclose(gained, truth, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), truth, rtol=0.1, atol=0.05 * np.abs(truth).max())


def test_input_times_gradient_of_a_linear_model_is_their_product(one_cell: Network) -> None:
    x = torch.randn(1, 3, 32, 32)
    found = attribute(one_cell, x, 1, "input_x_gradient", "pixels")[0]
    np.testing.assert_allclose(found[:2, :2], x[0, :, :2, :2].sum(dim=0), rtol=1e-5)
    assert not found[2:].any() and not found[:, 2:].any()


def test_gradient_shap_is_seeded() -> None:
    network, x = build("resnet10", 3, "random"), torch.randn(1, 3, 32, 32)
    first, again = (attribute(network, x, 1, "gradient_shap", "layer4") for _ in range(2))
    assert np.array_equal(first, again)


def test_deleting_the_cell_that_is_read_ends_it_at_once(one_cell: Network) -> None:
    x, heat = torch.ones(1, 3, 32, 32), np.zeros((16, 16), np.float32)
    heat[0, 0] = 1.0
    cells = in_cells(heat, Cells.even(16), x)
    right = controls.orders(cells, -cells, 0)
    found = curves(one_cell, x, np.concatenate([right, scattered(16, 16, 5)]), 1)
    assert found.share[0] == 0 and found.share[-1] == 1
    assert (found.deletion[:, 0] > 0.99).all() and found.deletion[0, 1] < 0.01
    areas = np.trapezoid(found.deletion, found.share, axis=1)
    of = dict(zip(("map", *controls.CONTROLS), areas, strict=False))
    assert of["map"] < 0.05 < 0.9 < of["another"], "its negative comes last"
    assert of["centre"] > 0.9, "the cell lies in a corner"
    assert 0.2 < np.mean(areas[5:]) < 0.8


def test_controls_are_as_compact_as_the_map_and_elsewhere() -> None:
    rng = np.random.default_rng(3)
    cells, another = rng.permutation(256).reshape(16, 16).astype(np.float32), np.eye(16, dtype=np.float32)
    orders = controls.orders(cells, another, 7)
    assert all(sorted(order) == list(range(256)) for order in orders)
    ranked, centre, shifted, mirrored, other = orders
    assert ranked[0] == cells.argmax() and ranked[-1] == cells.argmin()
    rows, columns = centre // 16, centre % 16
    far = np.hypot(rows - 7.5, columns - 7.5)
    assert (np.diff(far) > -1e-6).all(), "from the middle outwards"
    down, right = (shifted // 16 - ranked // 16) % 16, (shifted % 16 - ranked % 16) % 16
    assert len(set(down)) == len(set(right)) == 1 and down[0] in (4, 12) and right[0] in (4, 12)
    assert (mirrored // 16 == ranked // 16).all() and (mirrored % 16 == 15 - ranked % 16).all()
    assert set(other[:16]) == {17 * i for i in range(16)}
    assert tuple(name for name, row in CONTROLS.items() if row.compact) == controls.CONTROLS


def test_a_gain_is_paired_and_points_the_same_way_for_both_kinds() -> None:
    areas = np.array([[0.1, 0.2], [0.5, 0.7], [0.3, 0.2]])  # the map's, the control's
    (less,) = gains("A", "deletion", areas, ("centre",))
    (more,) = gains("A", "insertion", areas, ("centre",))
    assert (less.mean, more.mean) == pytest.approx((0.2 / 3, -0.2 / 3)) and (less.better, more.better) == (2, 1)
    half = 4.302652729911275 * np.std([0.1, 0.2, -0.1], ddof=1) / np.sqrt(3)  # t of 0.975 with 2 degrees of freedom
    assert (less.low, less.high) == pytest.approx((0.2 / 3 - half, 0.2 / 3 + half))
    assert (less.n, less.area, less.control_area) == pytest.approx((3, 0.3, 1.1 / 3))
    (alone,) = gains("A", "deletion", areas[:1], ("centre",))
    assert alone.low == -np.inf, "one picture shows nothing"
    assert less.grouped is None, "images that come in no groups"


def test_a_gain_that_one_photo_makes_is_shown_for_its_patches_only() -> None:
    """Four of five photos gain next to nothing and one of eight patches much: each picture gains, other photos need not."""
    photos = np.array(["a", "b", "c", "d", *["e"] * 8])
    gained = np.array([0.01, 0.02, 0.01, 0.02, *[0.2, 0.22] * 4])
    areas = np.stack([0.5 - gained, np.full(12, 0.5)], axis=1)
    (gain,) = gains("A", "deletion", areas, ("centre",), photos)
    assert gain.shown() and not gain.shown(others=True) and gain.grouped.low < 0 < gain.low
    assert gain.grouped.groups == 5 and gain.grouped.effective < 5
    assert gain.grouped.low + gain.grouped.high == pytest.approx(2 * gain.mean)


def test_on_the_object_or_beside_it() -> None:
    mask = np.zeros((32, 32), bool)
    mask[:16] = True
    heat, even = np.zeros((32, 32), np.float32), Cells.even(32)
    heat[3, 4], heat[20, 20], heat[30, 30] = 3.0, 1.0, -9.0
    share, hit = inside(heat, even, mask)
    assert share == pytest.approx(0.75) and hit
    share, hit = inside(heat, even, ~mask)
    assert share == pytest.approx(0.25) and not hit
    assert inside(np.ones((32, 32), np.float32), even, mask)[0] == pytest.approx(0.5)


def test_a_cell_points_at_the_place_that_its_layers_look_at() -> None:
    """A ResNet's middle cell of 3 by 3 at 96 pixels looks at pixel 32, not 47: an object there is hit, one in the middle not."""
    network = build("resnet10", 2, "random")
    where = cells_of(network, "gradcam", "layer4", 3, 96)
    heat, mask = np.zeros((3, 3), np.float32), np.zeros((96, 96), bool)
    heat[1, 1], mask[30:35, 30:35] = 1.0, True
    assert inside(heat, where, mask)[1] and not inside(heat, Cells.even(3), mask)[1]
    assert 96 * where.centres(3) - 0.5 == pytest.approx([0, 32, 64])
    assert cells_of(network, "saliency", "layer4", 96, 96) == Cells.even(96)
    lower = np.zeros((3, 3), np.float32)
    lower[2, 2] = 1.0
    own = in_cells(lower, where, torch.zeros(1, 3, 96, 96))
    assert np.argwhere(own > 0.9).min() >= 10 and own[15, 15] == own.max() == 1


def test_nothing_replaced_leaves_the_map_as_it_was() -> None:
    network, fresh = build("resnet10", 3, "random", seed=1), build("resnet10", 3, "random", seed=2)
    before = {name: tensor.clone() for name, tensor in network.model.state_dict().items()}
    steps = list(cascade(network, fresh, torch.randn(2, 3, 64, 64), [0, 1], "gradcam", "layer3", "grey"))
    assert [part for part, _ in steps] == ["", "head", "layer4", "layer3", "layer2", "layer1", "stem"]
    first = steps[0][1]
    assert likeness(first, first) == pytest.approx([1.0, 1.0])
    assert (likeness(first, steps[-1][1]) < 0.999).all()
    assert all(torch.equal(before[name], tensor) for name, tensor in network.model.state_dict().items())


def test_guided_backprop_minds_no_relu_in_place() -> None:
    network = build("resnet10", 3, "random")
    apart = network.copy()
    for module in apart.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    x = torch.randn(1, 3, 64, 64)
    maps = [attribute(net, x, 1, "guided_backprop", "layer4") for net in (network, apart)]
    np.testing.assert_allclose(*maps, rtol=1e-4, atol=1e-7)


def test_the_likeness_of_ranks_is_spearman_s() -> None:
    a = np.array([[[1.0, -2.0], [3.0, 4.0]]])
    assert likeness(a, a**3) == pytest.approx([1.0])
    assert likeness(a, 1 / a) == pytest.approx([-1.0])
    assert likeness(a, np.ones_like(a)) == pytest.approx([0.0])
