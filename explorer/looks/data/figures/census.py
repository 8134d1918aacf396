"""How many pictures of which class, and of which size."""

import numpy as np

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import SMALL, finish, named
from explorer.looks.data.question.census import SPLITS, Census
from explorer.palette import BLUE, CONTROL, GREEN, GREY, ORANGE

NAMES = {"train": "training", "val": "validation", "test": "test"}
_COLOURS = {"train": BLUE, "val": GREEN, "test": ORANGE}
_MOST_NAMED = 6


def class_counts(found: Census) -> Figure:
    """A bar a class, of three parts: its training, validation and test pictures."""
    fig, names = Figure(), [named(name) for name in found.classes]
    places = list(range(len(names)))
    for split, row in zip(SPLITS, found.counts.tolist(), strict=True):
        fig.add_bar(
            y=places, x=row, orientation="h", name=NAMES[split], marker={"color": _COLOURS[split]},
            text=[str(n) if n else "" for n in row], textposition="inside", insidetextanchor="middle", textangle=0,
            hovertemplate="%{customdata}: %{x} " + NAMES[split] + " pictures<extra></extra>", customdata=names,
        )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.25)
    fig.update_yaxes(tickvals=places, ticktext=names, range=[len(names) - 0.4, -0.6], showgrid=False, fixedrange=True)
    fig.update_xaxes(title="pictures", gridcolor=GREY, rangemode="tozero", fixedrange=True)
    totals = found.counts.sum(axis=1).tolist()
    train = found.counts[0]
    told = "; ".join(f"{name} {n}" for name, n in list(zip(found.classes, train.tolist(), strict=True))[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    fig = finish(
        fig,
        alt=f"Pictures by class and split: {totals[0]} training, {totals[1]} validation, {totals[2]} test pictures of "
        f"{len(names)} classes. Training: {told}{more}.",
        look=f"Are the classes of one size? Always naming the largest class is right on {100 * found.majority(2):.1f} % of the "
        "test pictures: what a run reaches counts above that.",
        caution="With few test pictures of a class, what is said of that class alone is a guess: of 10, one is 10 points.",
        height=130 + max(90, 30 * len(names)),
        top=50,
    )
    return fig.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"})


def picture_sizes(found: Census, crop: int) -> Figure:
    """Widths and heights, a mark for each size that occurs, and what the network gets."""
    sizes, counts = np.unique(found.sizes, axis=0, return_counts=True)
    fig = Figure()
    largest = float(counts.max())
    fig.add_scatter(
        x=sizes[:, 0].tolist(), y=sizes[:, 1].tolist(), mode="markers", name="pictures",
        marker={"size": (8 + 22 * np.sqrt(counts / largest)).tolist(), "color": BLUE, "opacity": 0.55},
        customdata=counts.tolist(), hovertemplate="%{x} × %{y} pixels: %{customdata} pictures<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=[crop], y=[crop], mode="markers+text", name="the network's input", text=[f"input {crop} × {crop}"],
        textposition="bottom left" if crop > found.sizes.max() / 2 else "bottom right", textfont={"size": SMALL},
        marker={"size": 14, "symbol": "square-open", "color": CONTROL, "line": {"width": 3}},
        hovertemplate="the network's input: %{x} × %{y}<extra></extra>",
    )  # fmt: skip
    most = 1.15 * float(max(found.sizes.max(), crop))
    fig.update_xaxes(title="width, pixels", gridcolor=GREY, range=[0, most], fixedrange=True)
    fig.update_yaxes(title="height, pixels", gridcolor=GREY, range=[0, most], fixedrange=True)
    n, (width, height) = len(found.sizes), sizes[counts.argmax()].tolist()
    below = int((found.sizes.min(axis=1) < crop).sum())
    some = " that were measured" if n < found.counts.sum() else ""
    fig = finish(
        fig,
        alt=f"Widths and heights of {n} pictures, from {found.sizes.min(axis=0).tolist()} to {found.sizes.max(axis=0).tolist()} "
        f"pixels; most often {width} by {height} ({int(counts.max())} pictures).",
        look=f"Where do the pictures lie beside the network's input? {below} of {n}{some} have a side below its {crop} pixels "
        "and are enlarged, which adds nothing.",
        caution="Pictures far from square lose what lies outside their middle square.",
        height=340,
    )
    return fig.update_layout(showlegend=False)
