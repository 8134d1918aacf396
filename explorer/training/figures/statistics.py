"""Do the BatchNorm statistics that a network brings along fit these images?"""

from collections.abc import Mapping

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.palette import FROZEN, GREY, LEARNS
from explorer.training.question import StatisticsShift


def statistics_shift(title: str, found: StatisticsShift, beside: Mapping[str, StatisticsShift]) -> Figure:
    """A bar a stage: how far the set `title` lies from the running statistics, in nats; sets to compare with as marks."""
    fig = Figure()
    fig.add_bar(
        x=found.stages, y=found.nats, name=title, marker={"color": LEARNS},
        hovertemplate="%{x}: %{y:.2f} nats<extra></extra>",
    )  # fmt: skip
    for symbol, (name, other) in zip(("circle", "diamond"), beside.items(), strict=False):
        fig.add_scatter(
            x=other.stages, y=other.nats, name=name, mode="markers",
            marker={"symbol": symbol, "size": 12, "color": FROZEN},
            hovertemplate=name + ", %{x}: %{y:.2f} nats<extra></extra>",
        )  # fmt: skip
    fig.update_yaxes(title="distance from the running<br>statistics, nats", rangemode="tozero", gridcolor=GREY)
    told = "; ".join(f"{stage} {value:.2f}" for stage, value in zip(found.stages, found.nats, strict=True))
    others = "; ".join(f"{name} {other.mean:.2f}" for name, other in beside.items())
    return finish(
        fig,
        alt=f"{title}: mean distance {found.mean:.2f} nats ({told}). For comparison, means: {others}.",
        look="How high are the bars? Near 0, BatchNorm sees these images like those of pre-training, and both modes "
        "do the same. The higher a bar, the more its stage changes when it switches to the batch's statistics.",
        caution=f"Mean divergence of a stage's channels, from {found.n} training images in eval mode. It shows how "
        "much the mode matters on such sets, not how well any strategy will do.",
        height=300,
    )
