"""The network as blocks, and how far each block moved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import CONTROL, FROZEN, GREY, LEARNS, TEXT, bare, finish, icon
from explorer.recipe import Recipe
from explorer.results import Comparison, Description


@dataclass(frozen=True)
class Strip:
    """One network: `stages` from input to head, whether each `learns`, and a `note` under each name (may be empty)."""

    label: str
    stages: tuple[str, ...]
    learns: tuple[bool, ...]
    random: bool = False
    notes: tuple[str, ...] = ()


def strip(label: str, recipe: Recipe) -> Strip:
    """The strip of a recipe, without sizes."""
    names = recipe.row.stage_names
    return Strip(label, (*names, "head"), (*(n in recipe.stages for n in names), True), recipe.weights == "random")


def described(label: str, description: Description) -> Strip:
    """The strip of a description, with the parameters of each stage."""
    rows = description.stages
    notes = tuple(_short(row.parameters) for row in rows)
    return Strip(
        label, tuple(r.stage for r in rows), tuple(r.learns for r in rows), description.weights == "random", notes
    )


def _short(number: int) -> str:
    return next((f"{number / s:.3g} {u}" for s, u in ((1e6, "M"), (1e3, "k")) if number >= s), str(number))


def strips(rows: Sequence[Strip]) -> go.Figure:
    """One row of blocks per network: blue with a snowflake where frozen, vermillion with a flame where it learns."""
    fig = go.Figure()
    for y, row in enumerate(rows):
        _add_row(fig, row, y)
    widest = max(len(row.stages) for row in rows)
    bare(fig)
    # all at once: added one by one, shapes and notes cost Plotly milliseconds each
    fig.update_layout(
        barmode="overlay",
        shapes=[shape for y, row in enumerate(rows) for shape in _icons(row, y)],
        annotations=[note for y, row in enumerate(rows) for note in _texts(row, y)],
    )
    fig.update_xaxes(range=[-0.5 - 0.25 * widest * _has_labels(rows), widest - 0.5])
    fig.update_yaxes(range=[-len(rows) + 0.5, 0.5])
    told = "; ".join(f"{r.label}: {_learning(r)} learn" for r in rows)
    return finish(
        fig,
        alt=f"Networks as blocks from input to head. {told}.",
        look="Blue blocks with a snowflake keep their weights; vermillion blocks with a flame learn. "
        + ("Hatched blocks hold random weights." if any(r.random for r in rows) else ""),
        height=max(96 * len(rows), 110),
        top=4,
    )


def _add_row(fig: go.Figure, row: Strip, y: int) -> None:
    """One network: a bar for each stage."""
    x = list(range(len(row.stages)))
    hatch = ["/" if row.random and name != "head" else "" for name in row.stages]
    fig.add_bar(
        x=x,
        y=[0.72] * len(x),
        base=[-y - 0.36] * len(x),
        width=0.93,
        marker={
            "color": [LEARNS if learns else FROZEN for learns in row.learns],
            "cornerradius": 10,
            "line": {"width": 0},
            "pattern": {
                "shape": hatch,
                "fillmode": "overlay",
                "fgcolor": "rgba(255,255,255,0.6)",
                "size": 10,
                "solidity": 0.22,
            },
        },
        hovertext=[f"{n}: {'learns' if v else 'frozen'}" for n, v in zip(row.stages, row.learns, strict=True)],
        hoverinfo="text",
        showlegend=False,
    )


def _icons(row: Strip, y: int) -> list[dict[str, object]]:
    """A snowflake or a flame in each block."""
    return [icon(learns, i - 0.31, -y, "white") for i, learns in enumerate(row.learns)]


def _texts(row: Strip, y: int) -> list[dict[str, object]]:
    """Two lines in each block, the label at the left."""
    notes = row.notes or tuple("learns" if learns else "frozen" for learns in row.learns)
    inside = [
        _text(i + 0.08, -y, f"<b>{name}</b><br>{note}", "white")
        for i, (name, note) in enumerate(zip(row.stages, notes, strict=True))
    ]
    return [*inside, _text(-0.62, -y, f"<b>{row.label}</b>", None, "right")]


def _has_labels(rows: Sequence[Strip]) -> bool:
    return any(row.label for row in rows)


def _learning(row: Strip) -> str:
    return ", ".join(n for n, learns in zip(row.stages, row.learns, strict=True) if learns)


def _text(x: float, y: float, text: str, colour: str | None, anchor: str = "center") -> dict[str, object]:
    font = {"size": TEXT} | ({"color": colour} if colour else {})
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font, "xanchor": anchor, "align": anchor}


_PANELS = (
    ("cka", "Similarity of features (CKA)", (0.0, 1.02)),
    ("knn_overlap", "Shared nearest neighbours", (0.0, 1.02)),
    ("weight_change", "Relative weight change", None),
)


def change_bars(comparison: Comparison, learns: frozenset[str]) -> go.Figure:
    """CKA, neighbour overlap and relative weight change per stage, input on top; `learns` names B's learning stages."""
    fig = make_subplots(cols=3, shared_yaxes=True, subplot_titles=[p[1] for p in _PANELS], horizontal_spacing=0.05)
    names = [row.stage for row in comparison.stages]
    colours = [LEARNS if name in learns else FROZEN for name in names]
    for column, (field, _, span) in enumerate(_PANELS, 1):
        values = [getattr(row, field) for row in comparison.stages]
        _panel(fig, names, values, colours, column)
        if span:
            fig.update_xaxes(range=list(span), row=1, col=column)
    _control(fig, names, [row.cka_random for row in comparison.stages])
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.12, "x": 0}, bargap=0.3)
    least = min(comparison.stages, key=lambda row: row.cka if not math.isnan(row.cka) else 2.0)
    return finish(
        fig,
        alt=f"Bars per stage from {names[0]} to {names[-1]}. The features changed most in {least.stage} "
        f"(CKA {least.cka:.2f}, neighbours kept {least.knn_overlap:.2f}).",
        look="Frozen stages must read 1, 1 and 0. Where do the bars of the learning stages fall away from that?",
        caution="High CKA between a network and its tuned copy is the rule; it does not mean that nothing was learned. "
        "The grey marks show what CKA gives for a random network.",
        height=110 + 58 * len(names),
    )


def _panel(fig: go.Figure, names: list[str], values: list[float], colours: list[str], column: int) -> None:
    """One measure: a bar a stage, its number at the foot."""
    words = ["" if math.isnan(v) else f"{v:.3f}" if v >= 0.0005 or v == 0 else f"{v:.1e}" for v in values]
    fig.add_bar(
        y=names,
        x=values,
        orientation="h",
        marker={"color": colours, "cornerradius": 5},
        text=words,
        textposition="inside",
        insidetextanchor="start",
        textfont={"size": 14},
        showlegend=False,
        row=1,
        col=column,
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    for name, value in zip(names, values, strict=True):
        if value == 0:  # plotly writes no text on a bar of no length
            fig.add_annotation(x=0, y=name, text="0", showarrow=False, xanchor="left", xshift=4, row=1, col=column)


def _control(fig: go.Figure, names: list[str], control: list[float]) -> None:
    """What the similarity is for a random network, as grey marks."""
    if any(not math.isnan(v) for v in control):
        fig.add_scatter(
            y=names,
            x=control,
            mode="markers",
            name="control: a random network",
            row=1,
            col=1,
            marker={"symbol": "line-ns-open", "size": 22, "line": {"width": 4}, "color": CONTROL},
            hovertemplate="%{y}, random network: %{x:.3f}<extra></extra>",
        )
