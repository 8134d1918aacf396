"""Every colour of figures, charts and code, by what it stands for."""

# Okabe and Ito's eight, which colour-blind viewers tell apart (Okabe & Ito, Color Universal Design, 2008)
ORANGE, SKY, GREEN, PINK = "#E69F00", "#56B4E9", "#009E73", "#CC79A7"
BLUE, VERMILLION, SILVER, YELLOW = "#0072B2", "#D55E00", "#999999", "#F0E442"

FROZEN, LEARNS, CONTROL = BLUE, VERMILLION, "#808A94"
LEARNS_DARK = "#BF5400"  # vermillion, darkened until white text has a contrast of 4.5 on it
CLASSES = (ORANGE, SKY, GREEN, PINK, BLUE, VERMILLION, SILVER, YELLOW)
"""The two that stand for frozen and learning are last of the strong ones; yellow is weak on white."""
RIGHT, FIXED, BROKEN, WRONG = SILVER, GREEN, VERMILLION, PINK
"""An image of which A and B say what is right, B alone, A alone, neither."""

WHITE, BLACK, NOTHING = "#FFFFFF", "#000000", "rgba(0,0,0,0)"
INK, INK_DARK = "#0A1118", "#E9EEF3"
"""Text on a light and on a dark page."""
SLATE = "#3C4650"
"""Outlines of marks."""
RULE, QUIET = "#D5DCE3", "#56616C"
"""Lines and small print of a report."""
PAPER_INK, PAPER_QUIET, PAPER_RULE, PAPER_CUT, PAPER_CODE = "#111111", "#444444", "#666666", "#888888", "#F1F1F1"
"""What is printed in greys, as handouts and cards are: text, small print, lines, where to cut, the ground of code."""


def alpha(colour: str, opacity: float) -> str:
    """A hex colour with an opacity in [0, 1]."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r}, {g}, {b}, {opacity})"


GREY, GRID, ARROW = alpha(CONTROL, 0.45), alpha(CONTROL, 0.25), alpha(CONTROL, 0.6)
OUTLINE = alpha(SLATE, 0.8)
HATCH = alpha(WHITE, 0.42)
CLEAR_WHITE = alpha(WHITE, 0)
"""The middle of a scale of two sides: the picture or the page shows through."""

Scale = tuple[tuple[float, str], ...]
"""A colour scale as Plotly takes it: place in [0, 1], colour."""

AGAINST_FOR: Scale = (
    (0.0, alpha(BLUE, 0.9)), (0.25, alpha(BLUE, 0.45)), (0.5, CLEAR_WHITE), (0.75, alpha(VERMILLION, 0.5)),
    (1.0, alpha(VERMILLION, 0.92)),
)  # fmt: skip
"""Evidence against and for a class, over a picture."""
_PURPLE, _TEAL = "#753A88", "#008C69"
LESS_MORE: Scale = (
    (0.0, alpha(_PURPLE, 0.92)), (0.25, alpha(_PURPLE, 0.5)), (0.5, CLEAR_WHITE), (0.75, alpha(_TEAL, 0.5)),
    (1.0, alpha(_TEAL, 0.92)),
)  # fmt: skip
"""Less and more evidence in B than in A, over a picture."""
STRENGTH: Scale = ((0.0, "#FFF7E6"), (0.5, "#E8853D"), (1.0, "#4A1D00"))
COUNTS: Scale = ((0.0, alpha(BLUE, 0.0)), (1.0, alpha(BLUE, 0.85)))
CHANGE: Scale = ((0.0, alpha(FROZEN, 0.9)), (0.5, CLEAR_WHITE), (1.0, alpha(LEARNS, 0.9)))
_AZURE = "#2E9BDA"
ALIKE: Scale = ((0, WHITE), (0.5, "#BBDFF5"), (1, _AZURE))
"""Light throughout, so that one ink can be read on all cells."""
LESS_MORE_ALIKE: Scale = ((0, ORANGE), (0.5, WHITE), (1, _AZURE))

CHART = (BLUE, VERMILLION, GREEN, "#AA4499", "#666666", SKY, "#B8860B", BLACK)
"""What the lesson's snippets draw, on white."""
CHART_INK, CHART_LINE = "#222222", "#BBBBBB"

CODE = {
    "light": {"keyword": "#0A58B8", "function": "#0A58B8", "comment": "#5B6070", "string": "#0B7A2E", "number": "#0B6B63",
              "boolean": "#0B6B63"},
    "dark": {"keyword": "#5AA9F5", "function": "#5AA9F5", "comment": "#9AA3AF", "string": "#7BD88F", "number": "#6FD6CB",
             "boolean": "#6FD6CB"},
}  # fmt: skip
"""Streamlit's colours of code have contrasts of 2.2 to 3.8 on a light page and 4.45 on a dark one; 4.5 is what type needs."""
