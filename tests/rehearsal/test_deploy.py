"""What deploy/ and docs/workshop.md say is what the code does: ports, paths, routes, settings, versions, minutes."""

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from starlette.routing import Route
from streamlit import config

from explorer.app import monitoring
from explorer.cli.parser import parser
from explorer.course import texts

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DEPLOY.iterdir() if path.is_file()}
WORKSHOP = (ROOT / "docs" / "workshop.md").read_text(encoding="utf-8")
ROUTES = {route.path for route in monitoring.ROUTES if isinstance(route, Route)}


@pytest.fixture(scope="module")
def settings() -> ModuleType:
    found = importlib.util.spec_from_file_location("settings", DEPLOY / "settings.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_file_is_told_of_and_every_one_told_of_is_there() -> None:
    told = set(re.findall(r"\]\(([\w.]+)\)", TEXTS["README.md"]))
    assert told <= TEXTS.keys() and told | {"README.md", "settings.py", "Dockerfile.dockerignore"} == TEXTS.keys()
    assert all((DEPLOY / name).stat().st_mode & 0o111 for name in ("check", "install"))
    subprocess.run(["bash", "-n", DEPLOY / "check"], check=True)
    subprocess.run(["sh", "-n", DEPLOY / "install"], check=True)


@pytest.mark.parametrize("name", TEXTS)
def test_ports_routes_and_settings_are_those_of_the_code(name: str) -> None:
    text = TEXTS[name]
    ports = set(re.findall(r"(?:127\.0\.0\.1:|port[ =:]|PORT=|EXPOSE |^      - \")(\d{4,5})", text, re.MULTILINE))
    assert ports - {"6379"} <= {"8501"}, f"another port (6379 is Ray's): {ports}"
    assert set(re.findall(r"/(?:healthz|readyz|api/ready)\b", text)) <= ROUTES
    variables = set(re.findall(r"\b(THAW_[A-Z_]+)\b", text))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = {one for one in variables if f"`{one}" not in readme} - {"THAW_SHARED"}
    assert not missing, f"the README's settings lack {missing}"
    known = {option.env_var for option in config.get_config_options().values()}
    streamlit = set(re.findall(r"\b(STREAMLIT_[A-Z_]+)\b", text))
    assert streamlit <= known, streamlit - known
    flags = set(re.findall(r"--((?:server|browser|logger)\.\w+)", text))
    assert flags <= config.get_config_options().keys()
    assert not re.search(r"https?://(?!127\.0\.0\.1|HOST)", text), "names a host"


def test_commands_are_the_command_lines() -> None:
    lines = [line for text in (WORKSHOP, TEXTS["thaw.service"]) for line in text.splitlines() if "-m explorer" in line]
    assert len(lines) >= 4
    for line in lines:
        words = shlex.split(line.partition("-m explorer ")[2])
        assert parser().parse_args(words).command == words[0]
    assert '"-m", "explorer", "serve"' in TEXTS["Dockerfile"]


def test_versions_stand_in_one_place(settings: ModuleType) -> None:
    for name, text in TEXTS.items():
        assert not re.search(r"(torch|torchvision|streamlit)[=<>~]=?\d", text), f"{name} pins"
    python = re.search(r"^ARG PYTHON=(\d\.\d+)$", TEXTS["Dockerfile"], re.MULTILINE)
    assert python and python[1] in ("3.11", "3.12", "3.13")
    found = settings.settings(TEXTS["Dockerfile"])
    assert found["THAW_HOME"] == "/data" and found["STREAMLIT_SERVER_PORT"] == "8501"
    assert f"VOLUME {found['THAW_HOME']}" in TEXTS["Dockerfile"] and f":{found['THAW_HOME']}" in TEXTS["compose.yaml"]


def test_the_proxy_passes_on_what_a_session_needs() -> None:
    text = TEXTS["nginx.conf"]
    for words in (
        "proxy_set_header Host $http_host;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_request_buffering off;",
    ):
        assert words in text
    assert "proxy_pass http://127.0.0.1:8501;" in text, "with a path it would be taken off"


def test_the_plans_add_up_and_give_each_step_its_minutes() -> None:
    steps = {step.order: step for step in texts.lessons("en").by_name.values()}
    plans = re.findall(r"### (\d+) minutes.*?\n\n((?:\|.*\n)+)", WORKSHOP)
    assert [int(minutes) for minutes, _ in plans] == [45, 90, 180]
    for minutes, table in plans:
        rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in table.splitlines()[2:]]
        assert sum(int(row[0]) for row in rows) == int(minutes)
        for taken, what, where in rows:
            if found := re.fullmatch(r"`/lessons\?step=(\d)`", where):
                step = steps[int(found[1])]
                assert what.split(":")[0] == f"{step.order} {step.title}" and int(taken) == step.minutes
            elif where:
                page = where.strip("`/")
                assert not page or (ROOT / "pages" / f"{page}.py").is_file()
    assert "MEASURED" not in WORKSHOP
