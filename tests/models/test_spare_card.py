"""Whether looks are computed on a GPU: where it was measured to be twice as quick, and no training has it."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from stand_ins_card import ELSEWHERE, FarTensor, Watched, another_card

from explorer.looks.attribution.compute.attribute import attribute
from explorer.models import spare_card
from explorer.models.backbones import build
from explorer.models.network import Network
from explorer.models.predicting import probabilities
from explorer.models.spare_card import ROUNDS, SpareCard, sent

CONTEST = ("resnet10", 32)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with another_card(monkeypatch) as found:
        yield found


@pytest.fixture
def network() -> Network:
    return build("resnet10", 3, "random").eval()


def clock(monkeypatch: pytest.MonkeyPatch, here: float, there: float) -> None:
    """Passes that take so many seconds here and there."""
    now, real = [0.0], spare_card._pass

    def passed(network: Network, x: torch.Tensor) -> torch.Tensor:
        found = real(network, x)
        now[0] += here if next(network.parameters()).device.type == "cpu" else there
        return found

    monkeypatch.setattr(spare_card, "_pass", passed)
    monkeypatch.setattr(spare_card.time, "perf_counter", lambda: now[0])


@pytest.mark.parametrize(("there", "wins"), [(0.1, True), (0.49, True), (0.51, False), (2.0, False)])
def test_a_look_goes_to_the_card_that_was_twice_as_quick(
    card: Watched, network: Network, monkeypatch: pytest.MonkeyPatch, there: float, wins: bool
) -> None:
    clock(monkeypatch, 1.0, there)
    assert not card.step()  # nobody asked anything
    assert card.answering(lambda: card.placed(network, 32)) is network  # the first look, which has it measured
    assert [card.step() for _ in range(2 * (1 + ROUNDS) + 2)] == [True] * (2 * (1 + ROUNDS) + 1) + [False]
    assert card.wins == {CONTEST: wins}
    placed = card.answering(lambda: card.placed(network, 32))
    assert (placed is not network) == wins == (next(placed.parameters()).device == ELSEWHERE)
    assert card.answering(lambda: card.placed(network, 64)) is network  # another input size is another contest
    assert card.placed(network, 32) is network  # no question


def test_a_network_there_says_the_same(card: Watched, network: Network) -> None:
    card.wins[CONTEST] = True
    x = torch.randn(2, 3, 32, 32)
    there = card.answering(lambda: probabilities(card.placed(network, 32), x))
    assert card.moved == [CONTEST] and (there == probabilities(network, x)).all()
    assert isinstance(sent(network.copy().to(ELSEWHERE), x.to(memory_format=torch.channels_last)), FarTensor)


def test_a_training_has_the_card(card: Watched, network: Network) -> None:
    card.wins[CONTEST] = True
    with pytest.raises(RuntimeError, match="same device"):  # the stand-in tells
        network.copy().to(ELSEWHERE)(torch.zeros(1, 3, 32, 32))

    other = network.copy()

    def look() -> list[bool]:
        """Which of A, B, and B asked anew are on the card; a training comes after A."""
        found = [card.placed(network, 32) is not network]
        card.training = True
        return [*found, card.placed(other, 32) is not other, card.placed(other, 32, anew=True) is not other]

    assert card.answering(look) == [True, True, False]
    assert card.answering(lambda: card.placed(network, 32)) is network  # the next question does not take it
    card.wins.clear()
    card.answering(lambda: card.placed(network, 32))
    assert not card.step()  # nothing is measured meanwhile
    card.training = False
    assert card.step()


def test_what_the_memory_does_not_hold_is_computed_here(card: Watched, network: Network) -> None:
    card.wins[CONTEST] = True
    places = []

    def look() -> str:
        places.append(next(card.placed(network, 32).parameters()).device.type)
        if places[-1] != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "answered"

    assert card.answering(look) == "answered" and places == [ELSEWHERE.type, "cpu"]
    with pytest.raises(ValueError, match="a fault of the look"):
        card.answering(lambda: int("a fault of the look"))
    assert card.placed(network, 32) is network


def test_a_card_that_cannot_be_used_is_left_alone(
    card: Watched, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")

    monkeypatch.setattr(spare_card, "_pass", broken)
    card.answering(lambda: card.placed(network, 32))
    assert card.step() and not card.step() and card.wins == {CONTEST: False}


def test_without_a_card_nothing_is_placed_or_measured(network: Network) -> None:
    none = SpareCard()
    assert none.answering(lambda: none.placed(network, 32)) is network and not none.step()


def test_convolutions_are_exact_while_a_question_is_answered(card: Watched) -> None:
    flags = torch.backends.cudnn
    before = flags.allow_tf32, flags.deterministic
    assert card.answering(lambda: (flags.allow_tf32, flags.deterministic)) == (False, True)
    assert (flags.allow_tf32, flags.deterministic) == before


@pytest.mark.card
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here")
@pytest.mark.parametrize("backbone", ["resnet18", "mobilenet_v2", "vit_b_16"])
def test_on_a_real_card_maps_are_those_of_the_processor(backbone: str) -> None:
    real, network, x = SpareCard(torch.device("cuda")), build(backbone, 3, "random").eval(), torch.randn(4, 3, 224, 224)
    real.answering(lambda: real.placed(network, 224))
    while real.step():
        pass
    real.wins[backbone, 224] = True
    stage = network.row.stage_names[-1]
    for method in ("gradcam", "integrated_gradients"):
        here = attribute(network, x[:1], 1, method, stage)
        there = [
            real.answering(lambda method=method: attribute(real.placed(network, 224), x[:1], 1, method, stage))
            for _ in range(2)
        ]
        np.testing.assert_allclose(there[0], here, atol=1e-4 * np.abs(here).max())
        if backbone != "vit_b_16":  # attention's way back does not repeat itself
            np.testing.assert_array_equal(*there)
    assert torch.cuda.memory_allocated() == 0
