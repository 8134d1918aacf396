"""An experiment while it happens: how far it is, cancel, what went wrong, run what is missing; and all cells to take away."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import streamlit as st

from explorer import answers, jobs, runs
from explorer.app.asking import all_runs
from explorer.app.words import safe_md, state_badge
from explorer.catalogue.datasets import dataset
from explorer.catalogue.shifts import behind
from explorer.errors import ExplorerError
from explorer.experiments import cells, table
from explorer.experiments.cells import Cell, Sweep
from explorer.experiments.plan import Plan
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.shift import Answers, Spoilt
from explorer.experiments.telling import title_of
from explorer.experiments.view.planning import run_missing, sizes_words
from explorer.race.view.standings import reason
from explorer.runs import Run
from explorer.runs.life import LIVE
from explorer.runs.question import TrainQuestion
from explorer.training.view.following import progress

_OWN = "each strategy has its own default rates"
_RATES = {
    "block": "single stages are trained at one rate, the head alone and everything at their own",
    "rates": "each head has its strategy's own rate",
    "batchnorm": "all have the same rates",
    "start": "the rates are the same from every start",
}
_SHOWN = 4  # kinds of trouble that are listed


def sweep_of(wanted: Plan) -> Sweep:
    """The experiment as it stands."""
    found = cells.fill(wanted, all_runs())
    return cells.refresh(found, [jobs.lost(cell.run) if cell.run else None for cell in found.cells])


def plan_words(wanted: Plan) -> str:
    """What all cells share, in a sentence."""
    recipe = cells.planned(wanted)[0].recipe
    place = (wanted.data_dir or dataset(wanted.dataset).title) + ", edited" * bool(wanted.edits) + behind(wanted.spoilt)
    sizes = wanted.sizes if wanted.kind == "budget" else wanted.sizes[:1]
    seeds = "one seed" if wanted.seeds == 1 else f"the same {wanted.seeds} seeds"
    return safe_md(
        f"{recipe.row.title}, weights {recipe.weights}, on {place}. {sizes_words(sizes).capitalize()} training images per "
        f"class, {wanted.epochs} epochs, {seeds} for all; {_RATES.get(wanted.kind, _OWN)}, and all are scored on "
        f"the same test images."
    )


def follow(sweep: Sweep, figure: Callable[[Sweep], None]) -> None:
    """The figure; while cells are under way with their progress and a button that cancels all that are left."""
    if sweep.live:
        st.fragment(_live, run_every=1.0)(sweep, figure)
    else:
        figure(sweep)
    _troubles(sweep)
    if sweep.finished:
        _take_away(sweep)


def _live(sweep: Sweep, figure: Callable[[Sweep], None]) -> None:
    """One look; where a cell has come to its end, the whole page is drawn again."""
    try:
        now = [_look(cell.run) for cell in sweep.cells]
    except ExplorerError:  # deleted meanwhile
        st.rerun()
    fresh = cells.refresh(sweep, now)
    if [cell.live for cell in fresh.cells] != [cell.live for cell in sweep.cells]:
        st.rerun()
    share, words = _progress(fresh)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text=words)
        st.button("Cancel the rest", icon=":material/stop:", key="experiment_stop", on_click=cancel, args=(fresh,))
    figure(fresh)


def _look(run: Run | None) -> Run | None:
    if run is None or run.state not in LIVE:
        return run
    fresh = runs.read(run.id)
    return jobs.lost(fresh) if fresh.state == "running" else fresh


def _progress(sweep: Sweep) -> tuple[float, str]:
    """How far the whole is, in [0, 1], and what it is at."""
    over = sum(cell.run is not None and not cell.live for cell in sweep.cells)
    at = next((c for c in sweep.cells if c.run and c.run.state == "running"), None)
    at = at or next(c for c in sweep.cells if c.live)
    share, words = progress(at.run) if at.run else (0.0, "")
    share = share if at.run and at.run.state == "running" else 0.0
    said = f"{over} of {len(sweep.cells)} cells have ended. {cell_words(at)}: {words}"
    return (over + share) / len(sweep.cells), said


def cell_words(cell: Cell) -> str:
    """`Last stage, 25 a class, seed 0`."""
    size = "all images" if cell.planned.size is None else f"{cell.planned.size} a class"
    return f"{title_of(cell.planned.arm)}, {size}, seed {cell.planned.seed}"


def cancel(sweep: Sweep) -> None:
    """End every cell that is not over, those that wait first, so that none of them starts meanwhile; results stay."""
    for cell in reversed(sweep.cells):
        if cell.live and cell.run is not None:
            jobs.cancel(TrainQuestion(run=cell.run.id))


def _troubles(sweep: Sweep) -> None:
    """What has no result and will get none by itself, with the reason, and a button to run it."""
    missing = sweep.missing
    if not missing:
        return
    alike: dict[str, list[str]] = {}
    for cell in missing:
        why = (
            f"{state_badge(cell.run.state)} {safe_md(reason(cell.run), 400)}"
            if cell.run
            else ":gray-badge[not run yet]"
        )
        alike.setdefault(why, []).append(cell_words(cell))
    with st.container(border=True):
        st.markdown(f"**{len(missing)} of {len(sweep.cells)} cells have no result.**")
        for why, names in [*alike.items()][:_SHOWN]:
            more = f" and {len(names) - 2} more" if len(names) > 3 else ""
            st.markdown(f"{'; '.join(names[: 2 if more else 3])}{more} {why}")
        words = f"Run the {len(missing)} that are missing" if len(missing) > 1 else "Run it"
        st.button(words, icon=":material/refresh:", key="experiment_again", on_click=run_missing, args=(sweep,))


def _take_away(sweep: Sweep) -> None:
    """All cells as CSV and as Parquet, and the command that carries the experiment out without a browser."""
    name = f"experiment-{sweep.plan.key}"
    with st.container(horizontal=True):
        icon = ":material/download:"
        for label, ending, mime, write in (
            ("All cells as CSV", "csv", "text/csv", table.to_csv),
            ("as Parquet", "parquet", "application/vnd.apache.parquet", table.to_parquet),
        ):
            made = partial(_written, write, sweep)
            st.download_button(label, made, f"{name}.{ending}", mime, icon=icon, on_click="ignore")
        with st.popover("On the command line", icon=":material/terminal:", type="tertiary"):
            st.code(f"python -m explorer sweep --plan '{sweep.plan.text}' --out cells.csv", language="bash")
            st.caption("Cells that have a result are not computed again, so it resumes where it was interrupted.")


def _written(write: Callable[[Sweep, Answers], bytes], sweep: Sweep) -> bytes:
    return write(sweep, _scored(sweep))


def _scored(sweep: Sweep) -> dict[str, Spoilt]:
    """Of a shift test, the runs that were scored on corrupted images by now; of any other, none."""
    found: dict[str, Spoilt] = {}
    for cell in sweep.cells if sweep.plan.kind == "shift" else ():
        with suppress(OSError, ExplorerError):  # not answered yet, or damaged
            if cell.finished:
                found[cell.finished.id] = answers.load(SpoiltQuestion(run=cell.finished.id).path)
    return found
