"""Who may import whom, executed; and the caps on modules and functions, counted."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

pytestmark = pytest.mark.long(30)

ROOT = Path(__file__).parents[1]

ROOMS = (
    "errors", "clock", "logs", "progress", "bundle", "palette", "jpeg", "home", "workspaces", "evidence", "cells", "machine",
    "installation",
    "edits", "limits", "own_sets", "catalogue", "cache", "uploads", "texts", "recipe", "answers", "question",
    "runs", "jobs",
    "models", "data", "app", "arriving", "training", "looks.pair", "looks.neighbours", "looks.calibration", "looks.images",
    "looks.data", "looks.similarity", "looks.features", "looks.projection", "looks.attribution", "export", "worlds",
    "race", "experiments", "classroom", "course", "app.launch", "app.main", "worker", "rehearsal", "cli", "__main__",
)  # fmt: skip
"""From the ground up: a room imports from those before it."""

ON_TOP = (
    "worlds",
    "race",
    "experiments",
    "classroom",
    "course",
    "app.launch",
    "app.main",
    "worker",
    "rehearsal",
    "cli",
)
"""Rooms that no other room needs, but for pages and what starts the app."""

HEAVY_ROOMS = ("models", "data")
WINGS = {"compute": "heavy", "figures": "figures", "view": "view"}
"""The name of a file or folder inside its room → its wing; `question` and all other names are neutral, and light."""

ALLOWED = {
    "neutral": {"neutral"},
    "heavy": {"neutral", "heavy"},
    "figures": {"neutral", "figures"},
    "view": {"neutral", "figures", "view"},
}
"""wing → the wings it may import from; worker and cli reach the heavy wing too, inside of functions."""

# library → the only places that may import it: a wing, or the beginning of a path
DOORS = {
    "streamlit": ("view", "pages/", "streamlit_app.py", "explorer/rehearsal/session.py"),  # there, its messages alone
    "starlette": ("explorer/app/launch.py", "explorer/app/page_head.py", "explorer/app/monitoring.py"),
    "plotly": ("figures",),
    "torch": ("heavy",),
    "torchvision": ("heavy",),
    "sklearn": ("heavy",),
    "scipy": ("heavy",),
    "pyarrow": ("explorer/experiments/table.py",),
    "safetensors": ("heavy", "explorer/runs/", "explorer/home.py"),  # there, its error alone
    "onnx": ("explorer/export/compute",),
    "onnxruntime": ("explorer/export/compute",),
    "captum": ("explorer/looks/attribution/compute",),
    "umap": ("explorer/looks/projection/compute",),
    "numba": ("explorer/looks/projection/compute",),
    "segno": ("explorer/app/presenting.py",),
    "sqlite3": ("explorer/jobs/",),
    "multiprocessing": ("explorer/worker/",),
    "ray": ("explorer/worker/cluster/joining.py",),
    "argparse": ("explorer/cli",),
    "skimage": (),
    "matplotlib": (),
    "pickle": ("explorer/models/weights.py", "explorer/models/checkpoints/reading.py"),  # for the name of its error
}

HEAVY = (
    "torch", "torchvision", "captum", "umap", "numba", "sklearn", "scipy", "skimage", "matplotlib", "onnx", "onnxruntime", "timm",
    "ray",
)  # fmt: skip
# The rehearsal asks this machine alone, a cluster its own head where one is named.
NETWORK = ("explorer/models", "explorer/data", "explorer/rehearsal", "explorer/worker/cluster")
DRAWERS = {"utils", "util", "helpers", "common", "base", "core", "misc", "constants", "types", "tools", "shared"}


@dataclass(frozen=True)
class Module:
    """A file of the project, parsed."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def room(self) -> str:
        if not self.name.startswith("explorer"):
            return "pages" if self.path.startswith("pages/") else "launcher"
        return room(self.name)

    @cached_property
    def wing(self) -> str:
        return wing(self.name) if self.name.startswith("explorer") else "view"


def room(name: str) -> str:
    """The longest room that the module lies in, e.g. `looks.images` for explorer.looks.images.view.grid."""
    inner = name.removeprefix("explorer.")
    fitting = [known for known in ROOMS if inner == known or inner.startswith(f"{known}.")]
    return max(fitting, key=len) if fitting else inner


def wing(name: str) -> str:
    """The wing that the names on the module's way say; the last that says one wins."""
    parts = name.split(".")[1:]
    named = [WINGS[part] for part in parts if part in WINGS]
    if named:
        return named[-1]
    if room(name) in HEAVY_ROOMS:
        return "heavy"
    return "view" if parts[:1] == ["app"] else "neutral"


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "streamlit_app.py"])
    texts = [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    return tuple(Module(path, text, ast.parse(text)) for path, text in texts)


def of_every_module(test: Callable[[Module], None]) -> Callable[[], None]:
    """The test over all modules as one, which names every module that fails, with the reason."""

    def over_all() -> None:
        faults = []
        for module in modules():
            try:
                test(module)
            except AssertionError as fault:
                faults.append(f"{module.path}: {fault}")
        assert not faults, "\n".join([f"{len(faults)} of {len(modules())} modules:", *faults])

    over_all.__name__, over_all.__doc__ = test.__name__, test.__doc__
    return over_all


def test_every_module_that_fails_is_named() -> None:
    @of_every_module
    def over_all(module: Module) -> None:
        assert not module.path.startswith("pages/"), "a page"

    pages = [m.path for m in modules() if m.path.startswith("pages/")]
    with pytest.raises(AssertionError, match=f"{len(pages)} of {len(modules())} modules") as found:
        over_all()
    assert len(pages) > 5 and all(f"{path}: a page" in str(found.value) for path in pages)


@cache
def known_names() -> frozenset[str]:
    return frozenset(m.name for m in modules())


def imported(module: Module) -> Iterator[tuple[str, int]]:
    """Every module it imports, anywhere in the file, by full name with the line; `from a import b` gives a.b where that
    is a module."""
    known = known_names()
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.path}:{node.lineno} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in known else str(node.module)), node.lineno


@of_every_module
def test_a_room_imports_from_those_before_it(module: Module) -> None:
    for name, line in imported(module):
        if not name.startswith("explorer.") or module.room in ("pages", "launcher", "__main__"):
            continue
        assert ROOMS.index(room(name)) <= ROOMS.index(module.room), (
            f"{module.path}:{line} ({module.room}) imports {name}. The order of rooms is at the top of this file, and in "
            f"docs/design.md."
        )
        apart = room(name) in ON_TOP and room(name) != module.room and module.room not in ON_TOP
        assert not apart, f"{module.path}:{line}: nothing below the app needs {room(name)}"


def test_every_module_is_in_a_room() -> None:
    assert {m.room for m in modules()} - {"explorer", "looks", "pages", "launcher"} == {*ROOMS}


def test_the_design_names_every_room() -> None:
    rooms = (
        (ROOT / "docs" / "design.md")
        .read_text(encoding="utf-8")
        .partition("| room | subject |")[2]
        .partition("\n\n")[0]
    )
    missing = [name for name in ROOMS if f"`{name.replace('.', '/')}`" not in rooms and name != "__main__"]
    assert not missing, f"docs/design.md does not say what {', '.join(missing)} is for"


@of_every_module
def test_the_wings_stay_apart(module: Module) -> None:
    if module.room in ("worker", "cli"):
        return
    for name, line in imported(module):
        if name.startswith("explorer."):
            assert wing(name) in ALLOWED[module.wing], (
                f"{module.path}:{line} ({module.wing}) imports {name} ({wing(name)}). A file's name says its wing; the table is "
                f"at the top of this file."
            )


def test_no_import_goes_in_a_circle() -> None:
    edges = {m.name: {name for name, _ in imported(m) if name.startswith("explorer.")} for m in modules()}
    done: set[str] = set()

    def visit(name: str, road: tuple[str, ...]) -> None:
        assert name not in road, f"a circle: {' → '.join((*road, name))}"
        if name not in done:
            for inner in edges.get(name, set()):
                visit(inner, (*road, name))
            done.add(name)

    for name in edges:
        visit(name, ())


@of_every_module
def test_each_library_has_one_door(module: Module) -> None:
    for name, line in imported(module):
        doors = DOORS.get(name.split(".")[0])
        here = doors is None or module.wing in doors or module.path.startswith(tuple(d for d in doors if "/" in d))
        assert here, f"{module.path}:{line} imports {name}; only {doors} may"


@of_every_module
def test_every_component_is_drawn_in_order(module: Module) -> None:
    for name, line in imported(module):
        mounts = name.startswith("streamlit.components") and module.path != "explorer/app/components.py"
        assert not mounts, (
            f"{module.path}:{line} imports {name}; `explorer.app.components` draws no older data over newer"
        )


@of_every_module
def test_only_these_rooms_reach_the_network(module: Module) -> None:
    if module.path.startswith(NETWORK):
        return
    for name, line in imported(module):
        far = ("urllib", "http", "requests", "socket", "ftplib", "torch.hub", "torchvision.datasets")
        takes_apart = name.startswith("urllib.parse")  # an address, and fetches nothing
        assert takes_apart or not (f"{name}.").startswith(tuple(f"{f}." for f in far)), (
            f"{module.path}:{line} imports {name}"
        )
    calls = {
        "get_state_dict",
        "load_state_dict_from_url",
        "urlopen",
        "urlretrieve",
        "download_url_to_file",
        "get_model_weights",
    }
    for node in module.nodes:
        assert not (isinstance(node, ast.Attribute) and node.attr in calls), f"{module.path}:{node.lineno}"


@of_every_module
def test_only_jobs_worker_and_rehearsal_start_processes(module: Module) -> None:
    if module.path.startswith(("explorer/jobs/", "explorer/worker/", "explorer/rehearsal/")):
        return
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            assert not called.startswith(
                ("subprocess.", "multiprocessing.", "os.fork", "os.system", "os.spawn", "os.exec")
            ), f"{module.path}:{node.lineno} calls {called}"
            assert "ProcessPool" not in called, f"{module.path}:{node.lineno}"


@of_every_module
def test_the_light_wing_writes_no_file_but_by_the_rooms_that_store(module: Module) -> None:
    if module.wing not in ("view", "figures"):
        return
    for node in module.nodes:
        writes = {"write_text", "write_bytes", "mkdir", "touch", "rename", "rmtree", "savez", "save_file", "symlink_to"}
        assert not (isinstance(node, ast.Attribute) and node.attr in writes), f"{module.path}:{node.lineno}"


def run_fresh(code: str) -> list[str]:
    """The top-level names in sys.modules of a fresh interpreter after `code`."""
    ending = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_light_modules_load_nothing_heavy() -> None:
    light = [
        m
        for m in modules()
        if m.wing != "heavy" and m.room not in ("app.main", "worker", "pages", "launcher", "__main__")
    ]
    scripts = [m for m in modules() if m.room in ("app.main", "pages")]
    names = {m.name for m in light} | {name for m in scripts for name, _ in imported(m)}
    loaded = run_fresh("\n".join(f"import {name}" for name in sorted(names)))
    assert {"streamlit", "plotly", "explorer"} <= set(loaded)
    assert not set(HEAVY) & set(loaded)


def test_any_page_may_be_the_first() -> None:
    """Whichever page a fresh server is asked for, its imports find no half-made module."""
    pages = [[name for name, _ in imported(m)] for m in modules() if m.room == "pages"]
    run_fresh(
        "import os, streamlit, plotly.graph_objects, pydantic, numpy, pandas\n"
        f"for names in {pages!r}:\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        for name in names:\n"
        "            __import__(name)\n"
        "        os._exit(0)\n"
        "    if os.waitpid(child, 0)[1]:\n"
        "        raise SystemExit(f'{names} cannot be imported first')\n"
    )


def test_a_server_has_what_every_page_imports_before_anybody_opens_it() -> None:
    names = sorted(
        {name for m in modules() if m.room == "pages" for name, _ in imported(m) if name.startswith("explorer.")}
    )
    loaded = run_fresh(
        "import sys; from explorer.app import launch; launch.load_pages()\n"
        f"missing = [name for name in {names!r} if name not in sys.modules]\n"
        "assert not missing, missing"
    )
    assert len(names) > 20 and not set(HEAVY) & set(loaded)


def test_neutral_modules_load_no_web_server() -> None:
    neutral = [m.name for m in modules() if m.wing == "neutral" and m.room not in ("worker", "__main__")]
    loaded = run_fresh("\n".join(f"import {name}" for name in neutral))
    assert not {*HEAVY, "streamlit", "plotly", "starlette"} & set(loaded)


def test_the_worker_itself_loads_nothing_heavy() -> None:
    loaded = run_fresh(
        "".join(f"import {m.name}\n" for m in modules() if m.room == "worker" and m.wing == "neutral")
        + "from explorer.question import every; every()  # as it does when it claims a task"
    )
    assert not {*HEAVY, "streamlit", "plotly", "pandas"} & set(loaded)


def test_the_heavy_wing_loads_no_web_server() -> None:
    loaded = run_fresh("\n".join(f"import {m.name}" for m in modules() if m.wing == "heavy"))
    assert "torch" in loaded
    assert not {"streamlit", "plotly", "starlette"} & set(loaded)


# Caps and habits, counted


def cap(path: str) -> int:
    if path.startswith("pages/"):
        return 80
    if path == "streamlit_app.py":
        return 40
    return 250


@of_every_module
def test_a_module_is_read_in_one_sitting(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= cap(module.path), f"{module.path} has {lines} lines; make it a folder that carries the same word"


@of_every_module
def test_a_function_fits_on_a_screen(module: Module) -> None:
    for node in module.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            words = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - words
            most = 40
            assert lines <= most, f"{module.path}:{node.lineno} {node.name} has {lines} lines besides its docstring"


@of_every_module
def test_a_module_says_what_it_holds(module: Module) -> None:
    first = (ast.get_docstring(module.tree) or "").split("\n")[0]
    assert first.endswith((".", ":", "?", ";", ",")) or len(first) > 40, f"{module.path} says {first!r}"


@of_every_module
def test_everything_public_is_typed(module: Module) -> None:
    for node in module.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
            assert not bare and node.returns is not None, f"{module.path}:{node.lineno} {node.name} {bare}"


@of_every_module
def test_no_drawer_without_a_label(module: Module) -> None:
    assert not DRAWERS & set(Path(module.path).with_suffix("").parts)


@of_every_module
def test_input_is_never_checked_by_assert(module: Module) -> None:
    lines = [node.lineno for node in module.nodes if isinstance(node, ast.Assert)]
    assert not lines, f"{module.path} asserts in lines {lines}; raise an ExplorerError"


def test_each_noqa_has_its_reason() -> None:
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            rule = line.partition("# noqa")[2]
            assert not rule or len(rule.split()) > 3, f"{module.path}:{number} has a noqa without a reason"
