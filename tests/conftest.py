"""What every test gets: a Thaw folder of its own, seeds, one thread, no network."""

import dataclasses
import errno
import functools
import gc
import os
import random
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "THAW_THREADS": "1"}  # before torch and numba load
os.environ.setdefault(
    "NUMBA_CACHE_DIR", ""
)  # beside the packages: what one process compiled serves all, and workers too
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the same for what Python compiles, torch for 12 s and umap for 9 s
sys.dont_write_bytecode = False

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker is alone with one at the end; before all those with a browser,
    one after another, so that they share it."""
    longest = {item: item.get_closest_marker("long") for item in items}
    seconds = {item: mark.args[0] if mark else 0 for item, mark in longest.items()}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, -seconds[item]))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of what is loaded and collected can be freed, so nothing is gained by looking for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def _here(host: Any) -> bool:
    return host in (None, "") or str(host).startswith(LOOPBACK)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thaw's folder, empty and for this test alone; it is made by whoever writes first."""
    folder = tmp_path / "thaw"
    monkeypatch.setenv("THAW_SAMPLES", str(tmp_path / "no samples"))
    monkeypatch.setattr("explorer.workspaces.gate._asks", [])  # what an opened page leaves behind in the process
    monkeypatch.setenv("THAW_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_downloaded_weights(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine happens to hold in TORCH_HOME must change no result, but for tests marked `material`."""
    if request.node.get_closest_marker("material") is None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture(autouse=True)
def seeds() -> None:
    """The same random numbers for each test, whichever ran before."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.default_generator.manual_seed(0)  # torch.manual_seed notes the caller's stack for each kind of device
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(0)
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections and name look-ups beyond this machine fail as they do on one without a network."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refused(host: object) -> OSError:
        return OSError(errno.ENETUNREACH, f"tests have no network (asked for {host})")

    def local(sock: socket.socket, address: Any) -> bool:
        return sock.family not in (socket.AF_INET, socket.AF_INET6) or _here(address[0])

    def guarded(sock: socket.socket, address: Any) -> None:
        if not local(sock, address):
            raise refused(address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        return connect_ex(sock, address) if local(sock, address) else errno.ENETUNREACH

    def looked_up(host: Any, *arguments: Any, **named: Any) -> Any:
        if not _here(host.decode() if isinstance(host, bytes) else host):
            raise refused(host)
        return look_up(host, *arguments, **named)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


@pytest.fixture
def own_addresses(no_network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For Ray, which talks to this machine by the address that it has for others: every address counts as its own."""
    monkeypatch.setitem(globals(), "LOOPBACK", ("",))


@pytest.fixture(scope="session", autouse=True)
def pages_prepared_once() -> Iterator[None]:
    """Each AppTest of Streamlit 1.67 reads the metadata of every installed package, in search of components, which takes
    longer than its page, and compiles the page anew; what is installed does not change between two tests, nor do pages."""
    if "streamlit" not in sys.modules:
        yield
        return
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache
    from streamlit.testing.v1 import app_test, local_script_runner

    compiled = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        for runner in (app_test, local_script_runner):
            patch.setattr(runner, "ScriptCache", lambda: compiled)
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(scope="session")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 classes of 14 noisy 40 by 40 pictures: stripes that lie, stripes that stand, a chequered board."""
    import numpy as np
    from PIL import Image

    root = tmp_path_factory.mktemp("patterns")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :40] // 5 % 2
    for kind, plain in {"chequered": x ^ y, "lying": y, "standing": x}.items():
        (root / kind).mkdir()
        for i in range(14):
            tint = rng.uniform(0.5, 1, 3)
            pixels = (plain[:, :, None] ^ (i % 2)) * 150 * tint + rng.integers(0, 90, (40, 40, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(root / kind / f"{i:02d}.png")
    return root


@pytest.fixture
def tiny(patterns: Path) -> dict[str, Any]:
    """The choices of a recipe that takes a fraction of a second: a random ResNet-10 on `patterns` at 32 pixels."""
    return {
        "backbone": "resnet10",
        "weights": "random",
        "dataset": "folder",
        "data_dir": str(patterns),
        "per_class": None,
        "input_size": 32,
        "epochs": 2,
        "batch_size": 8,
        "device": "cpu",
    }


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs score in float32 wherever this runs, as looks and scripts do: not in bfloat16 where the processor multiplies it."""
    from explorer.models import devices

    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> str:
    """A backbone for this test alone: ResNet-10 layer by layer, at an eighth of its channels (80,000 weights, not 4.9 million).

    It comes with random weights only; the catalogue and torchvision know it by the name that is returned.
    """
    from torch import nn
    from torchvision.models import _api
    from torchvision.models.resnet import BasicBlock, ResNet

    from explorer.catalogue import BACKBONES

    class Narrow(ResNet):
        def __init__(self, weights: None = None) -> None:
            super().__init__(BasicBlock, [1, 1, 1, 1])
            self.fc = nn.Linear(64, 1000)

        def _make_layer(self, block: Any, planes: int, *rest: Any, **named: Any) -> nn.Sequential:
            if planes == 64:
                self.inplanes = 8
                self.conv1, self.bn1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
            return super()._make_layer(block, planes // 8, *rest, **named)

    monkeypatch.setitem(_api.BUILTIN_MODELS, "narrow10", Narrow)
    row = dataclasses.replace(BACKBONES["resnet10"], name="narrow10", code="", features=64, parameters=77_688)
    monkeypatch.setitem(BACKBONES, "narrow10", row)
    return "narrow10"


@pytest.fixture
def pair(made: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The two runs of a file's `made` (`trained.two`), in their folder."""
    monkeypatch.setenv("THAW_HOME", str(made[0]))
    return made[1], made[2]
