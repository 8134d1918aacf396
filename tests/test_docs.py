"""The documents tell the truth: commands that work, pages that exist, nothing that only holds on one machine."""

import ast
import functools
import importlib.metadata
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker

from explorer import __version__, cli
from explorer.app.contents import CONTENTS
from explorer.catalogue import BACKBONES, DATASETS, STRATEGIES
from explorer.course.progress import VISITS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/streamlit run"
TEST = "python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt && .venv/bin/pytest -n 2 --dist loadfile"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([0-9][0-9A-Za-z.]*)(?:; (.+))?$")


@functools.cache
def files() -> tuple[Path, ...]:
    """What belongs to the repository: tracked, or new and not ignored; without git, everything that is not hidden."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return tuple(path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())
    ignored = {".venv", ".git", "__pycache__", ".pytest_cache", ".ruff_cache"}
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not ignored & set(path.relative_to(ROOT).parts))


@functools.cache
def texts() -> dict[str, str]:
    """Name → text of every file that is text."""
    found = {}
    for path in files():
        raw = path.read_bytes()
        if b"\0" not in raw[:4096]:
            found[path.relative_to(ROOT).as_posix()] = raw.decode("utf-8", "replace")
    return found


def requirements(name: str) -> dict[str, str]:
    lines = [line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    pins = [line for line in lines if line and not line.startswith(("#", "-r "))]
    wrong = [line for line in pins if not PINNED.match(line)]
    assert not wrong, f"{name} must pin exactly: {wrong}"
    found = filter(None, map(PINNED.match, pins))
    return {match[1]: match[2] for match in found if not match[3] or Marker(match[3]).evaluate()}


# The two commands


@pytest.mark.parametrize("command", [RUN, TEST])
def test_the_first_screen_of_the_readme_has_the_two_commands(command: str) -> None:
    assert command in "\n".join(README.splitlines()[:30])


@pytest.mark.skipif(not shutil.which("sed"), reason="there is no sed here")
def test_the_check_runs_the_readme_s_test_command_to_the_letter() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (taken,) = re.findall(r"\$\((sed -n '.*' README\.md \| head -n 1)\)", script)
    found = subprocess.run(["sh", "-c", taken], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == TEST
    assert 'bash -c "$command"' in script
    assert "ruff check ." in script and "ruff format --check ." in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111, "it cannot be executed"


def test_the_test_command_installs_what_the_run_command_installs_and_more() -> None:
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    assert {"pytest", "ruff"} <= requirements("requirements-dev.txt").keys()
    assert "streamlit" in requirements("requirements.txt")
    assert (ROOT / "streamlit_app.py").is_file(), "a bare `streamlit run` looks for it"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_pinned_is_what_was_tested(name: str) -> None:
    installed = {pin: importlib.metadata.version(pin).partition("+")[0] for pin in requirements(name)}
    assert installed == requirements(name)


def test_what_is_imported_is_pinned() -> None:
    names = {"PIL": "Pillow", "sklearn": "scikit-learn", "umap": "umap-learn", "markdown_it": "markdown-it-py"}
    pinned = {pin.lower() for pin in requirements("requirements.txt")} | {
        "starlette",
        "pyarrow",
        "websockets",
        "pynndescent",
    }  # come with Streamlit, the last with umap-learn
    pinned |= extras().keys()
    for path, text in texts().items():
        if path.startswith(("explorer/", "pages/")) and path.endswith(".py"):
            tops = {name.split(".")[0] for name in _imports(text)}
            outside = {t for t in tops if t not in ("explorer", "pages") and not _standard(t)}
            missing = {t for t in outside if names.get(t, t).lower() not in pinned}
            assert not missing, f"{path} imports {missing}, which requirements.txt does not pin"


def extras() -> dict[str, str]:
    """What optional extras pin: name → version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [PINNED.match(pin) for row in project["optional-dependencies"].values() for pin in row]
    assert all(pins), "an extra must pin exactly"
    return {pin[1]: pin[2] for pin in pins if pin}


APART = {"ray"}
"""260 MB for one test, which says so and is skipped where it is missing (tests/worker/test_ray.py)."""


def test_what_an_extra_pins_is_what_was_tested() -> None:
    tested, pinned = requirements("requirements-dev.txt"), extras()
    assert {name: pinned[name] for name in pinned.keys() - APART} == {
        name: tested.get(name) for name in pinned.keys() - APART
    }


def _imports(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def _standard(name: str) -> bool:
    return name in sys.stdlib_module_names


def test_each_dependency_has_its_reason_in_the_readme() -> None:
    table = README.partition("| dependency | why |")[2]
    missing = [pin for pin in requirements("requirements.txt") if pin not in table]
    assert not missing, f"the README does not say why these are needed: {missing}"


def test_the_pythons_promised_are_the_pythons_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "Python 3.11 to 3.13" in README


# Pages and commands


def test_the_readme_s_table_has_every_page_and_no_other() -> None:
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \|$", README.partition("| you ask | page |")[2].partition("\n\n")[0], re.M)
    assert sorted(rows) == PAGES


def test_the_menu_has_every_page_and_no_other() -> None:
    assert sorted(name for group in CONTENTS.values() for name, *_ in group) == PAGES


def test_seeing_a_page_of_two_runs_is_a_deed() -> None:
    assert {name for name, *_ in CONTENTS["Look"]} == set(VISITS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_readme_shows_each_command(name: str) -> None:
    assert re.search(rf"^\.venv/bin/python -m explorer {name}\b", README, re.M)


def commands() -> list[str]:
    """Every command line of ours in any document."""
    documents = [text for name, text in texts().items() if name.endswith(".md")]
    return sorted({c for text in documents for c in re.findall(r"python -m explorer ([a-z][^\n`]*)", text)})


@pytest.mark.parametrize("command", commands())
def test_each_command_in_a_document_is_understood(command: str) -> None:
    words = shlex.split(command.partition(" > ")[0], comments=True)
    options = vars(cli.parser().parse_args(words))
    for name, table in (("backbone", BACKBONES), ("dataset", DATASETS), ("strategy", STRATEGIES)):
        assert name not in options or options[name] in table


def test_the_readme_names_every_setting_and_no_other() -> None:
    pattern = r"\bTHAW_[A-Z_]+\b"
    used = {n for name, text in texts().items() if name.startswith("explorer/") for n in re.findall(pattern, text)}
    assert set(re.findall(rf"^\| `({pattern})` \|", README, re.M)) == used


# The documents


def test_the_changelog_speaks_to_the_user() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert __version__ in text or "Unreleased" in text
    assert len(text.splitlines()) > 3


ADDED = (
    "a backbone",
    "a data set",
    "a strategy",
    "an experiment",
    "an attribution method",
    "an export format",
    "a question",
    "a page",
    "a metric of a run",
    "a command",
)


def test_contributing_is_short_and_says_how_to_add_things() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    assert [line for line in text.splitlines() if line.startswith("## Add ")] == [f"## Add {thing}" for thing in ADDED]


@pytest.mark.parametrize("name", sorted(n for n in texts() if n.endswith(".md")))
def test_no_link_in_a_document_is_dead_and_no_gap_is_left(name: str) -> None:
    text = texts()[name]
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    dead = [link for link in links if "://" not in link and not (ROOT / name).parent.joinpath(link).exists()]
    assert not dead, f"{name} links to {dead}"
    gaps = [line for line in text.splitlines() if re.fullmatch(r"[A-Z]{3,}", line.strip()) or "TODO" in line]
    assert not gaps, f"{name} has a gap: {gaps}"


# Nothing that only holds on one machine

INDEXES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "download.pytorch.org/" + "whl",
    "--index" + "-url",
)
OURS = re.compile(
    r"(?<![\w.~$}-])/(?:" + "|".join(("wo" + "rk/", "tm" + "p/w", "ro" + "ot/", "Us" + "ers/", "ho" + "me/[a-z]")) + ")"
)


def test_no_file_names_a_package_index() -> None:
    named = [f"{name}: {index}" for name, text in texts().items() for index in INDEXES if index in text]
    assert not named


def test_places_on_one_machine_are_told_from_other_paths() -> None:
    ours = ("cd /" + "tmp/w1", '"/' + "root/.cache", "(/" + "work/x)", "/" + "home/ann")
    assert all(OURS.search(text) for text in ours)
    assert not any(
        OURS.search(text) for text in ("/no/such/folder", "pages/home/x", "net/" + "work/x", "$X/" + "root/")
    )


def test_no_file_names_a_place_on_one_machine() -> None:
    named = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if OURS.search(line)
    ]
    assert not named


def test_nothing_large_or_made_by_a_tool_is_tracked() -> None:
    odd = [
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path.stat().st_size > 25_000_000 or path.suffix == ".pyc"
    ]
    assert not odd
