"""A page opened as a visitor would, without a browser: what the tests of pages share."""

import re
from pathlib import Path

import pytest
import stand_ins
import stand_ins_features
from streamlit.testing.v1 import AppTest

from explorer.app import asking

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def opened(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "explorer" / "app" / "main.py"), default_timeout=30)
    for name, value in address.items():
        app.query_params[name] = value
    if page != "home":
        app.switch_page(f"../../pages/{page}.py")  # before the first run, as a link from elsewhere opens it
    return app.run()


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info, *app.title, *app.header]
    said = "\n".join(str(part.value) for part in parts)
    return re.sub(r'\[([^]]*)\]\(/glossary\?term=\w+ "[^"]*"\)', r"\1", said)  # without the glossary's links


def two_runs() -> tuple[str, str]:
    a = stand_ins.finished_run(wrong=6, strategy="linear_probe")
    b = stand_ins.finished_run(wrong=2, strategy="last_stage")
    stand_ins.answer(a, b)
    stand_ins_features.answer(a, b)
    return a, b
