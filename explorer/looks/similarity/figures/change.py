"""How far each stage of a network moved."""

import math

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import finish
from explorer.looks.similarity.question.stages import FEW, Comparison
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS

_PANELS = (
    ("cka", "Similarity of<br>features (CKA)", (0.0, 1.02)),
    ("knn_overlap", "Shared nearest<br>neighbours", (0.0, 1.02)),
    ("weight_change", "Relative<br>weight change", None),
)


def change_bars(comparison: Comparison, learns: frozenset[str]) -> Figure:
    """CKA, neighbour overlap and relative weight change per stage, input on top; `learns` names B's learning stages."""
    fig = subplots(cols=3, shared_yaxes=True, titles=[p[1] for p in _PANELS], horizontal_spacing=0.05)
    names = [row.stage for row in comparison.stages]
    colours = [LEARNS if name in learns else FROZEN for name in names]
    for column, (field, _, span) in enumerate(_PANELS, 1):
        values = [getattr(row, field) for row in comparison.stages]
        _panel(fig, names, values, colours, column)
        if span:
            fig.update_xaxes(range=list(span), row=1, col=column)
    _whiskers(fig, comparison)
    _control(fig, names, [row.cka_random for row in comparison.stages])
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.12, "x": 0}, bargap=0.3)
    least = min(comparison.stages, key=lambda row: row.cka if not math.isnan(row.cka) else 2.0)
    return finish(
        fig,
        alt=f"Bars per stage from {names[0]} to {names[-1]}. The features changed most in {least.stage} "
        f"(CKA {least.cka:.2f}, neighbours kept {least.knn_overlap:.2f}).",
        look="Frozen stages must read 1, 1 and 0. Where do the bars of the trainable stages differ from that?",
        caution="High CKA between a network and its tuned copy is the rule; it does not mean that nothing was learned. "
        f"Whiskers: 95 % jackknife intervals of CKA over the choice of the n = {comparison.paired.n} images. The grey "
        f"marks show what CKA gives for {len(least.cka_random)} random networks.{few_words(comparison.paired.n)}",
        verdict=_as_random(comparison),
        height=130 + 58 * len(names),
        top=60,
    )


def _as_random(comparison: Comparison) -> str:
    """In words, where B is no more like A than a random network is; empty where it is everywhere."""
    far = [
        row.stage for row in comparison.stages if row.cka <= max((c for c in row.cka_random if c == c), default=-1.0)
    ]
    if not far:
        return ""
    return (
        f"At {' and '.join(', '.join(far).rsplit(', ', 1))} B is no more like A than a random network is: so far has learning "
        "moved these features. Much of CKA comes from the pictures, which differ in the same ways for any network."
    )


def _panel(fig: Figure, names: list[str], values: list[float], colours: list[str], column: int) -> None:
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


def few_words(n: int) -> str:
    """A warning where CKA was taken from fewer than `FEW` images; empty where not."""
    if n >= FEW:
        return ""
    return (
        f" With only {n} images (fewer than {FEW}) CKA scatters widely: of unrelated features its mean size is 0.64 at n = 4, "
        "0.14 at 10 and 0.04 at 30. Read the interval, not the number."
    )


def _whiskers(fig: Figure, comparison: Comparison) -> None:
    """The intervals of CKA, over the bars; a stage without one has none."""
    rows = [row for row in comparison.stages if not math.isnan(row.low)]
    fig.add_scatter(
        y=[row.stage for row in rows],
        x=[row.cka for row in rows],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row.high - row.cka for row in rows],
            "arrayminus": [row.cka - row.low for row in rows],
            "thickness": 1.5,
            "width": 5,
        },
        mode="markers",
        marker={"size": 1, "opacity": 0},
        showlegend=False,
        customdata=[[row.low, row.high] for row in rows],
        hovertemplate="%{y}: %{x:.4f} (95 % interval %{customdata[0]:.3f} to %{customdata[1]:.3f})<extra></extra>",
        row=1,
        col=1,
    )


def _control(fig: Figure, names: list[str], control: list[tuple[float, ...]]) -> None:
    """What the similarity is for random networks, a grey mark for each."""
    marks = [(name, v) for name, values in zip(names, control, strict=True) for v in values if not math.isnan(v)]
    if marks:
        fig.add_scatter(
            y=[name for name, _ in marks],
            x=[v for _, v in marks],
            mode="markers",
            name=f"control: {max(map(len, control))} random networks",
            row=1,
            col=1,
            marker={"symbol": "line-ns-open", "size": 22, "line": {"width": 3}, "color": CONTROL},
            hovertemplate="%{y}, a random network: %{x:.3f}<extra></extra>",
        )
