"""Where A and B look in one picture: the picture, both maps over it on one scale, and their difference."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import SMALL, bare, finish, named
from explorer.catalogue import ATTRIBUTIONS
from explorer.cells import Cells
from explorer.evidence import share_words
from explorer.looks.attribution.question.maps import Attribution, Attributions, Seeds
from explorer.palette import AGAINST_FOR, LESS_MORE

# nothing where there is no evidence, so that the picture stays visible


@dataclass(frozen=True)
class MapStyle:
    """How maps are shown: `normalised` gives each its own scale (1 is its strongest value), `positive` leaves out what
    opposes the class."""

    normalised: bool = False
    positive: bool = False

    def of(self, heat: np.ndarray) -> np.ndarray:
        """The map as it is drawn, of the same shape."""
        heat = heat.clip(min=0) if self.positive else heat
        far = float(np.abs(heat).max())
        return heat / far if self.normalised and far else heat


def evidence(method: str, far: float, shown: MapStyle, axis: str = "") -> dict[str, Any]:
    """The one colour axis of A and B: symmetric around 0 for methods with a sign, from 0 for those without."""
    row = ATTRIBUTIONS[method]
    signed = row.signed and not shown.positive
    title = "share of the<br>strongest" if shown.normalised else "evidence<br>(logits)" if row.signed else "strength"
    return {
        "colorscale": AGAINST_FOR if signed else [[2 * at - 1, colour] for at, colour in AGAINST_FOR[2:]],
        "cmin": -far if signed else 0.0,
        "cmax": far,
        "colorbar": {"title": {"text": title}, "thickness": 14, "tickfont": {"size": SMALL}},
    }


def attribution(
    found: Attribution,
    opacity: float = 0.75,
    with_picture: bool = True,
    difference: bool = False,
    shown: MapStyle = MapStyle(),  # noqa: B008  (frozen, so one for all calls is safe)
) -> Figure:
    """Picture, A, B: vermillion supports the class, blue opposes it. One symmetric scale for A and B, cells unsmoothed;
    under the maps the picture is grey, so that all colour is evidence.

    `opacity` in (0, 1]; without the picture the raw grid alone is shown; `difference` adds B - A on a scale of its own.
    """
    a, b = shown.of(found.a), shown.of(found.b)
    far = float(max(np.abs(a).max(), np.abs(b).max())) or 1.0
    titles = ["the picture", f"A: p = {share_words(found.probability_a)}", f"B: p = {share_words(found.probability_b)}"]
    maps = [None, a, b] + [b - a] * difference
    fig = subplots(cols=len(maps), titles=titles + ["B − A"] * difference, horizontal_spacing=0.02)
    places = [None, found.cells_a, found.cells_b, found.cells_b]
    for column, (heat, cells) in enumerate(zip(maps, places, strict=False), 1):
        if heat is None or with_picture:
            ground = found.picture if heat is None else grey(found.picture)
            fig.add_image(z=ground, hoverinfo="skip", row=1, col=column)
        if heat is not None and cells is not None:
            axis = "coloraxis" if column < 4 else "coloraxis2"
            cells_over(fig, heat, cells, found.picture.shape[:2], opacity, column, axis)
    frame(fig, found.picture.shape[0], found.picture.shape[1], len(maps))
    fig.update_layout(coloraxis=evidence(found.method, far, shown))
    if difference:
        _apart(fig, float(np.abs(b - a).max()))
    return _words(fig, found, shown, difference)


def cells_over(
    fig: Figure, heat: np.ndarray, cells: Cells, size: tuple[int, int], opacity: float, column: int, axis: str
) -> None:
    """A map's cells over a picture of this height and width, each round the place that it looks at."""
    y, x = (cells.edges(count) * side - 0.5 for count, side in zip(heat.shape, size, strict=True))
    fig.add_heatmap(
        z=heat, x=x.round(4), y=y.round(4), coloraxis=axis, opacity=opacity,
        row=1, col=column, hovertemplate="%{z:.4g}<extra></extra>",
    )  # fmt: skip


def _apart(fig: Figure, far: float) -> None:
    """The difference's own scale, at the right of the other; in other colours, for it says something else."""
    bar = {"title": {"text": "B − A"}, "thickness": 14, "tickfont": {"size": SMALL}, "x": 1.1}
    fig.update_layout(coloraxis2={"colorscale": LESS_MORE, "cmin": -far or -1.0, "cmax": far or 1.0, "colorbar": bar})


def _words(fig: Figure, found: Attribution, shown: MapStyle, difference: bool) -> Figure:
    rows, columns = found.a.shape
    row = ATTRIBUTIONS[found.method]
    this = f"{named(found.target)} rather than {named(found.rather_than)}" if found.rather_than else "the class"
    signs = (
        f"Vermillion supports {this}, blue opposes it."
        if row.signed
        else ("The stronger the colour, the larger the value.")
    )
    if shown.positive and row.signed:
        signs = f"Vermillion supports {this}; evidence against it is not shown."
    grid = f"The map has {rows} × {columns} cells: it shows nothing finer. "
    if row.staged:
        grid += "Each cell is drawn around the centre of its receptive field, so cells at the border can be smaller. "
    magnitude = "Each map has its own scale, so their strengths cannot be compared. "
    apart = " In B − A, green marks where B has more, purple where it has less." if difference else ""
    return finish(
        fig,
        alt=f"{row.title} for {asked(found)} on image {found.image}: A gives {share_words(found.probability_a)}, "
        f"B {share_words(found.probability_b)}; maps of {rows} by {columns} cells "
        + ("each on its own scale." if shown.normalised else "on one scale."),
        look=f"Do A and B look at the same regions, and are those on the object? {signs}{apart}",
        caution="A nicer map is no evidence of a better model. "
        + magnitude * shown.normalised
        + grid * (rows * columns <= 1024),
        height=340 if difference else 380,
        width=1080,
        top=44,
    )


def frame(fig: Figure, height: int, width: int, columns: int) -> None:
    """No axes, square pixels, titles close to the pictures."""
    bare(fig)
    square: dict[str, Any] = {"constrain": "domain", "constraintoward": "top"}
    for column in range(1, columns + 1):
        anchor = "x" if column == 1 else f"x{column}"
        fig.update_xaxes(range=[-0.5, width - 0.5], constrain="domain", row=1, col=column)
        fig.update_yaxes(range=[height - 0.5, -0.5], scaleanchor=anchor, **square, row=1, col=column)


def grey(picture: np.ndarray) -> np.ndarray:
    """Pictures without colour (…, H, W, 3), by luma."""
    luma = picture @ np.array([0.299, 0.587, 0.114])
    return np.repeat(luma[..., None], 3, axis=-1).astype(np.uint8)


def asked(found: Attribution | Attributions | Seeds) -> str:
    """`class brick`, or `class brick rather than gravel`, in the words of a figure."""
    return f"class {found.target}" + f" rather than {found.rather_than}" * bool(found.rather_than)
