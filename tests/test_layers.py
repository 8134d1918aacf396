"""DESIGN.md's import table, executed; and STYLE.md's caps, counted."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HALL = (
    "recipe",
    "results",
    "runs",
    "arms",
    "races",
    "lessons",
    "progress",
    "jobs",
    "cache",
    "pictures",
    "catalogue",
    "texts",
    "errors",
    "evidence",
    "installation",
    "machine",
)

# unit → the units it may import besides itself
LOWEST = {"errors", "evidence"}
MAY: dict[str, set[str]] = {
    "errors": set(),
    "evidence": set(),
    "installation": LOWEST,
    "machine": {"errors"},
    "catalogue": LOWEST,
    "cache": {"catalogue", *LOWEST},
    "pictures": {"catalogue", *LOWEST},
    "texts": {"lessons", "progress", "catalogue", *LOWEST},
    "results": LOWEST,
    "recipe": {"catalogue", *LOWEST},
    "runs": {"results", "recipe", "catalogue", *LOWEST},
    "lessons": {"recipe", "catalogue", *LOWEST},
    "progress": {"runs", "results", "recipe", "catalogue", *LOWEST},
    "arms": {"recipe", "catalogue", *LOWEST},
    "races": {"arms", "runs", "results", "recipe", "catalogue", *LOWEST},
    "jobs": {"runs", "results", "recipe", "catalogue", *LOWEST},
    "cli": {"engine.tasks", "installation", "runs", "results", "recipe", "catalogue", *LOWEST},
    "__main__": {"cli"},
    "worker": {"engine.tasks", "engine", "jobs", "runs", "results", "installation", "machine", *LOWEST},
    "app.figures": set(HALL),
    "app.ui": {"app.figures", *HALL},
    "app.launch": {"app.ui", "app.figures", *HALL},
    "app.main": {"app.ui", *HALL},
    "pages": {"app.main", "app.ui", "app.figures", *HALL},
    "launcher": {"app.launch"},
    "engine.tasks": {
        "engine.training",
        "engine.auditing",
        "engine.freezing",
        "engine.rates",
        "engine",
        "lessons",
        "pictures",
        "texts",
        "runs",
        "results",
        "recipe",
        "catalogue",
        *LOWEST,
    },
    "engine.rates": {"engine.training", "engine.freezing", "engine", "results", "recipe", "catalogue", *LOWEST},
    "engine.training": {"engine.auditing", "engine.freezing", "engine", "results", "recipe", "catalogue", *LOWEST},
    "engine.auditing": {"engine.freezing", "engine", "results", "recipe", "catalogue", *LOWEST},
    "engine.freezing": {"engine", "results", "recipe", "catalogue", *LOWEST},
    "engine": {"cache", "machine", "results", "recipe", "catalogue", *LOWEST},
}

# library → the only places that may import it
DOORS = {
    "streamlit": ("explorer/app/", "pages/", "streamlit_app.py"),
    "starlette": ("explorer/app/launch.py",),
    "plotly": ("explorer/app/figures/",),
    "torch": ("explorer/engine/",),
    "torchvision": ("explorer/engine/",),
    "sklearn": ("explorer/engine/",),
    "scipy": ("explorer/engine/",),
    "safetensors": ("explorer/engine/", "explorer/runs/"),
    "captum": ("explorer/engine/attribution",),
    "umap": ("explorer/engine/projection",),
    "numba": ("explorer/engine/projection",),
    "sqlite3": ("explorer/jobs/",),
    "multiprocessing": ("explorer/worker/",),
    "argparse": ("explorer/cli",),
    "skimage": (),
    "matplotlib": (),
    "pickle": ("explorer/engine/backbones/weights.py",),  # for the name of its error
}

HEAVY = ("torch", "torchvision", "captum", "umap", "numba", "sklearn", "scipy", "skimage", "matplotlib")
NETWORK = ("explorer/engine/backbones", "explorer/engine/datasets")
DRAWERS = {"utils", "util", "helpers", "common", "base", "core", "misc", "constants", "types", "tools", "shared"}


@dataclass(frozen=True)
class Module:
    """A file of the project, parsed."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def unit(self) -> str:
        if not self.name.startswith("explorer"):
            return "pages" if self.path.startswith("pages/") else "launcher"
        return unit(self.name)


def unit(name: str) -> str:
    """The longest name in the table that the module lies under, e.g. `engine` for explorer.engine.features."""
    inner = name.removeprefix("explorer.")
    fitting = [known for known in MAY if inner == known or inner.startswith(f"{known}.")]
    return max(fitting, key=len) if fitting else inner


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "streamlit_app.py"])
    texts = [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    return tuple(Module(path, text, ast.parse(text)) for path, text in texts)


def by_path(test: object) -> object:
    return pytest.mark.parametrize("module", modules(), ids=[m.path for m in modules()])(test)


def imported(module: Module) -> Iterator[tuple[str, int]]:
    """Every module it imports, anywhere in the file, by full name with the line; `from a import b` gives a.b where that
    is a module."""
    known = {m.name for m in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.path}:{node.lineno} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in known else str(node.module)), node.lineno


@by_path
def test_imports_run_downhill(module: Module) -> None:
    for name, line in imported(module):
        if name.split(".")[0] not in ("explorer", "pages") or name == "explorer":
            continue
        allowed = MAY[module.unit] | {module.unit}
        assert unit(name) in allowed, (
            f"{module.path}:{line} ({module.unit}) imports {name}. Allowed: {', '.join(sorted(allowed))}. "
            f"The table is in DESIGN.md and at the top of this file."
        )


def test_every_module_is_in_the_table() -> None:
    assert {m.unit for m in modules()} - {"explorer", "app", ""} <= MAY.keys()


def test_the_wings_never_meet() -> None:
    for module in modules():
        wings = {unit(name).split(".")[0] for name, _ in imported(module) if name.startswith("explorer.")}
        if module.unit.startswith("app") or module.unit in ("pages", "launcher"):
            assert not wings & {"engine", "worker", "cli"}, module.path
        if module.unit.startswith("engine"):
            assert not wings & {"app", "jobs", "worker", "cli"}, module.path


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


@by_path
def test_each_library_has_one_door(module: Module) -> None:
    for name, line in imported(module):
        doors = DOORS.get(name.split(".")[0])
        assert doors is None or module.path.startswith(doors), f"{module.path}:{line} imports {name}; only {doors} may"


@by_path
def test_only_backbones_and_datasets_reach_the_network(module: Module) -> None:
    if module.path.startswith(NETWORK):
        return
    for name, line in imported(module):
        far = ("urllib", "http", "requests", "socket", "ftplib", "torch.hub", "torchvision.datasets")
        assert not (f"{name}.").startswith(tuple(f"{f}." for f in far)), f"{module.path}:{line} imports {name}"
    calls = {
        "get_state_dict",
        "load_state_dict_from_url",
        "urlopen",
        "urlretrieve",
        "download_url_to_file",
        "get_model_weights",
    }
    for node in ast.walk(module.tree):
        assert not (isinstance(node, ast.Attribute) and node.attr in calls), f"{module.path}:{node.lineno}"


@by_path
def test_only_jobs_and_worker_start_processes(module: Module) -> None:
    if module.path.startswith(("explorer/jobs/", "explorer/worker/")):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            assert not called.startswith(
                ("subprocess.", "multiprocessing.", "os.fork", "os.system", "os.spawn", "os.exec")
            ), f"{module.path}:{node.lineno} calls {called}"
            assert "ProcessPool" not in called, f"{module.path}:{node.lineno}"


@by_path
def test_the_light_wing_writes_no_file_but_through_the_hall(module: Module) -> None:
    if not module.unit.startswith(("app", "pages", "launcher")):
        return
    for node in ast.walk(module.tree):
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


def test_the_light_wing_loads_nothing_heavy() -> None:
    light = [m for m in modules() if m.unit.startswith("app.") and m.name not in ("explorer.app.main",)]
    names = {m.name for m in light} | {f"explorer.{unit}" for unit in (*HALL, "cli")}
    scripts = [m for m in modules() if m.unit in ("app.main", "pages")]
    names |= {name for m in scripts for name, _ in imported(m)}
    loaded = run_fresh("\n".join(f"import {name}" for name in sorted(names)))
    assert {"streamlit", "plotly", "explorer"} <= set(loaded)
    assert not set(HEAVY) & set(loaded)


def test_the_worker_itself_loads_nothing_heavy() -> None:
    loaded = run_fresh("import explorer.worker.__main__, explorer.worker.daemon, explorer.worker.lives")
    assert not {*HEAVY, "streamlit", "plotly", "pandas"} & set(loaded)


def test_the_engine_loads_no_web_server() -> None:
    loaded = run_fresh("import explorer.engine.tasks")
    assert "torch" in loaded
    assert not {"streamlit", "plotly", "starlette"} & set(loaded)


# STYLE.md, counted


def cap(path: str) -> int:
    if path.startswith("pages/"):
        return 80
    if path == "streamlit_app.py":
        return 40
    return 350 if path.startswith(("explorer/app/ui", "explorer/app/figures")) else 250


@by_path
def test_a_module_is_read_in_one_sitting(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= cap(module.path), f"{module.path} has {lines} lines; make it a folder that carries the same word"


@by_path
def test_a_function_fits_on_a_screen(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            words = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - words
            most = 60 if module.unit == "app.figures" else 40  # a figure is one description, an argument a line
            assert lines <= most, f"{module.path}:{node.lineno} {node.name} has {lines} lines besides its docstring"


@by_path
def test_a_module_says_what_it_holds(module: Module) -> None:
    first = (ast.get_docstring(module.tree) or "").split("\n")[0]
    assert first.endswith((".", ":", "?", ";", ",")) or len(first) > 40, f"{module.path} says {first!r}"


@by_path
def test_everything_public_is_typed(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
            assert not bare and node.returns is not None, f"{module.path}:{node.lineno} {node.name} {bare}"


@by_path
def test_no_drawer_without_a_label(module: Module) -> None:
    assert not DRAWERS & set(Path(module.path).with_suffix("").parts)


@by_path
def test_input_is_never_checked_by_assert(module: Module) -> None:
    lines = [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.Assert)]
    assert not lines, f"{module.path} asserts in lines {lines}; raise an ExplorerError"


def test_each_noqa_has_its_reason() -> None:
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            rule = line.partition("# noqa")[2]
            assert not rule or len(rule.split()) > 3, f"{module.path}:{number} has a noqa without a reason"
