"""The whole backbone at a glance: each stage's strongest channels for one picture, A above B."""

import math

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import SMALL, bare, finish
from explorer.app.figures.tiles import GAP, block_of_tiles, centres, clickable, picture_words
from explorer.looks.features.question import FeatureStrip, StripStage
from explorer.palette import GREY

COLUMNS = 2


def feature_strip(strip: FeatureStrip, chosen: str, learns: tuple[str, ...] = ()) -> Figure:
    """The picture, then a column a stage, input first: the strongest channels in A above those in B, on the stage's own
    scale, which A and B share. `chosen` is framed; `learns` are the stages that learned in B."""
    count = len(strip.stages)
    specs = [[{"rowspan": 2}, *([{}] * count)], [None, *([{}] * count)]]
    widths = [1.3, *([1.0] * count)]
    fig = subplots(
        rows=2, cols=count + 1, specs=specs, column_widths=widths, horizontal_spacing=0.016, vertical_spacing=0.05
    )
    fig.add_image(z=strip.picture, hoverinfo="skip", row=1, col=1)
    for i, stage in enumerate(strip.stages):
        _stage(fig, stage, i, strip.related)
    _frame(fig, strip)
    for i, stage in enumerate(strip.stages):
        _title(fig, stage, i, stage.stage == chosen, stage.stage in learns)
    moved = [stage.stage for stage in strip.stages if stage.change > 0]
    return finish(
        fig,
        alt=f"The strongest channels of {count} stages for {picture_words(strip.image)}, in A above B. "
        + ("Nothing differs." if strip.related and not moved else f"Changed: {', '.join(moved) or 'not comparable'}."),
        look="From left to right the maps mostly grow coarser. Edges first, then textures and (in larger networks) "
        "parts: that is a tendency, not a rule. Where does the lower block begin to differ from the upper one? "
        "Click a stage to open it."
        if strip.related
        else "From left to right maps mostly grow coarser. Each network shows its own strongest channels: the two "
        "start from different weights, so a tile in B does not correspond to the tile above it.",
        caution="“Changed” is the mean |B − A| of all the stage's channels, in per cent of their mean |A|. "
        "The six channels with the largest mean |activation| of each stage, so they are not a sample. "
        "Brightness compares A with B within a stage, never one stage with another. Large maps are drawn "
        "with at most 24 cells a side.",
        height=480,
        width=1080,
        top=106,
        tiles=True,
    )


def _stage(fig: Figure, stage: StripStage, i: int, related: bool) -> None:
    """One column: two blocks of tiles on one scale, with marks to click."""
    low, high = float(min(stage.a.min(), stage.b.min())), float(max(stage.a.max(), stage.b.max()))
    for row, (letter, maps, channels) in enumerate(
        (("A", stage.a, stage.channels_a), ("B", stage.b, stage.channels_b)), 1
    ):
        z, x, y = block_of_tiles(maps, COLUMNS)
        fig.add_heatmap(
            z=z, x=x, y=y, zmin=low, zmax=high if high > low else low + 1, colorscale="Cividis", showscale=False,
            hoverongaps=False, hoverinfo="skip", row=row, col=i + 2,
        )  # fmt: skip
        at = centres(len(maps), COLUMNS)
        words = [
            f"{stage.stage}, channel {c} of {letter}: {_range(t)}<br>click to open"
            for c, t in zip(channels, maps, strict=True)
        ]
        data = [[i, int(c) if related else -1] for c in channels]
        clickable(fig, *at, size=44, data=data, words=words, row=row, col=i + 2)


def _range(tile: np.ndarray) -> str:
    return f"{float(tile.min()):.2g} to {float(tile.max()):.2g}"


def _frame(fig: Figure, strip: FeatureStrip) -> None:
    """No axes, square tiles, the letters A and B beside the first stage."""
    bare(fig)
    height, width = strip.picture.shape[:2]
    fig.update_xaxes(range=[-0.5, width - 0.5], constrain="domain", row=1, col=1)
    fig.update_yaxes(range=[height - 0.5, -0.5], scaleanchor="x", constrain="domain", row=1, col=1)
    down = -(-len(strip.stages[0].a) // COLUMNS)
    for column in range(2, len(strip.stages) + 2):
        for row in (1, 2):
            fig.update_xaxes(range=[0, COLUMNS * (1 + GAP) - GAP], constrain="domain", row=row, col=column)
            anchor, _ = fig.subplot(row, column)
            fig.update_yaxes(
                range=[down * (1 + GAP) - GAP, 0], scaleanchor=anchor, constrain="domain", row=row, col=column
            )
    for row, letter in ((1, "A"), (2, "B")):
        (left, _), (low, high) = (fig.axis(name)["domain"] for name in fig.subplot(row, 2))
        fig.add_annotation(
            text=f"<b>{letter}</b>", x=left, y=(low + high) / 2, xref="paper", yref="paper", xanchor="right",
            xshift=-2, showarrow=False,
        )  # fmt: skip


def _title(fig: Figure, stage: StripStage, i: int, chosen: bool, learned: bool) -> None:
    """Above a column: the stage, its grid, how much its answer changed; a frame where it is the chosen one."""
    left, right = fig.axis(fig.subplot(1, i + 2)[0])["domain"]
    name = f"<b>{stage.stage}</b>" if chosen else stage.stage
    if math.isnan(stage.change):
        changed = "not<br>comparable"
    elif stage.change == 0:
        changed = "the same<br>bits"
    else:
        changed = f"changed<br>{_share(stage.change)}"
    # one word a line: columns are narrow on a phone and beside a guide
    lines = [name, f"<span style='font-size:{SMALL}px'>{'learned<br>' if learned else ''}{changed}</span>"]
    words = "<br>".join(lines)
    fig.add_annotation(
        text=words, x=(left + right) / 2, y=1.0, xref="paper", yref="paper", yanchor="bottom", yshift=4, showarrow=False
    )
    if chosen:
        fig.add_shape(
            type="rect", x0=left - 0.006, x1=right + 0.006, y0=-0.015, y1=1.015, xref="paper", yref="paper",
            line={"color": GREY, "width": 3},
        )  # fmt: skip


def _share(change: float) -> str:
    return f"{100 * change:.0f} %" if change >= 0.095 else f"{100 * change:.2g} %"
