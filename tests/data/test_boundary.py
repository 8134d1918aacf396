"""The frozen front's output: computed once, found again only where it is still true, and never in the way of a run."""

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from torch import Tensor

from explorer import cache, recipe
from explorer.catalogue import BACKBONES
from explorer.data import datasets
from explorer.data.augmentation import augment
from explorer.data.feature_cache import filling
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.feature_cache.entries import STORED, Writer, find
from explorer.data.feature_cache.frozen import Frozen, versions
from explorer.data.feature_cache.pixels import keep
from explorer.data.images import Data, Images
from explorer.errors import Stopped
from explorer.models import backbones, devices
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.recipe import Recipe

pytestmark = pytest.mark.long(25)


@dataclass
class Bench:
    """A recipe with its data, network and place; `over` counts what is decoded and computed, and hears the progress."""

    recipe: Recipe
    data: Data
    network: Network
    place: Device
    decoded: int = 0
    computed: int = 0
    told: list[float] = field(default_factory=list)

    def over(self, split: str = "train", **changes: Any) -> CachedFeatures:
        """The front over a split, with the data set's own fingerprint unless told otherwise."""
        images = self.counted(changes.pop("images", getattr(self.data, split)))
        given = {"network": self.network, "recipe": self.recipe, "place": self.place, "progress": self.told.append}
        self.decoded = self.computed = 0
        return CachedFeatures.over(images, **given | {"fingerprint": self.data.fingerprint} | changes)

    def counted(self, images: Images) -> Images:
        def read(i: int) -> Image.Image:
            self.decoded += 1
            return images.read(i)

        return replace(images, read=read, reduced=None)


@pytest.fixture
def bench(tiny: dict[str, Any]) -> Callable[..., Bench]:
    """A bench with a tiny recipe of other choices."""

    def made(**choices: Any) -> Bench:
        if choices.get("strategy") == "custom":
            choices.setdefault("stages", (BACKBONES["resnet10"].stage_names[1],))
        chosen = recipe.make(**tiny | {"strategy": "last_stage"} | choices)
        data = datasets.load(chosen)
        network = backbones.build(chosen.backbone, len(data.classes), chosen.weights, chosen.seed)
        network = network.to(memory_format=torch.channels_last)
        found = Bench(chosen, data, network, devices.choose(chosen.row, "cpu"))

        def count(module: object, x: tuple[Tensor, ...], y: Tensor) -> None:
            found.computed += len(y)

        network.model.conv1.register_forward_hook(count)
        return found

    return made


def same(a: CachedFeatures, b: CachedFeatures) -> bool:
    """Whether two fronts are equal to the last bit, and also in their memory's order."""
    equal = all(torch.equal(x, y) and x.stride() == y.stride() for x, y in zip(a.views, b.views, strict=True))
    pooled = a.pooled.keys() == b.pooled.keys() and all(np.array_equal(a.pooled[s], b.pooled[s]) for s in a.pooled)
    return equal and pooled and (a.upto, a.probe) == (b.upto, b.probe) and list(a.pooled) == list(b.pooled)


def files() -> list[Path]:
    return sorted(cache.folder().glob("*")) if cache.folder().is_dir() else []


ALL = torch.arange(10)
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Found again


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "custom"])
def test_what_was_computed_once_is_neither_computed_nor_decoded_again(
    strategy: str, pool: bool, bench: Callable[..., Bench]
) -> None:
    it = bench(strategy=strategy)
    first = it.over(pool=pool)
    n = len(it.data.train)
    assert (it.decoded, it.computed) == (n, n)
    again = it.over(pool=pool)
    assert (it.decoded, it.computed) == (0, 0)
    assert same(first, again) and cache.size()[0] == 1
    assert (again.pooled != {}) == pool
    assert torch.equal(first.read(ALL), again.read(ALL))


def test_another_process_finds_it_too(bench: Callable[..., Bench]) -> None:
    first = bench().over()
    it = bench()
    assert same(first, it.over()) and it.computed == 0


def test_the_cached_output_is_that_of_the_network_to_the_last_bit(bench: Callable[..., Bench]) -> None:
    it = bench()
    it.over("test")
    front = it.over("test")
    assert front.recompute(it.network, it.data.test, it.recipe, 0) == 0.0
    pixels = torch.from_numpy(it.data.test.pixels(it.recipe.preprocessing))
    with torch.inference_mode(), it.place.autocast():
        x = devices.to_input(pixels, it.recipe.preprocessing, it.place.device)
        assert torch.equal(it.network.eval().until(x, front.upto), front.stored)
    with torch.no_grad():
        it.network.model.layer1[0].conv1.weight[0, 0, 0, 0] += 1
    assert front.recompute(it.network, it.data.test, it.recipe, 0) > 0


def test_the_learning_part_can_learn_from_what_was_found(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    for budget in ("1", "0"):
        monkeypatch.setenv("THAW_MEMORY_GB", budget)
        for _ in range(2):
            it = bench()
            front = it.over()
            with it.place.autocast():
                front.tail(it.network, front.read(ALL)).float().sum().backward()
            assert all(p.grad is not None for p in it.network.modules_of("layer4")[0].parameters())


def test_the_progress_goes_forward_to_the_end_whether_computed_or_found(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachedFeatures, "BATCH", 2)
    for strategy, least in (("last_stage", 13), ("last_stage", 1), ("full", 1)):
        it = bench(strategy=strategy)
        it.over()
        assert it.told == sorted(it.told) and it.told[-1] == 1.0 and it.told[0] > 0 and len(it.told) >= least


@pytest.mark.parametrize("batch", [3, 4, 32])
def test_the_size_of_batches_and_of_what_is_decoded_at_once_changes_no_picture(
    batch: int, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    plain = it.over(fingerprint="").stored.float()
    monkeypatch.setattr(CachedFeatures, "BATCH", batch)
    monkeypatch.setattr(filling, "DECODED", 2)
    front = it.over()
    assert torch.allclose(front.stored.float(), plain, atol=0.1)
    assert len(front.stored) == len(front.pooled["stem"]) == it.decoded == it.computed


# Which stages are in front


@pytest.mark.parametrize(
    ("choices", "learns", "upto", "probe"),
    [
        ({}, None, "layer3", False),
        ({}, (), "layer4", True),
        ({}, ("layer2", "layer3", "layer4"), "layer1", False),
        ({"strategy": "linear_probe"}, None, "layer4", True),
        ({"strategy": "full"}, None, None, False),
        ({"strategy": "full"}, ("layer4",), "layer3", False),
        ({"batchnorm": "moving"}, None, None, False),
        ({"strategy": "linear_probe", "batchnorm": "moving"}, (), None, False),
        ({"strategy": "bn_only"}, None, None, False),
    ],
)
def test_the_front_is_what_lies_before_all_that_learns_now(
    choices: dict[str, str], learns: tuple[str, ...] | None, upto: str | None, probe: bool, bench: Callable[..., Bench]
) -> None:
    it = bench(**choices)
    front = it.over(learns=learns)
    assert (front.upto, front.probe) == (upto, probe)
    assert (front.stored.dtype == torch.uint8) == (upto is None)
    assert list(front.pooled) == (
        list(it.recipe.row.stage_names[: it.recipe.row.stage_names.index(upto) + 1] if upto else [])
    )
    assert cache.size()[0] == (upto is not None), "pixels are not stored"


# What names an entry


def key(it: Bench, fingerprint: str = "data", batch: int = 32, pool: bool = False, view: int = 0, **of: Any) -> str:
    """The key of a view with something else than the bench has."""
    upto, chosen = of.pop("upto", "layer3"), of.pop("recipe", it.recipe)
    images, place = of.pop("images", it.data.train), of.pop("place", it.place)
    frozen = Frozen(of.pop("network", it.network), upto, chosen.preprocessing, place)
    return versions(frozen, chosen, images, fingerprint, batch, pool, view + 1)[view].key


def test_the_key_changes_with_whatever_may_change_the_numbers(
    bench: Callable[..., Bench], tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    other = {"images": it.data.train.take(range(5, 10)), "place": Device(it.place.device, not it.place.bfloat16)}
    found = [key(it), *(key(it, **{name: value}) for name, value in other.items())]
    found += [key(it, fingerprint="other"), key(it, batch=31), key(it, pool=True)]
    found += [key(it, upto="layer2"), key(it, upto="layer4")]
    found += [key(it, images=it.data.train.take(np.arange(len(it.data.train))[::-1]))]
    found += [key(it, recipe=recipe.make(**tiny | {"input_size": 64, "strategy": "last_stage"}))]
    for view, choices in ((1, {}), (2, {}), (1, {"seed": 1}), (1, {"augmentation": "crop"})):
        chosen = recipe.make(**tiny | {"augmentation": "flip", "strategy": "last_stage"} | choices)
        found.append(key(it, recipe=chosen, view=view))
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "9.9.9")
        found.append(key(it))
    monkeypatch.setattr(Device, "hardware", "another processor")
    found.append(key(it))
    assert len(set(found)) == len(found) == 16
    assert all(len(name) == 32 for name in found)


def test_the_key_changes_with_every_tensor_of_the_front_and_with_no_other(bench: Callable[..., Bench]) -> None:
    it = bench()
    parts = {name: stage for stage in (*it.recipe.row.stage_names, "head") for name in it.network.names(stage)}
    assert parts.keys() == it.network.model.state_dict().keys()
    plain = key(it)
    for name, tensor in it.network.model.state_dict().items():
        before = tensor.clone()
        (tensor[-1] if tensor.ndim else tensor).add_(1)
        assert (key(it) != plain) == (parts[name] not in ("layer4", "head")), name
        tensor.copy_(before)
    assert key(it) == plain == key(it, network=it.network.copy())


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_tensor_that_a_front_reads_is_in_its_checksum(backbone: str) -> None:
    with torch.device("meta"):
        network = backbones.build(backbone, 2, "random")
    read = {name for stage in network.row.stage_names for name in network.names(stage)}
    inside = {id(t) for t in (*network.pooling.parameters(), *network.pooling.buffers())}
    assert {n for n, t in network.model.state_dict(keep_vars=True).items() if id(t) in inside} <= read
    assert set(network.model.state_dict()) - read == set(network.names("head"))


def test_a_plain_view_is_shared_by_runs_with_and_without_augmentation_and_by_seeds(
    bench: Callable[..., Bench],
) -> None:
    plain, flips, crops = bench(), bench(augmentation="flip"), bench(augmentation="crop", seed=3)
    plain.over()
    front = flips.over(views=2)
    assert flips.computed == len(front.labels), "only the second view is new"
    crops.over(network=plain.network, views=1)
    assert crops.computed == crops.decoded == 0


def test_a_changed_weight_is_never_answered_with_the_old_output(bench: Callable[..., Bench]) -> None:
    it = bench()
    first = it.over()
    with torch.no_grad():
        it.network.model.bn1.running_mean += 0.5
    other = it.over()
    assert it.computed and not torch.equal(first.stored, other.stored)
    it.network.model.bn1.running_mean -= 0.5
    with torch.no_grad():
        it.network.head.weight += 1
        it.network.model.layer4[0].conv1.weight += 1
    assert same(first, it.over()) and it.computed == 0


CHANGES: dict[str, Callable[[Path], object]] = {
    "another picture": lambda file: Image.new("RGB", (41, 40), "red").save(file),
    "another picture, as large a file": lambda file: Image.new("RGB", (40, 40), "red").save(file),
    "renamed": lambda file: file.rename(file.with_name("new.bmp")),
    "removed": lambda file: file.unlink(),
    "one more": lambda file: Image.new("RGB", (40, 40), "blue").save(file.with_name("new.bmp")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_in_which_a_picture_changed_is_never_read_stale(
    change: str, patterns: Path, tmp_path: Path, bench: Callable[..., Bench]
) -> None:
    own = tmp_path / "own"
    for file in patterns.glob("*/*.png"):  # as BMP, where pictures of one size are files of one size
        (own / file.parent.name).mkdir(parents=True, exist_ok=True)
        Image.open(file).save(own / file.parent.name / f"{file.stem}.bmp")
    it = bench(data_dir=str(own))
    first = it.over()
    assert bench(data_dir=str(own)).data.fingerprint == it.data.fingerprint
    place = next(i for i, name in enumerate(it.data.train.ids) if name.startswith("lying"))
    CHANGES[change](own / it.data.train.ids[place])
    changed = bench(data_dir=str(own))
    assert changed.data.fingerprint != it.data.fingerprint
    again = changed.over()
    assert changed.computed == len(changed.data.train)
    if change.startswith("another"):
        rows = (again.stored != first.stored).flatten(1).any(1)
        assert rows.nonzero().flatten().tolist() == [place]


# Damage, and disks that refuse


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda b: b"",
    "half of it": lambda b: b[: len(b) // 2],
    "a byte short": lambda b: b[:-1],
    "a byte long": lambda b: b + b"\0",
    "a flipped bit": lambda b: b[:-1000] + bytes([b[-1000] ^ 1]) + b[-999:],
    "zeros at the end": lambda b: b[:-2000] + bytes(2000),
    "no header": lambda b: b"\xff" * 100 + b[100:],
    "no checksum": lambda b: b.replace(b"crc32", b"other", 1),
    "another name": lambda b: b.replace(b'"stored"', b'"strode"', 1),
}


@pytest.mark.parametrize("budget", ["1", "0"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_computed_anew_and_written_again(
    damage: str, budget: str, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_MEMORY_GB", budget)
    it = bench()
    first = it.over()
    (file,) = files()
    good = file.read_bytes()
    file.unlink()  # a file that is mapped is replaced, not written into
    file.write_bytes(DAMAGES[damage](good))
    assert same(first, it.over()) and it.computed == len(it.data.train)
    assert file.read_bytes() == good
    it.over()
    assert it.computed == 0


@pytest.mark.parametrize("budget", ["1", "0"])
def test_a_folder_that_cannot_be_written_fails_no_run(
    budget: str, home: Path, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    plain = it.over(fingerprint="")
    monkeypatch.setenv("THAW_MEMORY_GB", budget)
    home.mkdir(parents=True)
    (home / "cache").write_text("a file is in the way")
    for _ in range(2):
        assert same(plain, it.over()) and it.computed == len(it.data.train)


@pytest.mark.parametrize("budget", ["1", "0"])
@pytest.mark.parametrize("when", ["first", "later", "closing", "naming"])
def test_a_disk_that_fills_up_in_the_middle_fails_no_run(
    when: str, budget: str, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachedFeatures, "BATCH", 8)
    it = bench()
    plain = it.over(fingerprint="")
    monkeypatch.setenv("THAW_MEMORY_GB", budget)
    calls, add = [0], Writer.add

    def full(self: object, *arguments: object) -> None:
        calls[0] += 1
        if when != "later" or calls[0] == 3:
            raise FULL
        add(self, *arguments)

    deeds = {
        "first": (Writer, "add"),
        "later": (Writer, "add"),
        "closing": (Writer, "close"),
        "naming": (Path, "replace"),
    }
    monkeypatch.setattr(*deeds[when], full)
    assert same(plain, it.over())
    assert calls[0] and files() == [], "nothing half written is left"


def test_a_stop_in_the_middle_leaves_nothing_half_written(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachedFeatures, "BATCH", 8)

    def stop(share: float) -> None:
        if share > 0.8:
            assert [file.suffix for file in files()] == [".part"]
            raise Stopped

    with pytest.raises(Stopped):
        bench().over(progress=stop)
    assert files() == []


def test_two_processes_may_write_the_same_entry_at_once(bench: Callable[..., Bench]) -> None:
    layout = {STORED: torch.empty((2, 3), device="meta"), "stem": torch.empty((2, 1), device="meta")}
    rows, pooled = torch.arange(6.0).view(2, 3), torch.ones((2, 1))
    cache.folder().mkdir(parents=True)
    with Writer("a", layout) as one, Writer("a", layout) as two:
        for writer in (one, two):
            writer.add(rows)
        one.add(pooled)
        first = one.close()
        assert find("a") is not None
        two.add(pooled)
        two.close()
    found = find("a")
    assert found is not None and [file.name for file in files()] == ["a.safetensors"]
    assert torch.equal(found.stored, rows) and torch.equal(first.stored, rows)
    assert found.pooled["stem"].tolist() == [[1], [1]]


def test_an_entry_removed_while_it_is_read_is_read_on(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_MEMORY_GB", "0")
    it = bench()
    plain = it.over(fingerprint="")
    computed, found = it.over(), it.over()
    cache.clear()
    assert same(plain, computed) and same(plain, found)


def test_without_a_fingerprint_nothing_is_stored(bench: Callable[..., Bench]) -> None:
    it = bench()
    it.over(fingerprint="")
    it.over(fingerprint="")
    assert it.computed and files() == []


# Bounds


def mapped() -> bool:
    """Whether this process has an entry mapped."""
    return any(str(cache.folder()) in found.path for found in psutil.Process().memory_maps(grouped=False))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system what is mapped")
def test_beyond_the_budget_the_output_stays_on_the_disk_and_gives_the_same_numbers(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachedFeatures, "BATCH", 8)
    it = bench(augmentation="flip")
    within = it.over(views=3)
    assert not mapped()
    size = within.stored.nbytes
    cache.clear()
    written: list[int] = []
    add = Writer.add
    monkeypatch.setattr(Writer, "add", lambda self, rows: (written.append(len(rows)), add(self, rows))[1])
    for views, share in ((3, 2.9), (1, 0.9)):
        monkeypatch.setenv("THAW_MEMORY_GB", repr(size * share / 1e9))
        for computed in (True, False):
            cache.clear() if computed else None
            beyond = it.over(views=views)
            assert mapped() and (it.computed > 0) == computed
            assert all(torch.equal(a, b) for a, b in zip(within.views, beyond.views, strict=False))
            assert all(torch.equal(beyond.draw(b, 5), beyond.draw(b, 5)) for b in ALL.split(4))
            del beyond
            assert not mapped()
    n = len(it.data.train)
    assert [rows for rows in written if rows != n] == [8, 8, 8] * 3 + [2] * 3 + [8, 8, 8, 2], "batch by batch"


@pytest.mark.parametrize(("share", "kept"), [(3.5, 3), (2.5, 2), (0.5, 0)])
def test_the_folder_keeps_what_was_read_last_below_its_limit(
    share: float, kept: int, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    it.over("val", learns=())
    (size,) = [file.stat().st_size for file in files()]
    cache.clear()
    monkeypatch.setenv("THAW_CACHE_GB", repr(size * share / 1e9))
    for fingerprint in "abc":
        it.over("val", learns=(), fingerprint=fingerprint)
    it.over("val", learns=(), fingerprint="a")
    it.over("val", learns=(), fingerprint="b")
    it.over("val", learns=(), fingerprint="d")
    assert cache.size()[0] == kept and sum(file.stat().st_size for file in files()) <= size * share
    for fingerprint in "db":
        it.over("val", learns=(), fingerprint=fingerprint)
        assert (it.computed == 0) == (kept >= 2)


def test_what_neither_memory_nor_the_limit_allows_lives_on_the_disk_for_this_run_only(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    plain = it.over(fingerprint="")
    monkeypatch.setenv("THAW_MEMORY_GB", "0")
    monkeypatch.setenv("THAW_CACHE_GB", "0")
    front = it.over()
    assert cache.size() == (0, 0) and same(plain, front)


# Views and draws


def test_views_differ_and_the_first_is_the_image_itself(bench: Callable[..., Bench]) -> None:
    it = bench(augmentation="crop")
    plain = bench().over(fingerprint="")
    front = it.over(views=3)
    assert len(front.views) == 3 and torch.equal(front.views[0], plain.stored)
    assert torch.equal(front.stored, plain.stored) and front.pooled.keys() == plain.pooled.keys()
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (front.views[a] != front.views[b]).flatten(1).any(1).float().mean() > 0.9
    assert it.decoded == len(front.labels) and it.computed == 3 * it.decoded, "decoded once for all views"
    again = it.over(views=3)
    assert same(front, again) and it.decoded == it.computed == 0
    assert cache.size()[0] == 3


def test_a_view_is_the_front_s_output_for_augmented_pixels(bench: Callable[..., Bench]) -> None:
    it = bench(augmentation="flip")
    front = it.over(views=2)
    pixels = torch.from_numpy(it.data.train.pixels(it.recipe.preprocessing))
    frozen = Frozen(it.network, "layer3", it.recipe.preprocessing, it.place)
    plain, other = versions(frozen, it.recipe, it.data.train, "", CachedFeatures.BATCH, False, 2)
    changed = other.of(pixels, 0)
    mirrored = (changed != pixels).flatten(1).any(1)
    assert plain.of(pixels, 0) is pixels and 0 < mirrored.sum() < len(pixels)
    assert torch.equal(changed[mirrored], pixels[mirrored].flip(2))
    output, _ = frozen.run(changed[: CachedFeatures.BATCH], pool=False)
    assert torch.equal(output, front.views[1][: CachedFeatures.BATCH])


def test_views_of_each_image_are_read_as_asked(bench: Callable[..., Bench]) -> None:
    front = bench(augmentation="crop").over(views=4)
    batch, view = torch.tensor([5, 0, 3, 3, 9]), torch.tensor([2, 0, 1, 3, 2])
    wanted = torch.stack([front.views[v][i] for i, v in zip(batch.tolist(), view.tolist(), strict=True)])
    assert torch.equal(front.read(batch, view), wanted)
    assert front.read(batch, view).stride() == front.read(batch).stride()
    assert torch.equal(front.read(batch, 2), front.views[2][batch])
    assert torch.equal(front.read(batch), front.stored[batch])


def test_a_draw_is_the_same_for_the_same_seed_and_takes_every_view(bench: Callable[..., Bench]) -> None:
    front = bench(augmentation="crop").over(views=3)
    state = torch.get_rng_state()
    draws = [front.draw(ALL, seed) for seed in range(20)]
    assert torch.equal(draws[3], front.draw(ALL, 3)) and not torch.equal(draws[3], draws[4])
    for i in ALL.tolist():
        seen = {next(v for v, view in enumerate(front.views) if torch.equal(draw[i], view[i])) for draw in draws}
        assert seen == {0, 1, 2}
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("size", [1, 4, 10])
@pytest.mark.parametrize(
    "choices", [{"strategy": "full"}, {"strategy": "last_stage"}, {"augmentation": "none"}], ids=str
)
def test_a_draw_in_parts_is_the_draw_to_the_last_bit(
    choices: dict[str, str], size: int, bench: Callable[..., Bench]
) -> None:
    front = bench(**{"augmentation": "colour"} | choices).over(views=3)
    parts = []
    for part in front.draws(ALL, 7, size):
        parts.append(part)
        torch.rand(5)
    assert {len(part) for part in parts} <= {size, len(ALL) % size}
    assert torch.equal(torch.cat(parts), front.draw(ALL, 7))


def test_pixels_are_on_the_device_before_they_are_augmented(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Tensor] = []
    given: list[Tensor] = []
    monkeypatch.setattr(Device, "send", lambda self, tensor: sent.append(tensor) or tensor)
    monkeypatch.setattr(
        sys.modules["explorer.data.feature_cache.frozen"], "augment", lambda x, *a: given.append(x) or x
    )
    bench(augmentation="crop").over(views=3)
    assert len(given) == 2 and all(any(x is y for y in sent) for x in given)


@pytest.mark.parametrize("strategy", ["full", "last_stage"])
def test_without_augmentation_a_draw_is_what_is_read(strategy: str, bench: Callable[..., Bench]) -> None:
    front = bench(strategy=strategy).over()
    assert torch.equal(front.draw(ALL, 1), front.read(ALL))


@pytest.mark.parametrize("strategy", ["full", "last_stage"])
def test_images_that_are_scored_are_never_augmented(strategy: str, bench: Callable[..., Bench]) -> None:
    front = bench(strategy=strategy, augmentation="colour").over("val", views=1)
    assert torch.equal(front.draw(ALL[:4], 1), front.read(ALL[:4])) and len(front.views) == 1


def test_without_a_front_the_pixels_themselves_are_augmented_afresh(bench: Callable[..., Bench]) -> None:
    it = bench(strategy="full", augmentation="colour")
    front = it.over(views=4)
    assert len(front.views) == 1 and front.stored.dtype == torch.uint8 and it.decoded == len(front.labels)
    first = front.draw(ALL, 1)
    assert torch.equal(first, front.draw(ALL, 1)) and not torch.equal(first, front.draw(ALL, 2))
    changed = augment(front.stored[ALL], "colour", 1)
    assert torch.equal(first, devices.to_input(changed, it.recipe.preprocessing, it.place.device))
    plain = devices.to_input(front.stored[ALL], it.recipe.preprocessing, it.place.device)
    assert torch.equal(front.read(ALL), plain) and first.stride() == plain.stride()


# Where it lies


@pytest.mark.parametrize("strategy", ["full", "last_stage"])
def test_all_that_is_read_often_is_offered_to_the_gpu(
    strategy: str, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[Tensor] = []
    monkeypatch.setattr(Device, "resident", lambda self, tensor: offered.append(tensor) or tensor)
    front = bench(strategy=strategy, augmentation="flip").over(views=2)
    assert [id(tensor) for tensor in offered] == [id(tensor) for tensor in (*front.views, front.labels)]


# Pictures that are kept


def test_kept_pictures_are_decoded_once_whichever_are_asked_for(bench: Callable[..., Bench]) -> None:
    it = bench()
    size, plain = it.recipe.preprocessing, it.data.train.pixels(it.recipe.preprocessing)
    images = keep(replace(it.data, train=it.counted(it.data.train)), size).train
    told: list[float] = []
    assert np.array_equal(images.take([5, 2]).pixels(size, told.append), plain[[5, 2]]) and it.decoded == 2
    assert np.array_equal(images.take(range(4)).take([3, 2]).pixels(size, told.append), plain[[3, 2]])
    assert it.decoded == 3 and np.array_equal(images.pixels(size, told.append), plain) and it.decoded == len(plain)
    assert images.pixels(size) is images.pixels(size) and it.decoded == len(plain)
    assert images.take([1]).pixels(size, told.append).shape == (1, *plain.shape[1:]) and told.count(1.0) == 4
    assert (images.take([3, 1]).ids, images.take([3, 1]).labels.tolist()) == (
        it.data.train.take([3, 1]).ids,
        it.data.train.labels[[3, 1]].tolist(),
    )


def test_kept_pictures_keep_their_groups(bench: Callable[..., Bench]) -> None:
    """Strategies of more than one phase read kept pictures: without their groups a run has none of its test images."""
    it = bench()
    groups = np.array([f"patient {i // 2}" for i in range(len(it.data.test))])
    images = keep(replace(it.data, test=replace(it.data.test, groups=groups)), it.recipe.preprocessing).test
    assert images.groups is not None and images.groups.tolist() == groups.tolist()
    assert (
        images.take([2, 0]).groups.tolist() == groups[[2, 0]].tolist()
        and keep(it.data, it.recipe.preprocessing).val.groups is None
    )


def test_kept_pictures_are_decoded_anew_for_another_size(bench: Callable[..., Bench]) -> None:
    it, other = bench(), bench(input_size=64)
    images = keep(it.data, it.recipe.preprocessing).train
    assert images.pixels(it.recipe.preprocessing).shape[1] == 32
    wanted = other.recipe.preprocessing
    assert np.array_equal(images.pixels(wanted), it.data.train.pixels(wanted))


@pytest.mark.parametrize(("share", "kept"), [(1.01, True), (0.99, False)])
def test_pictures_are_kept_where_all_of_them_fit_into_the_budget(
    share: float, kept: bool, bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = bench()
    n = sum(len(images) for images in (it.data.train, it.data.val, it.data.test))
    monkeypatch.setenv("THAW_MEMORY_GB", repr(n * 32 * 32 * 3 * share / 1e9))
    assert (keep(it.data, it.recipe.preprocessing) is not it.data) == kept
