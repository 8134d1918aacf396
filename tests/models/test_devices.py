"""What lies where: on a GPU the data stay where there is room, and come through pinned memory where there is none."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from explorer.catalogue.backbones import BACKBONES, backbone
from explorer.models.backbones import build
from explorer.models.devices import Device, choose, laid_out, seeded, to_input

CPU = Device(torch.device("cpu"), False)
CUDA = Device(torch.device("cuda"), True)


def stand_in(nbytes: int) -> Any:
    """A tensor of that size that says where it was sent to."""
    return SimpleNamespace(nbytes=nbytes, to=lambda device: f"on {device}")


@pytest.mark.parametrize(("nbytes", "moves"), [(1, True), (499, True), (500, False), (2000, False)])
def test_a_tensor_moves_to_the_gpu_where_it_takes_less_than_half_of_what_is_free(
    nbytes: int, moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 8000))
    given = stand_in(nbytes)
    assert CUDA.resident(given) == ("on cuda" if moves else given)


def test_elsewhere_a_tensor_stays_as_it_is() -> None:
    given = torch.arange(3)
    assert CPU.resident(given) is given


def test_rows_are_those_asked_for_in_their_order() -> None:
    x = torch.arange(24).view(4, 3, 2)
    assert CPU.gather(x, torch.tensor([2, 0])).tolist() == [x[2].tolist(), x[0].tolist()]


def test_rows_go_from_main_memory_to_a_gpu_through_pinned_memory_without_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds: list[object] = []
    monkeypatch.setattr(Tensor, "pin_memory", lambda self: deeds.append("pinned") or self)
    monkeypatch.setattr(Tensor, "to", lambda self, device, non_blocking: deeds.append((str(device), non_blocking)))
    CUDA.gather(torch.arange(3), torch.tensor([1]))
    assert deeds == ["pinned", ("cuda", True)]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that can be chosen, and cuDNN as torch leaves it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)


@pytest.mark.parametrize(("device", "held"), [("cuda", True), ("auto", True), ("cpu", False)])
def test_where_a_gpu_is_chosen_cudnn_repeats_its_results(device: str, held: bool, gpu: None) -> None:
    assert (choose(backbone("resnet10"), device).device.type == "cuda") == held
    assert torch.backends.cudnn.deterministic == held and torch.backends.cudnn.benchmark != held


@pytest.mark.parametrize(("native", "precision"), [(True, "bfloat16"), (False, "float32")])
@pytest.mark.parametrize("name", ["resnet10", "mobilenet_v2"])
def test_a_gpu_that_only_emulates_bfloat16_computes_in_float32(
    name: str, native: bool, precision: str, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if native:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    assert choose(backbone(name), "cuda").precision == precision


@pytest.mark.parametrize("name", BACKBONES)
def test_on_a_gpu_tensors_lie_channels_last_but_with_depthwise_convolutions(name: str, gpu: None) -> None:
    with torch.device("meta"):
        network = build(name, 2, "random")
    inside = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    plain = any(m.groups == m.in_channels > 1 for m in inside)
    assert choose(backbone(name), "cuda").layout == (torch.contiguous_format if plain else torch.channels_last)
    assert choose(backbone(name), "cpu").layout == torch.channels_last


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_images_and_weights_lie_as_the_device_has_it_and_are_the_same(layout: torch.memory_format) -> None:
    place, pixels = Device(torch.device("cpu"), False, layout), torch.randint(256, (2, 6, 5, 3), dtype=torch.uint8)
    row = backbone("mobilenet_v3_small")
    images = place.images(pixels, row.preprocessing("random"))
    assert images.is_contiguous(memory_format=layout)
    assert torch.equal(images, to_input(pixels, row.preprocessing("random"), place.device))
    network = laid_out(build(row.name, 2, "random"), place)
    assert all(p.is_contiguous(memory_format=layout) for p in network.parameters() if p.dim() == 4)


def test_colours_made_while_nothing_learned_serve_where_something_does() -> None:
    rows, preprocessing = torch.zeros(1, 2, 2, 3, dtype=torch.uint8), backbone("resnet18").preprocessing("random")
    with torch.inference_mode():
        to_input(rows, replace(preprocessing, mean=(0.1, 0.2, 0.3)), CPU.device)
    x = to_input(rows, replace(preprocessing, mean=(0.1, 0.2, 0.3)), CPU.device)
    weight = torch.ones(3, requires_grad=True)
    (x[0, :, 0, 0] * weight).sum().backward()
    assert torch.equal(weight.grad if weight.grad is not None else x, x[0, :, 0, 0])


def test_the_hardware_names_the_processor_and_its_threads() -> None:
    told = CPU.hardware
    assert told.startswith("cpu") and told == CPU.hardware
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert CPU.hardware != told
    finally:
        torch.set_num_threads(threads)


def test_the_hardware_names_the_gpu_and_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    assert CUDA.hardware == f"NVIDIA H200, CUDA {torch.version.cuda}, cuDNN 91002"


def test_seeded_draws_repeat_and_leave_torch_s_own_alone() -> None:
    state = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with seeded(7):
            draws.append(torch.rand(3))
    assert torch.equal(*draws) and torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("amx", "avx512", "precision"), [(True, True, "bfloat16"), (False, True, "bfloat16"), (False, False, "float32")]
)
def test_either_of_two_kinds_of_hardware_multiplies_bfloat16(
    amx: bool, avx512: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    assert choose(backbone("resnet10"), "cpu").precision == precision


def test_a_torch_that_cannot_be_asked_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert choose(backbone("resnet10"), "cpu").precision == "float32"
