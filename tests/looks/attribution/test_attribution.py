"""Attributions: numbers on paper for a hand-weighted net, and the network comes back as it was lent."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from explorer.catalogue.backbone import Backbone
from explorer.catalogue.backbones import backbone
from explorer.catalogue.methods import ATTRIBUTIONS
from explorer.catalogue.stages import Stage
from explorer.errors import ExplorerError
from explorer.looks.attribution.compute.attribute import METHODS, attribute
from explorer.models.backbones import build
from explorer.models.network import Network
from explorer.models.predicting import probabilities

pytestmark = pytest.mark.long(25)


class _Tiny(nn.Module):
    """red → channel 0, green - blue → channel 1, ReLU in place; then the channels times 2 and 3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.mix = nn.Conv2d(3, 2, 1, bias=False), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 1)
        self.fc = nn.Linear(2, 2)
        self.conv.weight.data = torch.tensor([[1.0, 0, 0], [0, 1, -1]])[:, :, None, None]
        self.mix.weight.data = torch.tensor([[2.0, 0], [0, 3]])[:, :, None, None]
        self.mix.bias.data.zero_()


_TINY = Backbone("tiny", "Tiny", "", (Stage("stem", ("conv", "relu")), Stage("last", ("mix",))), (), 12, 2, head="fc")
_LINEAR = Backbone("linear", "Linear", "", (Stage("pixels", ("pixels",)),), (), 0, 12, head="fc")


@pytest.fixture
def tiny() -> Network:
    network = Network(_TINY, _Tiny(), 2, "random")
    network.head.weight.data = torch.tensor([[1.0, -1], [0, 2]])
    network.head.bias.data.zero_()
    return network


@pytest.fixture
def image() -> Tensor:
    return torch.tensor([[[1.0, 2], [3, 4]], [[0, 0], [8, 4]], [[1, 0], [4, 0]]])[None]


def _vit() -> Network:
    """A very small ViT with the catalogue's twelve layers, in its four stages; 4 × 4 patches."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vit = VisionTransformer(image_size=32, patch_size=8, num_layers=12, num_heads=2, hidden_dim=8, mlp_dim=16)
        return Network(replace(backbone("vit_b_16"), features=8), vit, 2, "random").eval()


NETWORKS: dict[str, Callable[[], Network]] = {
    "resnet10": partial(build, "resnet10", 2, "random"),
    "squeezenet1_1": partial(build, "squeezenet1_1", 2, "random"),
    "mobilenet_v3_small": partial(build, "mobilenet_v3_small", 2, "random"),
    "vit": _vit,
}


@cache
def _built(name: str) -> Network:
    return NETWORKS[name]()


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Network:
    return _built(request.param).copy()


EVERYWHERE = [name for name, row in ATTRIBUTIONS.items() if not row.needs]


def _refused(network: Network, method: str) -> bool:
    """Whether the method does not apply to the network; then it has been seen to say so."""
    needs = ATTRIBUTIONS[method].needs
    if not needs or getattr(network.row, needs):
        return False
    with pytest.raises(ExplorerError, match="does not apply"):
        attribute(network, torch.randn(1, 3, 32, 32), 0, method, network.row.stage_names[1])
    return True


def test_the_table_is_the_catalogue() -> None:
    assert METHODS.keys() == ATTRIBUTIONS.keys()


def test_gradcam_on_paper(tiny: Network, image: Tensor) -> None:
    # class 0: logit = mean(2 A0) - mean(3 A1); A0 = [[1, 2], [3, 4]], A1 = [[0, 0], [4, 4]]
    expected = [[[2 / 4, 4 / 4], [(6 - 12) / 4, (8 - 12) / 4]]]
    np.testing.assert_allclose(attribute(tiny, image, 0, "gradcam", "last"), expected)
    np.testing.assert_allclose(attribute(tiny, image, 0, "gradcam", "stem"), expected)
    # class 1: logit = 2 mean(3 A1)
    np.testing.assert_allclose(attribute(tiny, image, 1, "gradcam", "stem"), [[[0, 0], [6, 6]]])


def test_saliency_on_paper(tiny: Network, image: Tensor) -> None:
    # |∂logit/∂red| = 2/4; |∂/∂green| = |∂/∂blue| = 3/4 where the ReLU is open
    np.testing.assert_allclose(attribute(tiny, image, 0, "saliency", "last"), [[[0.5, 0.5], [0.75, 0.75]]])


def test_saliency_of_a_linear_model_is_the_size_of_its_weights() -> None:
    model = nn.Module()
    model.pixels = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (12, 1, 1)))
    model.fc = nn.Linear(12, 2)
    network = Network(_LINEAR, model, 2, "random")
    found = attribute(network, torch.randn(3, 3, 2, 2), 1, "saliency", "pixels")
    expected = network.head.weight[1].detach().abs().reshape(3, 2, 2).amax(dim=0)
    np.testing.assert_allclose(found, expected.expand(3, 2, 2).numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "vit"])
def test_gradcam_adds_up_to_the_logit_before_a_linear_head(name: str) -> None:
    """Just before pooling and a linear head, Grad-CAM's sum over positions is the logit without its bias."""
    network, x = _built(name), torch.randn(2, 3, 64, 64)
    last = network.row.stage_names[-1]
    linear = [m for m in network.head.modules() if isinstance(m, nn.Linear)][-1]
    with torch.no_grad():
        logit = network(x)[:, 1] - linear.bias[1]
    np.testing.assert_allclose(attribute(network, x, 1, "gradcam", last).sum(axis=(1, 2)), logit, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_images_do_not_meet_in_a_batch(network: Network, method: str) -> None:
    if _refused(network, method):
        return
    x, stage = 3 * torch.randn(2, 3, 32, 32), network.row.stage_names[-2]
    together = attribute(network, x, 1, method, stage)
    alone = np.concatenate([attribute(network, one, 1, method, stage) for one in x.split(1)])
    _same(together, alone)
    assert together.dtype == np.float32
    assert np.abs(together).max() > 0


def test_gradcam_has_the_grid_of_its_stage() -> None:
    network, x = _built("resnet10"), torch.randn(1, 3, 64, 64)
    sides = [attribute(network, x, 0, "gradcam", stage).shape for stage in network.row.stage_names]
    assert sides == [(1, 16, 16), (1, 16, 16), (1, 8, 8), (1, 4, 4), (1, 2, 2)]


def test_gradcam_of_tokens_is_that_of_the_patches() -> None:
    network, x = _built("vit"), torch.randn(2, 3, 32, 32)
    tokens = network.until(x, "layers2").detach().requires_grad_()
    gradient = torch.autograd.grad(network.after(tokens, "layers2")[:, 1].sum(), tokens)[0][:, 1:]
    expected = (gradient.mean(dim=1, keepdim=True) * tokens[:, 1:]).sum(dim=2).reshape(2, 4, 4)
    found = attribute(network, x, 1, "gradcam", "layers2")
    np.testing.assert_allclose(found, expected.detach(), rtol=1e-4, atol=1e-7)


def test_gradcam_says_where_it_does_not_apply() -> None:
    with pytest.raises(ExplorerError, match="class token only.*choose an earlier stage"):
        attribute(_built("vit"), torch.randn(1, 3, 32, 32), 0, "gradcam", "layers4")


def _same(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for the order in which threads add."""
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max() + 1e-7)


def _state(network: Network) -> list[object]:
    """Everything that a borrower must leave alone."""
    modules = [*network.modules(), *(m for view in network.stages.values() for m in view.modules())]
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in modules]
    return [
        [m.training for m in network.modules()],
        [p.requires_grad for p in network.parameters()],
        [None if p.grad is None else p.grad.sum().item() for p in network.parameters()],
        hooks,
        [t.sum().item() for t in network.state_dict().values()],
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("frozen", [True, False])
def test_the_network_comes_back_as_it_was(network: Network, method: str, frozen: bool) -> None:
    if _refused(network, method):
        return
    network.requires_grad_(not frozen).train()
    network.stages["stem"].eval()
    first = next(network.parameters())
    first.grad = torch.ones_like(first)
    before, stage = _state(network), network.row.stage_names[1]
    x = torch.randn(1, 3, 32, 32)
    attribute(network, x, 1, method, stage)
    assert _state(network) == before
    assert not x.requires_grad
    with pytest.raises((RuntimeError, ValueError, AssertionError)):
        attribute(network, torch.randn(1, 4, 32, 32), 1, method, stage)
    assert _state(network) == before


@pytest.mark.parametrize("method", EVERYWHERE)
def test_a_failure_halfway_leaves_nothing_behind(tiny: Network, image: Tensor, method: str) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("forced")

    handle = tiny.head.register_forward_hook(fail)
    before = _state(tiny)
    with pytest.raises(RuntimeError, match="forced"):
        attribute(tiny, image, 0, method, "stem")
    assert _state(tiny) == before
    handle.remove()
    assert attribute(tiny, image, 0, method, "stem").ndim == 3


@pytest.mark.parametrize("method", METHODS)
def test_frozen_weights_and_train_mode_change_nothing(network: Network, method: str) -> None:
    if _refused(network, method):
        return
    x, stage = torch.randn(1, 3, 32, 32), network.row.stage_names[2]
    expected = attribute(network, x, 0, method, stage)
    network.requires_grad_(False).train()
    _same(attribute(network, x, 0, method, stage), expected)
    with torch.inference_mode():
        _same(attribute(network, x.clone(), 0, method, stage), expected)


@pytest.mark.parametrize("method", EVERYWHERE)
def test_weights_made_under_inference_mode(method: str) -> None:
    x = torch.randn(1, 3, 32, 32)
    expected = attribute(_built("resnet10"), x, 0, method, "layer3")
    with torch.inference_mode():
        network = build("resnet10", 2, "random")
    _same(attribute(network, x, 0, method, "layer3"), expected)
    _same(attribute(network, x.double(), 0, method, "layer3"), expected)


def test_probabilities_on_paper(tiny: Network, image: Tensor) -> None:
    tiny.train()
    # logits: 2 · 2.5 - 3 · 2 = -1 and 2 · 3 · 2 = 12
    expected = 1 / (1 + np.exp(13))
    np.testing.assert_allclose(probabilities(tiny, image), [[expected, 1 - expected]], rtol=1e-5)
    assert tiny.training


def test_wrong_choices_are_named(tiny: Network, image: Tensor) -> None:
    with pytest.raises(ExplorerError, match="Unknown attribution method 'lime'.*gradcam, .*saliency"):
        attribute(tiny, image, 0, "lime", "stem")
    with pytest.raises(ExplorerError, match="Unknown stage of tiny 'layer4'.*stem, last"):
        attribute(tiny, image, 0, "gradcam", "layer4")
    with pytest.raises(ExplorerError, match="Unknown class number 2.*0, 1"):
        attribute(tiny, image, 2, "gradcam", "stem")
