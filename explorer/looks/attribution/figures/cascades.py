"""What is left of a map when the weights go: a curve, and the maps themselves."""

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import bare, finish
from explorer.catalogue import ATTRIBUTIONS
from explorer.looks.attribution.question.trust import Randomisation
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, STRENGTH, alpha

_LINES = ((FROZEN, "solid", "circle"), (LEARNS, "dash", "x"))


def steps_of(found: Randomisation) -> list[str]:
    """The words under each step: as learned, then what was replaced last."""
    return ["as learned", *(f"+ {part}" for part in found.parts[1:])]


def randomisation(found: Randomisation) -> Figure:
    """Rank correlation with the first map, step by step from the head to the input: the mean over the images, and a band
    from the lowest to the highest."""
    fig = Figure()
    x = list(range(len(found.parts)))
    for cascade, (colour, dash, symbol) in zip(found.cascades, _LINES, strict=False):
        low, high, mean = (f(cascade.likeness, axis=0) for f in (np.min, np.max, np.mean))
        title = ATTRIBUTIONS[cascade.method].title
        fig.add_scatter(
            x=x + x[::-1], y=[*high.tolist(), *low[::-1].tolist()], fill="toself", mode="lines", line={"width": 0},
            fillcolor=alpha(colour, 0.15), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        fig.add_scatter(
            x=x, y=mean.tolist(), mode="lines+markers", name=title, line={"color": colour, "dash": dash, "width": 3},
            marker={"symbol": symbol, "size": 10}, hovertemplate=f"{title}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    fig.add_hline(y=0, line={"color": CONTROL, "width": 1.5, "dash": "dot"})
    fig.update_xaxes(tickmode="array", tickvals=x, ticktext=steps_of(found), gridcolor=GREY)
    fig.update_yaxes(range=[-0.6, 1.05], gridcolor=GREY, title={"text": "rank correlation<br>with the first map"})
    fig.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, hovermode="x unified")
    n = len(found.images)
    left = "; ".join(
        f"{ATTRIBUTIONS[c.method].title} {c.likeness[:, 1].mean():.2f} after the head, {c.likeness[:, -1].mean():.2f} after all"
        for c in found.cascades
    )
    return finish(
        fig,
        alt=f"Spearman's rank correlation of absolute maps with the first one while weights are replaced, {n} images: {left}.",
        look="A map that shows what the network learned falls towards 0 as soon as trained weights are replaced. "
        "One that stays high shows the picture's edges, and would look the same in an untrained network.",
        caution="A fall is necessary, not sufficient: it does not make a map right. "
        f"n = {n} test images, each asked about its own class, bands from the lowest to the highest; "
        "absolute values, one draw of random weights.",
        height=400,
        width=1080,
        top=40,
    )


def randomisation_maps(found: Randomisation) -> Figure:
    """The shown picture's maps, one column a step, one row a method: absolute values, each on its own scale."""
    steps, rows = len(found.parts), len(found.cascades)
    titles = [*steps_of(found), *[""] * (steps * (rows - 1))]
    fig = subplots(rows=rows, cols=steps, titles=titles, horizontal_spacing=0.01, vertical_spacing=0.04)
    for row, cascade in enumerate(found.cascades, 1):
        for column, heat in enumerate(np.abs(cascade.maps), 1):
            far = float(heat.max()) or 1.0
            fig.add_heatmap(
                z=(heat / far).astype(np.float32), zmin=0, zmax=1, colorscale=STRENGTH, showscale=False,
                row=row, col=column, hoverinfo="skip",
            )  # fmt: skip
    bare(fig)
    for row, cascade in enumerate(found.cascades, 1):
        high, wide = cascade.maps.shape[1:]
        for column in range(1, steps + 1):
            anchor, _ = fig.subplot(row, column)
            fig.update_xaxes(range=[-0.5, wide - 0.5], constrain="domain", row=row, col=column)
            fig.update_yaxes(range=[high - 0.5, -0.5], scaleanchor=anchor, constrain="domain", row=row, col=column)
    names = " (top), ".join(ATTRIBUTIONS[c.method].title for c in found.cascades) + (" (bottom)" if rows > 1 else "")
    return finish(
        fig,
        alt=f"Maps of {names} on image {found.image} while weights are replaced step by step: "
        + ", ".join(steps_of(found)) + ".",
        look=f"From left to right more of the network is random, from the head down: {names}. Which row shows you "
             "that the network no longer knows anything?",
        caution="Absolute values, each map on its own scale: only the pattern is compared.",
        height=70 + 165 * rows,
        width=1080,
        top=34,
    )  # fmt: skip
