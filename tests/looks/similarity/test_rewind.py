"""Stages set back: against networks put together by hand, and bit for bit where nothing was to be set back."""

import numpy as np
import pytest
import torch
from streams import stream

from explorer.data.stream import logits
from explorer.errors import ExplorerError
from explorer.looks.similarity.compute.rewind import Plan, put, rewind
from explorer.models.backbones import build
from explorer.models.network import Network
from explorer.training.compute import batchnorm

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


@pytest.fixture(scope="module")
def nets() -> dict[str, Network]:
    """A network, the same with layer3, layer4 and head tuned, and one of other random weights."""
    start, other = build("resnet10", 3, "random", seed=0), build("resnet10", 3, "random", seed=9)
    tuned = start.copy()
    dice = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in tuned.model.state_dict().items():
            if name.startswith(("layer3", "layer4", "fc")) and tensor.is_floating_point():
                tensor.add_(0.03 * torch.rand(tensor.shape, generator=dice))
        for name, tensor in other.model.state_dict().items():
            if "running_" in name:
                tensor.add_(0.1)  # so that no statistic is that of the others
    return {"start": start, "tuned": tuned, "random": other}


def _states(nets: dict[str, Network]) -> dict[str, dict[str, torch.Tensor]]:
    return {name: nets[name].model.state_dict() for name in ("start", "random")}


def test_every_reset_is_the_network_put_together_by_hand(nets: dict[str, Network]) -> None:
    net = nets["tuned"]
    base = logits(net, stream())
    plans = [Plan((stage,), to) for stage in reversed(STAGES) for to in ("start", "random")]
    plans.append(Plan(("layer1", "layer3"), "random"))
    found = {r.plan: r for r in rewind(net, _states(nets), plans, stream(), stream(64), base)}
    assert set(found) == set(plans)
    for plan in plans:
        by_hand = net.copy()
        put(by_hand, _states(nets)[plan.to], plan.stages)
        np.testing.assert_array_equal(found[plan].plain, logits(by_hand, stream()))
        if not found[plan].identical:
            first = STAGES.index(plan.stages[0])
            layers = batchnorm.layers(by_hand, STAGES[first:])
            if plan.to == "start":  # what was tuned begins with layer3
                layers = batchnorm.layers(by_hand, STAGES[max(3, first) :])
            assert batchnorm.reestimate(by_hand, stream(64), layers) == found[plan].layers
            np.testing.assert_array_equal(found[plan].reestimated, logits(by_hand, stream()))
            assert (found[plan].reestimated != found[plan].plain).any()


def test_a_stage_that_did_not_move_gives_the_network_itself_to_the_last_bit(nets: dict[str, Network]) -> None:
    net = nets["tuned"]
    base = logits(net, stream())
    found = list(rewind(net, _states(nets), [Plan((s,), "start") for s in STAGES], stream(), stream(32), base))
    assert [r.identical for r in found] == [True, True, True, False, False]
    for reset in found[:3]:
        assert reset.reestimated is None
        np.testing.assert_array_equal(reset.plain, base)
    assert all((reset.plain != base).any() for reset in found[3:])


def test_all_stages_and_the_head_of_a_give_a(nets: dict[str, Network]) -> None:
    net = nets["tuned"].copy()
    put(net, nets["random"].model.state_dict(), ("head",))
    (found,) = rewind(net, _states(nets), [Plan(STAGES, "random")], stream(), stream(32), logits(net, stream()))
    np.testing.assert_array_equal(found.plain, logits(nets["random"], stream()))


def test_the_network_stays_as_it_is(nets: dict[str, Network]) -> None:
    net = nets["tuned"]
    before = {n: t.clone() for n, t in net.model.state_dict().items()}
    list(
        rewind(net, _states(nets), [Plan((s,), "random") for s in STAGES], stream(), stream(32), logits(net, stream()))
    )
    assert all(torch.equal(t, before[n]) for n, t in net.model.state_dict().items())
    assert not any(m.training for m in net.model.modules())


def test_the_control_starts_where_the_reset_does(nets: dict[str, Network]) -> None:
    net = nets["tuned"]
    base = logits(net, stream())
    for reset in rewind(net, _states(nets), [Plan((s,), "random") for s in STAGES], stream(), stream(64), base):
        by_hand, behind = net.copy(), STAGES[STAGES.index(reset.plan.stages[0]) :]
        batchnorm.reestimate(by_hand, stream(64), batchnorm.layers(by_hand, behind))
        np.testing.assert_array_equal(reset.control, logits(by_hand, stream()))
        assert reset.layers == len(batchnorm.layers(net, behind))


def test_first_weights_keep_statistics_that_no_training_moved(nets: dict[str, Network]) -> None:
    net, start = nets["tuned"].copy(), nets["start"].model.state_dict()
    with torch.no_grad():
        for name, tensor in net.model.state_dict().items():
            if "running_" in name:
                tensor.copy_(start[name])
    base = logits(net, stream())
    plans = [Plan((s,), to) for s in ("layer3", "layer4") for to in ("start", "random")]
    for reset in rewind(net, _states(nets), plans, stream(), stream(64), base):
        if reset.plan.to == "start":
            assert (
                reset.reestimated is None
                and reset.control is None
                and reset.layers == 0
                and (reset.plain != base).any()
            )
        else:
            assert reset.layers == (6 if reset.plan.stages == ("layer3",) else 3)


@pytest.mark.parametrize(("stages", "words"), [((), "at least one"), (("layer9",), "layer9")])
def test_what_cannot_be_set_back_is_said(nets: dict[str, Network], stages: tuple[str, ...], words: str) -> None:
    with pytest.raises(ExplorerError, match=words):
        list(rewind(nets["tuned"], _states(nets), [Plan(stages, "start")], stream(), stream(32), np.zeros((40, 3))))
