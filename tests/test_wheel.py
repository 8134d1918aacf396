"""A wheel of Thaw, built without a network and installed into an environment of its own, runs from another folder."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from explorer import __version__, bundle
from explorer.catalogue import BACKBONES
from explorer.experiments.findings import findings

ROOT = Path(__file__).parents[1]
SOURCES = ("explorer", "pages", "assets", ".streamlit", "docs")
FILES = ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE", "streamlit_app.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy, so that nothing is left in the checkout, nor taken from an earlier build."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    _run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "-w",
        "out",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        at=copy,
    )
    (built,) = (copy / "out").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def thaw(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in a bare environment that sees the packages of this one."""
    bare = tmp_path_factory.mktemp("bare")
    _run(sys.executable, "-m", "venv", "--without-pip", str(bare))
    scripts = bare / ("Scripts" if os.name == "nt" else "bin")
    _run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(scripts / "python"),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    )
    (packages,) = bare.glob("**/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return scripts / "thaw"


def _run(*command: str, at: Path | None = None) -> str:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_holds_what_the_app_reads_and_one_name_in_site_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"explorer", f"thaw-{__version__}.dist-info"}
    files = [path for name in SOURCES for path in (ROOT / name).rglob("*")] + [ROOT / "streamlit_app.py"]
    wanted = {path.relative_to(ROOT).as_posix() for path in files if path.is_file() and "__pycache__" not in path.parts}
    wanted = {
        name for name in wanted if not name.startswith("docs/") or name == "docs/findings.md" or name.endswith(".csv")
    }
    held = {name.removeprefix("explorer/share/") for name in names if name.startswith("explorer/")}
    assert held == wanted


def test_the_wheel_asks_for_what_requirements_txt_pins(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    words = archive.read(f"thaw-{__version__}.dist-info/METADATA").decode().split("\n\n")[0].splitlines()
    asked = [
        line.removeprefix("Requires-Dist: ")
        for line in words
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    ]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert asked == [line for line in lines if line and not line.startswith("#")]


def test_the_installed_command_says_its_version_and_finds_its_backbone(thaw: Path, tmp_path: Path) -> None:
    assert _run(str(thaw), "--version", at=tmp_path).strip() == f"thaw {__version__}"
    rows = {row["name"]: row for row in json.loads(_run(str(thaw), "backbones", "--json", at=tmp_path))["backbones"]}
    assert rows.keys() == BACKBONES.keys()
    assert rows["resnet10"]["available_offline"], "the weights are in the wheel"


def test_the_installed_command_reads_its_own_files(thaw: Path, tmp_path: Path) -> None:
    code = """
import json
from explorer import bundle, jobs, texts
from explorer.app.sources import source
from explorer.texts.reading import pages
from explorer.experiments.findings import findings
print(json.dumps([str(bundle.ROOT), len(texts.terms("en").by_name), pages(), source("explorer/evidence/shares.py", "wilson"),
  [[part.title, len(part.files)] for part in findings()[1]]]))
"""
    python = thaw.with_name("python")
    root, terms, pages, source, found = json.loads(_run(str(python), "-c", code, at=tmp_path))
    assert Path(root).parts[-3:] == ("site-packages", "explorer", "share")
    assert terms > 40 and source.startswith("def wilson(")
    assert pages == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    assert found == [[part.title, len(part.files)] for part in findings()[1]] and found


def test_the_installed_command_serves_the_app_with_its_configuration(thaw: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(thaw), "serve", "--server.port", str(port), "--server.headless", "true"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        assert _answer(f"http://127.0.0.1:{port}/_stcore/health", server) == b"ok"
        ready = _answer(f"http://127.0.0.1:{port}/api/handout/en/1", server)
        assert b"<h1" in ready, "a route of ours, from a text of ours"
    finally:
        children = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
        server.terminate()
        server.wait(30)
        for child in children:
            if child.is_running():
                child.kill()
    said = (tmp_path / "log").read_text()
    assert f"http://localhost:{port}" in said and "usage statistics" not in said, said


def _answer(url: str, server: subprocess.Popen[bytes]) -> bytes:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer")


@pytest.mark.parametrize("arguments", [[], ["--server.port", "8600", "--json"]])
def test_serve_passes_its_options_on_to_streamlit(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer import cli
    from explorer.app import serving

    taken: list[list[str]] = []
    record: Callable[..., None] = lambda given, **named: taken.append(given)  # noqa: E731  (as a function of its arguments)
    monkeypatch.setattr(serving, "main", record)
    assert cli.main(["serve", *arguments]) == 0
    assert taken == [["run", str(bundle.LAUNCHER), *arguments[:2]]]
    assert bundle.LAUNCHER.is_file() and (bundle.LAUNCHER.parent / ".streamlit" / "config.toml").is_file()


def test_no_page_is_named_by_its_place_elsewhere() -> None:
    files = [*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py")]
    assert not [path.name for path in files if "../pages/" in path.read_text(encoding="utf-8")]
