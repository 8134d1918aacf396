"""Colours have names, in one module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageColor

from explorer import palette

ROOT = Path(__file__).parents[1]
COLOUR = re.compile(r"(?<![\w&])#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b|\b(?:rgb|hsl)a?\(\s*[\d.]", re.I)
ALLOWED = {
    "explorer/palette.py": "the palette itself",
}


NUMBERS = {
    ImageColor.getrgb(value)
    for value in vars(palette).values()
    if isinstance(value, str) and value.startswith("#") and value not in (palette.WHITE, palette.BLACK)
}
"""Named colours as red, green and blue; three times 0 or 255 may be anything."""
ASKED = {"color", "fill", "outline"}
PLAIN = re.compile(r"\b(?:color|fill|stroke|background)\s*[:=]\s*[\"']?(?:white|black)\b|\bin srgb, (?:white|black)\b")


def literals(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string with a colour in it, docstrings left out."""
    tree = ast.parse(text)
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield from ((node.lineno, found[0]) for found in COLOUR.finditer(node.value))


def values(text: str) -> Iterator[tuple[int, str]]:
    """The same of a palette's colour as red, green and blue, and of plain white or black where a colour is asked for."""
    for node in ast.walk(ast.parse(text)):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Tuple | ast.List):
            said = tuple(part.value for part in node.elts if isinstance(part, ast.Constant))
            if len(said) == len(node.elts) and said in NUMBERS:
                yield node.lineno, str(said)
        elif isinstance(node, ast.Call):
            given = [part.value for part in node.keywords if part.arg in ASKED] + node.args[2:]
        elif isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            given = [value for key, value in zip(keys, node.values, strict=True) if key in ASKED]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, found[0]) for found in PLAIN.finditer(node.value))
        yield from ((p.lineno, p.value) for p in given if isinstance(p, ast.Constant) and p.value in ("white", "black"))


def test_a_colour_is_named_in_the_palette() -> None:
    files = [*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "streamlit_app.py"]
    read = {path: path.read_text(encoding="utf-8") for path in files}
    found = {path.relative_to(ROOT).as_posix(): [*literals(text), *values(text)] for path, text in read.items()}
    with_colours = {name for name, rows in found.items() if rows}
    outside = {name: rows for name, rows in found.items() if rows and name not in ALLOWED}
    assert not outside, f"name these in explorer/palette.py: {outside}"
    assert with_colours == ALLOWED.keys(), "an exception that is no longer needed"


@pytest.mark.parametrize(
    "code", ["x = '#0072B2'", "x = f'color:#fff;{y}'", "x = 'rgba(1, 2, 3, 0.5)'", "x = 'RGB(1,2,3)'"]
)
def test_a_literal_is_seen(code: str) -> None:
    assert list(literals(code))


@pytest.mark.parametrize(
    "code",
    [
        "A = (0, 114, 178)",
        "draw(x, fill='white')",
        "x = {'color': 'black'}",
        "new('RGB', size, 'white')",
        "x = '.a { color: white }'",
    ],
)
def test_a_colour_in_numbers_and_a_plain_name_are_seen(code: str) -> None:
    assert list(values(code)) and not list(literals(code))


@pytest.mark.parametrize(
    "code", ["x = (3, 224, 224)", "x = {'white': 1}", "x = '.a { white-space: pre }'", "grey = (0, 0, 0)"]
)
def test_other_numbers_and_words_are_no_colours(code: str) -> None:
    assert not list(values(code))


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
