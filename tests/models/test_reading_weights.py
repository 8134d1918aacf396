"""Weights are read once while their file stays as it is, and what was read stays as it was."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from explorer.catalogue import backbone as catalogue
from explorer.catalogue.backbones import BACKBONES
from explorer.models import weights
from explorer.models.backbones import build, fingerprint


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built-in backbone's weights in a folder of the test's own."""
    theirs = BACKBONES["resnet10"].weights_path("BUILT_IN")
    (tmp_path / "backbone").mkdir()
    path = tmp_path / "backbone" / theirs.name
    path.write_bytes(theirs.read_bytes())
    monkeypatch.setattr(catalogue, "ASSETS", tmp_path)
    monkeypatch.setattr(weights, "_latest", None)
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    done: list[Path] = []

    def read(path: Path) -> dict[str, torch.Tensor]:
        done.append(path)
        return load_file(path)

    monkeypatch.setattr(weights, "load_file", read)
    return done


def test_a_file_is_read_and_hashed_once(file: Path, reads: list[Path]) -> None:
    first = build("resnet10", 3)
    with torch.no_grad():
        for tensor in first.model.state_dict().values():
            tensor.zero_()  # whatever becomes of one network, the next begins from the file
    second = build("resnet10", 5, seed=1)
    assert reads == [file]
    assert fingerprint(second) == second.fingerprint() != first.fingerprint()
    assert fingerprint(build("resnet10", 2)) == second.fingerprint()


def test_a_file_that_was_written_since_is_read_and_hashed_anew(file: Path, reads: list[Path]) -> None:
    before = fingerprint(build("resnet10", 3))
    tensors = load_file(file)
    tensors["conv1.weight"][0, 0, 0, 0] += 1
    save_file(tensors, file)
    os.utime(file, ns=(1, 1))
    after = build("resnet10", 3)
    assert len(reads) == 2
    assert fingerprint(after) == after.fingerprint() != before


def test_large_files_do_not_stay_in_memory(file: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SMALL", 1000)
    build("resnet10", 3)
    build("resnet10", 3)
    assert len(reads) == 2 and weights._latest is None


def test_a_network_that_is_cut_or_drawn_has_a_fingerprint_of_its_own(file: Path) -> None:
    cut, drawn, other = (
        build("resnet10", 3, reads="layer2"),
        build("resnet10", 3, "random"),
        build("resnet10", 3, "random", 1),
    )
    found = [fingerprint(network) for network in (build("resnet10", 3), cut, drawn, other)]
    assert len({*found}) == 4
    assert found[1:] == [network.fingerprint() for network in (cut, drawn, other)]
    assert drawn.origin is None
