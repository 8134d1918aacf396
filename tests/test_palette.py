"""Colours have names, in one module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer import palette

ROOT = Path(__file__).parents[1]
COLOUR = re.compile(r"(?<![\w&])#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b|\b(?:rgb|hsl)a?\(\s*[\d.]", re.I)
ALLOWED = {
    "explorer/app/card.py": "a style sheet for paper: ink in two shades of grey",
    "explorer/palette.py": "the palette itself",
    "explorer/course/view/handout.py": "a style sheet for paper: ink in five shades of grey",
    "explorer/export/report/__init__.py": "a style sheet for paper: ink in four shades of grey",
}


def literals(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string with a colour in it, docstrings left out."""
    tree = ast.parse(text)
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield from ((node.lineno, found[0]) for found in COLOUR.finditer(node.value))


def test_a_colour_is_named_in_the_palette() -> None:
    files = [*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "streamlit_app.py"]
    found = {path.relative_to(ROOT).as_posix(): list(literals(path.read_text(encoding="utf-8"))) for path in files}
    with_colours = {name for name, rows in found.items() if rows}
    outside = {name: rows for name, rows in found.items() if rows and name not in ALLOWED}
    assert not outside, f"name these in explorer/palette.py: {outside}"
    assert with_colours == ALLOWED.keys(), "an exception that is no longer needed"


@pytest.mark.parametrize(
    "code", ["x = '#0072B2'", "x = f'color:#fff;{y}'", "x = 'rgba(1, 2, 3, 0.5)'", "x = 'RGB(1,2,3)'"]
)
def test_a_literal_is_seen(code: str) -> None:
    assert list(literals(code))


@pytest.mark.parametrize("code", ["'pytorch#183405'", "x = 'to_rgb(image)'", "x = '#tile'", "x = '&#039;'", "x = '#1'"])
def test_other_words_are_no_colours(code: str) -> None:
    assert not list(literals(code))


def test_the_palette_is_the_one_of_the_pages() -> None:
    config = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    line = next(row for row in config.splitlines() if row.startswith("chartCategoricalColors"))
    assert set(re.findall(r"#[0-9A-F]{6}", line)) == set(palette.CLASSES)
    assert f'textColor = "{palette.INK}"' in config and f'textColor = "{palette.INK_DARK}"' in config


def test_no_two_classes_share_a_colour() -> None:
    assert len(set(palette.CLASSES)) == len(palette.CLASSES) == 8


def test_alpha_keeps_the_colour() -> None:
    assert palette.alpha("#0A10FF", 0.25) == "rgba(10, 16, 255, 0.25)"
