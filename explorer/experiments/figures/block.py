"""What each block gains when it is tuned alone, on each kind of input: a table in colour."""

from collections.abc import Mapping, Sequence

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import CLEAR, finish
from explorer.evidence import points
from explorer.evidence.many import p_digits
from explorer.experiments.compared import ALL, HEAD, input_words, parted, stage_words
from explorer.experiments.pairing import Step
from explorer.palette import LESS_MORE
from explorer.race.races import Spread

PALE = 1.4
"""How far the scale of colours goes beyond the largest gain: words can be read on every cell."""


def block_table(
    stages: Sequence[str], inputs: Sequence[str], steps: Sequence[Step], accuracy: Mapping[str, Spread], n: int
) -> Figure:
    """Gains over the head alone in points, a row a block (the first stage on top, everything below), a column an input; ★ marks
    gains that are shown, and the head's own accuracy stands on top."""
    by_place = {parted(step.arm): step for step in steps}
    rows = [*stages, ALL]
    gains = [[_points(by_place.get((stage, how))) for how in inputs] for stage in rows]
    words = [[_cell(by_place.get((stage, how))) for how in inputs] for stage in rows]
    hover = [[_hover(by_place.get((stage, how)), accuracy) for how in inputs] for stage in rows]
    most = PALE * (max((abs(gain) for row in gains for gain in row if gain is not None), default=1.0) or 1.0)
    fig = Figure()
    fig.add_heatmap(
        z=gains, text=words, customdata=hover, texttemplate="%{text}", hovertemplate="%{customdata}<extra></extra>",
        zmin=-most, zmax=most, colorscale=[*LESS_MORE], showscale=False, xgap=3, ygap=3, name=CLEAR, hoverongaps=False,
    )  # fmt: skip
    heads = [f"{_short(how)}<br>{_head(accuracy.get(f'{HEAD}@{how}'))}" for how in inputs]
    fig.update_xaxes(
        tickvals=[*range(len(inputs))], ticktext=heads, side="top", fixedrange=True, showgrid=False, tickangle=0
    )
    fig.update_yaxes(
        tickvals=[*range(len(rows))],
        ticktext=[*stages, "all"],
        autorange="reversed",
        fixedrange=True,
        showgrid=False,
    )
    told = "; ".join(
        f"{stage_words(parted(step.arm)[0])}, {input_words(parted(step.arm)[1])}: {points(step.difference.value)} points"
        + " (shown)" * step.shown
        for step in steps
    )
    seeds = max((step.difference.seeds for step in steps), default=0)
    return finish(
        fig,
        alt=f"Gains over the head alone of {len(rows)} blocks on {len(inputs)} inputs. {told}.",
        look="Does the best block move up, towards the input, where only the look of the pictures changed? ★: shown to differ "
        "from the head alone. Under each input stands what the head alone gets right.",
        caution=f"{seeds} seed{'s' * (seeds != 1)}, n = {n} test images for each input, corrupted like the training images. "
        "Single stages are trained at one rate, everything at its own: a stage may gain more at another.",
        height=120 + 46 * len(rows),
    )


def _short(how: str) -> str:
    return how.partition("-")[0]


def _head(found: Spread | None) -> str:
    return f"{100 * found.mean:.0f} %" if found else "…"


def _points(step: Step | None) -> float | None:
    return None if step is None else 100 * step.difference.value


def _cell(step: Step | None) -> str:
    return "" if step is None else points(step.difference.value) + "★" * step.shown


def _hover(step: Step | None, accuracy: Mapping[str, Spread]) -> str:
    if step is None:
        return "not there yet"
    stage, how = parted(step.arm)
    low, high = step.difference.ends
    right = f"{100 * accuracy[step.arm].mean:.1f} % right, " if step.arm in accuracy else ""
    return (
        f"{stage_words(stage)}, {input_words(how)}: {right}{points(step.difference.value)} points<br>95 % interval "
        f"{points(low)} to {points(high)}, p = {p_digits(step.adjusted)}, {step.difference.seeds} seeds, n = {step.difference.n}"
    )
