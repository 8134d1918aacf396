"""The folder of frozen outputs: bounded, what was read longest ago goes first, and wrong settings are told in words."""

import os
import time
from pathlib import Path

import psutil
import pytest

from explorer import cache
from explorer.errors import ExplorerError
from explorer.home import ABANDONED


def put(key: str, size: int, age: float) -> Path:
    """An entry of so many bytes, last read so many seconds ago."""
    file = cache.path(key)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    os.utime(file, (time.time() - age,) * 2)
    return file


def keys() -> set[str]:
    return {file.stem for file in cache.folder().glob("*.safetensors")}


def test_it_lies_in_thaws_own_folder(home: Path) -> None:
    assert cache.folder() == home / "cache" / "boundary"
    assert cache.path("a").parent == cache.folder()


def test_a_folder_that_is_not_there_is_empty() -> None:
    assert cache.size() == (0, 0)
    cache.trim(0)
    cache.clear()
    assert not cache.folder().exists()


def test_entries_and_bytes_are_counted() -> None:
    put("a", 10, 5), put("b", 7, 5)
    (cache.folder() / ".c.1-2.part").write_bytes(bytes(100))
    assert cache.size() == (2, 17)


@pytest.mark.parametrize(
    ("most", "left"), [(100, "abc"), (60, "abc"), (59, "bc"), (30, "bc"), (29, "c"), (10, "c"), (9, "")]
)
def test_what_was_read_longest_ago_goes_first_until_the_rest_fits(most: int, left: str) -> None:
    put("a", 30, 300), put("b", 20, 200), put("c", 10, 100)
    cache.trim(most)
    assert keys() == set(left)


def test_what_is_read_again_stays() -> None:
    put("a", 10, 300), put("b", 10, 200)
    cache.touch("a")
    cache.trim(10)
    assert keys() == {"a"}


def test_touching_what_is_gone_is_no_fault() -> None:
    cache.touch("gone")


def test_clear_removes_every_entry_and_what_killed_processes_left() -> None:
    put("a", 10, 5)
    old, young = cache.folder() / ".b.1-2.part", cache.folder() / ".c.1-2.part"
    old.write_bytes(bytes(3)), young.write_bytes(bytes(3))
    os.utime(old, (time.time() - ABANDONED - 1,) * 2)
    cache.clear()
    assert [file.name for file in cache.folder().iterdir()] == [young.name], "somebody still writes it"


def test_a_file_that_cannot_be_removed_stays_when_trimming_and_is_told_when_clearing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("a", 10, 300), put("b", 10, 200)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        cache.trim(0)
        with pytest.raises(ExplorerError, match="cannot be cleared .Permission denied.*writable.*Try again"):
            cache.clear()
    assert keys() == {"a", "b"}


def test_the_limits_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAW_CACHE_GB", raising=False)
    monkeypatch.delenv("THAW_MEMORY_GB", raising=False)
    assert cache.limit() == 4e9
    assert cache.memory() == psutil.virtual_memory().total / 4


@pytest.mark.parametrize(("given", "size"), [("0", 0), ("2", 2e9), (" 0.5 ", 5e8), ("1e2", 1e11), ("", 4e9)])
def test_the_limits_are_settings_in_gigabytes(given: str, size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_CACHE_GB", given)
    assert cache.limit() == size
    if given:
        monkeypatch.setenv("THAW_MEMORY_GB", given)
        assert cache.memory() == size


@pytest.mark.parametrize("given", ["four", "-1", "nan", "inf", "4 GB"])
@pytest.mark.parametrize("setting", ["THAW_CACHE_GB", "THAW_MEMORY_GB"])
def test_a_wrong_limit_is_told_with_what_is_allowed(setting: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(setting, given)
    with pytest.raises(ExplorerError, match=f"{setting} is '{given}'.*a number from 0 up.*leave it out"):
        cache.limit() if setting == "THAW_CACHE_GB" else cache.memory()


def test_it_takes_at_most_half_of_what_is_free() -> None:
    assert cache.takes(1)
    assert not cache.takes(1e18)


def test_a_folder_that_cannot_be_made_takes_nothing(home: Path) -> None:
    home.write_text("a file is in the way")
    assert not cache.takes(1)
    assert cache.size() == (0, 0)
