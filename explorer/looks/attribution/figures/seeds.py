"""How much of a map is the seed's: A with other heads beside B, in numbers and as maps."""

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import finish
from explorer.catalogue import ATTRIBUTIONS
from explorer.evidence import share_words
from explorer.looks.attribution.figures.maps import MapStyle, asked, cells_over, evidence, frame, grey
from explorer.looks.attribution.question.maps import Seeds
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS


def seeds(found: Seeds) -> Figure:
    """One row an image: how alike A's map is to those of A with other heads (the band and its marks) and to B's (diamond)."""
    n, heads = found.alike.shape
    rows = [_name(int(i), k == 0) for k, i in enumerate(found.images)]
    low, high = found.alike.min(axis=1), found.alike.max(axis=1)
    fig = Figure()
    fig.add_bar(
        y=rows, x=high - low, base=low, orientation="h", marker={"color": FROZEN, "opacity": 0.3}, width=0.55,
        name=f"A with {heads} other seeds, lowest to highest", hoverinfo="skip",
    )  # fmt: skip
    fig.add_scatter(
        y=np.repeat(rows, heads).tolist(), x=found.alike.ravel().tolist(), mode="markers", name="one of them",
        marker={"color": FROZEN, "symbol": "line-ns-open", "size": 14, "line": {"width": 2}},
        hovertemplate="A with another seed: %{x:.2f}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        y=rows, x=found.alike_b.tolist(), mode="markers", name="B", marker={"color": LEARNS, "symbol": "diamond", "size": 12},
        hovertemplate="B: %{x:.2f}<extra></extra>",
    )  # fmt: skip
    fig.add_vline(x=1, line={"color": CONTROL, "width": 1.5, "dash": "dot"})
    fig.update_xaxes(title={"text": "rank correlation with A's map"}, gridcolor=GREY, zeroline=False)
    fig.update_yaxes(categoryorder="array", categoryarray=rows[::-1], gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.22, "x": 0})
    return _words(fig, found, rows)


def _words(fig: Figure, found: Seeds, rows: list[str]) -> Figure:
    n, heads = found.alike.shape
    if np.isnan(found.alike_b).any():
        verdict = "A's and B's maps have different grids, so B has no mark."
    else:
        further = int(found.outside.sum())
        verdict = (
            f"B's map is less like A's than those of all {heads} other seeds on {further} of {n} images; if B were "
            f"just another seed, that would be 1 in {heads + 1}."
        )
    same = f"The strongest cell is A's own in {share_words(found.same.mean(), 0)} of the other seeds' maps"
    same += f", in {share_words(found.same_b.mean(), 0)} of B's."
    return finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title}, {asked(found)}, {n} images: mean rank correlation with A's map "
        f"{found.alike.mean():.2f} for A with other seeds, {found.alike_b.mean():.2f} for B. {same}",
        verdict=f"{verdict} {same}",
        look="Does B lie outside the band? Read a difference between A and B only where it does.",
        caution="A seed may change more than the band shows: it leaves out the seed's effect on A's other stages. "
        f"n = {n} test images: the shown one, others spread over the test set and asked about their own "
        f"class. The {heads} heads were trained like A's, on A's own features, with other initial weights "
        "and another order of images.",
        height=150 + 34 * len(rows),
        width=1080,
        top=16,
    )


def _name(image: int, shown: bool) -> str:
    return ("your picture" if image < 0 else f"image {image}") + " (shown)" * shown


def seeds_maps(found: Seeds) -> Figure:
    """A's map of the shown picture, those of A with other heads, and B's, all on one scale."""
    heads = len(found.a) - 1
    maps = [*found.a, found.b]
    titles = ["A", *(f"A, seed + {k}" for k in range(1, heads + 1)), "B"]
    fig = subplots(cols=len(maps), titles=titles, horizontal_spacing=0.01)
    size = found.picture.shape[:2]
    far = float(max(np.abs(heat).max() for heat in maps)) or 1.0
    for column, heat in enumerate(maps, 1):
        fig.add_image(z=grey(found.picture), hoverinfo="skip", row=1, col=column)
        cells = found.cells_b if column == len(maps) else found.cells_a
        cells_over(fig, heat, cells, size, 0.75, column, "coloraxis")
    frame(fig, size[0], size[1], len(maps))
    fig.update_layout(coloraxis=evidence(found.method, far, MapStyle()))
    return finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title}, {asked(found)}, on image {found.image}: A's map, {heads} of A with other "
        "seeds, B's.",
        look="One picture, one scale. Differences between A and its other seeds say nothing about fine-tuning. Is "
        "B's map further from A's than theirs?",
        caution="This is one picture: the figure above covers others.",
        height=250,
        width=1080,
        top=40,
    )
