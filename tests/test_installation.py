"""A torch and a torchvision that do not fit together are told with the fix, before anything heavy is imported."""

import importlib.metadata

import pytest

from explorer import bundle, installation
from explorer.errors import ExplorerError
from explorer.installation import extra, mismatch


@pytest.mark.parametrize(
    ("torch", "torchvision", "fits"),
    [
        ("2.15.0", "0.29.2", True),
        ("2.15.0+cpu", "0.29.2+cpu", True),
        ("2.15.0+cpu", "0.29.2", False),
        ("2.15.0", "0.29.2+cu130", False),
    ],
)
def test_a_torch_and_torchvision_from_two_places_are_told_with_the_fix(
    torch: str, torchvision: str, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", {"torch": torch, "torchvision": torchvision}.__getitem__)
    words = mismatch()
    assert fits == (words == "")
    assert fits or (torch in words and torchvision in words and "pip install -r requirements.txt" in words)


def test_a_missing_torch_is_told_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert "torch is not installed" in mismatch() and "requirements.txt" in mismatch()


def test_the_installed_pair_fits() -> None:
    assert mismatch() == ""
    installation.check()


def test_the_command_line_is_told_in_an_error_it_can_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", {"torch": "2.15.0+cpu", "torchvision": "0.29.2"}.__getitem__)
    with pytest.raises(ExplorerError, match="different builds"):
        installation.check()


def test_an_optional_part_is_asked_for_by_a_command_that_works_where_thaw_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    for installed, words in ((True, 'pip install "thaw[heic]"'), (False, 'pip install ".[heic]" (in Thaw\'s folder)')):
        monkeypatch.setattr(bundle, "INSTALLED", installed)
        assert extra("heic") == words
