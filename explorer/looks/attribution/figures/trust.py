"""Is the map faithful? Deletion and insertion beside controls, in many pictures and in one; and is it on the object?"""

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.intervals import for_others
from explorer.app.figures.style import SMALL, finish
from explorer.catalogue import ATTRIBUTIONS, CONTROLS
from explorer.evidence import Score, share_words
from explorer.looks.attribution.question.trust import Faithfulness, Faithfulnesses, Gain, OnObject, OrderedCurve
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, WHITE

_MODELS = {"A": (FROZEN, "circle"), "B": (LEARNS, "diamond")}
_DASHES = ("solid", "dash", "longdash", "dashdot", "dot")  # of the controls, in their order, and of random cells


def faithfulness(found: Faithfulness) -> Figure:
    """Deletion above, insertion below, A on the left, B on the right: the class's probability in the map's order, in the
    orders of the controls, and (dotted) in random orders; areas in the titles."""
    panels = [
        ("A", "deletion", found.deletion_a), ("B", "deletion", found.deletion_b),
        ("A", "insertion", found.insertion_a), ("B", "insertion", found.insertion_b),
    ]  # fmt: skip
    titles = [f"{model}, {kind}: {_areas(curve)}" for model, kind, curve in panels]
    fig = subplots(rows=2, cols=2, titles=titles, shared_yaxes=True, horizontal_spacing=0.05, vertical_spacing=0.22)
    for i, (model, _, curve) in enumerate(panels):
        _panel(fig, found, curve, model, i // 2 + 1, i % 2 + 1, first=i == 0)
    fig.update_xaxes(range=[-0.01, 1.01], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(title={"text": "probability"}, col=1)
    fig.update_xaxes(title={"text": "cells deleted"}, row=1)
    fig.update_xaxes(title={"text": "cells inserted"}, row=2)
    fig.update_layout(legend={"orientation": "h", "y": -0.17, "x": 0}, hovermode="x unified")
    finish(
        fig,
        alt=f"Deletion and insertion for class {found.target} on image {found.image}. " + "; ".join(titles) + ".",
        look="Deletion should fall below the grey lines (a smaller area), insertion should rise above them (a larger one). "
        "They are orders as compact as the map that ignore what this network sees in this picture.",
        caution="One picture shows how the test works; the result is the one above, over many pictures. A's area "
        "and B's differ also because A and B are not equally sure. Dotted, for comparison only: random "
        "cells. They are scattered and break up the whole picture at once, so any map may lose to them at "
        "deletion and beat them at insertion. Deleted cells become mean grey, and insertion begins with the "
        "blurred picture: the network was never trained on such pictures.",
        height=640,
        width=1080,
        top=44,
    )
    return fig.update_annotations(yshift=4)


def _areas(curve: OrderedCurve) -> str:
    low, high = curve.control_areas.min(), curve.control_areas.max()
    return f"area {curve.area:.2f} (controls {low:.2f} to {high:.2f})"


def _panel(
    fig: Figure, found: Faithfulness, curve: OrderedCurve, model: str, row: int, column: int, first: bool
) -> None:
    """The map's curve before those of the controls, and the mean of the random orders."""
    colour, symbol = _MODELS[model]
    x = found.share.round(4).tolist()
    lines = {CONTROLS[name].title: y for name, y in zip(found.controls, curve.controls, strict=True)}
    lines[CONTROLS["random"].title] = curve.random.mean(axis=0)
    for (name, y), dash in zip(lines.items(), _DASHES, strict=True):
        fig.add_scatter(
            x=x, y=y.tolist(), mode="lines", name=name, legendgroup=name, showlegend=first, row=row, col=column,
            line={"color": CONTROL, "dash": dash, "width": 1.5}, hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    fig.add_scatter(
        x=x, y=curve.curve.tolist(), mode="lines+markers", name=f"{model}, in the map's order", legendgroup=model,
        line={"color": colour, "width": 3}, marker={"symbol": symbol, "size": 8}, showlegend=row == 1,
        row=row, col=column, hovertemplate=f"{model}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip


def faithfulnesses(found: Faithfulnesses, group: str = "group") -> Figure:
    """Deletion on the left, insertion on the right: by how much the areas of A's and of B's maps are better than each
    control's, mean over the images with 95 % intervals, and thin ones for other groups where images come in groups (`group` is
    what images of one share, e.g. a photo); random cells, set apart, below."""
    kinds = ("deletion", "insertion")
    fig = subplots(cols=2, titles=[kind.capitalize() for kind in kinds], shared_yaxes=True, horizontal_spacing=0.06)
    for column, kind in enumerate(kinds, 1):
        for model, lift in (("A", 0.16), ("B", -0.16)):
            _gains(fig, found, model, kind, lift, column, group)
    names = [gain.control for gain in found.of("A", "deletion")]
    rows = [CONTROLS[name].title + " *" * (not CONTROLS[name].compact) for name in names]
    fig.add_vline(x=0, line={"color": CONTROL, "width": 1.5})
    fig.update_yaxes(
        tickmode="array",
        tickvals=[-i for i in range(len(names))],
        ticktext=rows,
        range=[0.5 - len(names), 0.5],
        gridcolor=GREY,
    )
    fig.update_xaxes(title={"text": "area gained (right: the map is better)"}, gridcolor=GREY, zeroline=False)
    fig.update_layout(legend={"orientation": "h", "y": -0.28, "x": 0})
    said = [_said(found, model, kind, group) for kind in kinds for model in "AB"]
    n = len(found.images)
    return finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title} over {n} test images. " + " ".join(said),
        verdict=" ".join(said),
        look="Do the marks keep right of 0? Only a map that beats all four marks regions on which this network depends.",
        caution="An average over images: in one picture a map may still be wrong. "
                f"n = {n} test images, spread evenly over the test set, each asked about its own class; mean "
                "differences within a picture with Student's 95 % interval. * Scattered cells break up the whole "
                "picture at once, so this is not a fair control; it is shown because other tools use it."
                + for_others([gain.grouped for gain in found.gains], group, "are the thin ones"),
        height=360,
        width=1080,
        top=34,
    )  # fmt: skip


def _gains(fig: Figure, found: Faithfulnesses, model: str, kind: str, lift: float, column: int, group: str) -> None:
    """One model's points with their intervals."""
    colour, symbol = _MODELS[model]
    gains = found.of(model, kind)
    opacity = [1.0 if CONTROLS[gain.control].compact else 0.4 for gain in gains]
    for i, gain in enumerate(gains):
        if gain.grouped is not None:
            fig.add_scatter(
                x=[gain.grouped.low, gain.grouped.high], y=[lift - i] * 2, mode="lines", line={"color": colour, "width": 1},
                legendgroup=model, showlegend=False, hoverinfo="skip", row=1, col=column,
            )  # fmt: skip
    fig.add_scatter(
        x=[g.mean for g in gains], y=[lift - i for i in range(len(gains))], mode="markers", name=f"{model}'s maps",
        legendgroup=model, showlegend=column == 1, row=1, col=column,
        marker={"color": colour, "symbol": symbol, "size": 11, "opacity": opacity},
        error_x={
            "array": [g.high - g.mean for g in gains], "arrayminus": [g.mean - g.low for g in gains],
            "color": colour, "thickness": 3, "width": 0,
        },
        customdata=[[f"{g.area:.3f}", f"{g.control_area:.3f}", g.better, g.n, _ends(g, group)] for g in gains],
        hovertemplate=model + ": area %{customdata[0]}, control %{customdata[1]}; better on %{customdata[2]} of %{customdata[3]}"
        "<br>%{customdata[4]}<extra></extra>",
    )  # fmt: skip


def _ends(gain: Gain, group: str) -> str:
    """`gained +0.030 (−0.018 to +0.078); for other photos −0.021 to +0.081`."""
    words = f"gained {gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
    if gain.grouped is not None:
        words += f"; for other {group}s {gain.grouped.low:+.3f} to {gain.grouped.high:+.3f}"
    return words.replace("-", "−")


def _said(found: Faithfulnesses, model: str, kind: str, group: str) -> str:
    """`Insertion: A's maps (mean area 0.44) beat every control.` or which are not beaten, and on how many images they were;
    then against which of the others nothing is shown for other groups."""
    left, elsewhere = found.unbeaten(model, kind), found.unbeaten(model, kind, others=True)
    more = [CONTROLS[name].title for name in elsewhere if name not in left]
    return _beaten(
        found, model, kind, left
    ) + f" For other {group}s they are not shown to beat {', '.join(more)}." * bool(more)


def _beaten(found: Faithfulnesses, model: str, kind: str, left: tuple[str, ...]) -> str:
    gains = found.of(model, kind)
    start = f"{kind.capitalize()}: {model}'s maps (mean area {gains[0].area:.3f})"
    if not left:
        return f"{start} beat every control."
    if len(left) == len(found.controls):
        return f"{start} are not shown to beat any control."
    words = [
        f"{CONTROLS[g.control].title} ({g.control_area:.3f}, better on {g.better} of {g.n})"
        for g in gains if g.control in left
    ]  # fmt: skip
    return f"{start} are not shown to beat {', '.join(words)}."


def on_object(found: OnObject) -> Figure:
    """Left: the mean share of the positive evidence on the object, beside the share that the object covers; right: the
    pointing game, beside pointing at the centre; 95 % intervals."""
    names = ["A", "B", "control"]
    means = [mean_of(values) for values in (found.share_a, found.share_b, found.covered)]
    scores = found.pointing
    fig = subplots(cols=2, titles=("Evidence on the object", "Strongest point on the object"), horizontal_spacing=0.16)
    spans = [(mean, mean - half, mean + half) for mean, half in means]
    _bars(fig, ["A", "B", "an even map"], spans, 1)
    _bars(fig, ["A", "B", "the centre"], [(s.accuracy, s.low, s.high) for s in scores], 2)
    blank = [int(np.isnan(values).sum()) for values in (found.share_a, found.share_b)]
    (a, _), (b, _), (even, _) = means
    n = len(found.images)
    fig.update_xaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(categoryorder="array", categoryarray=names[::-1], autorange="reversed")
    skipped = f" Maps without positive evidence, left out on the left: A {blank[0]}, B {blank[1]}." * any(blank)
    return finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title} over {n} test images: {a:.1%} of A's and {b:.1%} of B's positive evidence "
        f"lies on the object, which covers {even:.1%}. Pointing game: A {_hits(scores[0])}, B {_hits(scores[1])}, the "
        f"picture's centre {_hits(scores[2])}.",
        look="A map that marks the object beats the grey bars: the share of the picture that the object covers, and "
        "pointing always at the centre.",
        caution="Less evidence on the object is not always worse: a network may need its surroundings. "
        f"n = {n} test images, each asked about its own class; bars of 95 %.{skipped}",
        height=300,
        width=1080,
        top=44,
    )


def mean_of(values: np.ndarray) -> tuple[float, float]:
    """The mean of the values that are numbers, and half its 95 % interval (normal); (0, 0) of none."""
    values = values[~np.isnan(values)]
    if not len(values):
        return 0.0, 0.0
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), 1.96 * spread / float(np.sqrt(len(values)))


def _hits(score: Score) -> str:
    return f"{score.correct} of {score.n}"


def _bars(fig: Figure, names: list[str], spans: list[tuple[float, float, float]], column: int) -> None:
    """Three bars with intervals: A, B and what they are compared with."""
    fig.add_bar(
        y=names, x=[value for value, _, _ in spans], orientation="h", row=1, col=column, showlegend=False,
        marker={"color": [FROZEN, LEARNS, CONTROL], "cornerradius": 5}, textposition="inside", insidetextanchor="start",
        text=[share_words(value) for value, _, _ in spans], textfont={"size": SMALL, "color": WHITE},
        error_x={
            "array": [high - value for value, _, high in spans],
            "arrayminus": [value - low for value, low, _ in spans],
            "color": CONTROL, "thickness": 2,
        },
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
