"""A race while it happens: all curves at once, what went wrong, and stop."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import all_runs
from explorer.app.drawing import draw
from explorer.app.words import frozen_first, plain, safe_md, short_title, state_badge
from explorer.catalogue.datasets import dataset, short
from explorer.catalogue.shifts import behind
from explorer.errors import ExplorerError
from explorer.race import races
from explorer.race.arms import own_rates
from explorer.race.figures.curves import AXES, race_curves
from explorer.race.figures.lanes import Curve, Lane
from explorer.race.races import Race
from explorer.race.view.standings import reason
from explorer.race.view.starting import open_race, run_missing
from explorer.race.view.titles import titles_of
from explorer.runs import KnownRun, Run
from explorer.runs.life import LIVE
from explorer.runs.question import TrainQuestion
from explorer.runs.steps import fact
from explorer.training.view.following import progress


def all_races() -> list[Race]:
    """All races, the latest first."""
    return races.listing(all_runs())


def pick_race(known: Sequence[Race]) -> Race:
    """The race that the address names, else the one shown before, else the latest; with a picker of all."""
    by_id = {race.id: race for race in known}
    wanted = st.query_params.get("race") or st.session_state.get("race", "")
    if wanted and wanted not in by_id:
        st.warning(
            safe_md(
                f"There is no race {plain(wanted)} here (any more). Its runs may have been deleted. Showing the latest."
            ),
            icon=":material/link_off:",
        )
    current = by_id.get(wanted, known[0])
    open_race(current.id)
    st.session_state["pick_race"] = current.id
    labels = _labels(known)
    st.selectbox(
        "Races, the latest first",
        list(by_id),
        key="pick_race",
        format_func=labels.__getitem__,
        on_change=lambda: open_race(st.session_state["pick_race"]),
    )
    fresh = races.gather(current.id, [jobs.lost(run) for run in current.runs])
    return fresh or current


def _labels(known: Sequence[Race]) -> dict[str, str]:
    """Id → label; where several are the same, each with the drawn end of its id: a menu takes equal labels for one entry."""
    labels = {race.id: _label(race) for race in known}
    seen = Counter(labels.values())
    return {name: f"{label} · {name[-4:]}" if seen[label] > 1 else label for name, label in labels.items()}


def _label(race: Race) -> str:
    """`3 strategies × 2 seeds · photo_patches · ResNet-10 · 28.07. 10:53`."""
    recipe, when = race.recipe, f"{race.id[6:8]}.{race.id[4:6]}. {race.id[9:11]}:{race.id[11:13]}"
    where = recipe.data_dir.rstrip("/").rsplit("/", 1)[-1] if recipe.data_dir else short(recipe.dataset)
    seeds = f"{len(race.seeds)} seed{'s' if len(race.seeds) > 1 else ''}"
    row = recipe.row.title.removesuffix(" (built in)")
    what = "strategies" if len({arm.recipe.strategy for arm in race.arms}) == len(race.arms) else "arms"
    return plain(f"{len(race.arms)} {what} × {seeds} · {where} · {row} · {when}", 110)


def race_words(race: Race) -> str:
    """What all runs of the race share, in a sentence."""
    recipe, all_of = race.recipe, [arm.recipe for arm in race.arms]
    place = (recipe.data_dir or dataset(recipe.dataset).title) + ", edited" * bool(recipe.edits) + behind(recipe.spoilt)
    images = "all training images" if recipe.per_class is None else f"{recipe.per_class} training images per class"
    seeds = "one seed" if len(race.seeds) == 1 else f"the same {len(race.seeds)} seeds"
    shared = f"{recipe.row.title}, weights {recipe.weights}, on" if len({r.backbone for r in all_of}) == 1 else "On"
    rates = "; an arm that says so has rates that were found." if any(map(own_rates, all_of)) else "."
    return safe_md(
        f"{shared} {place}. The same split, {images}, {recipe.epochs} epochs, {seeds} for all; each strategy has its own "
        f"default rates{rates}"
    )


def pick_axis() -> str:
    """What the curves run over."""
    return st.segmented_control(
        "Curves over", AXES, key="race_axis", default=AXES[0], required=True, persist_state="session"
    )


def follow_race(race: Race, axis: str) -> None:
    """All curves at once; while it runs with its progress and a button that stops the whole race."""
    if race.live:
        st.fragment(_live, run_every=1.0)(race, axis)
    else:
        _curves(race, axis)
    _troubles(race)


def _live(race: Race, axis: str) -> None:
    """One look at a race under way; where a run has come to its end, the whole page is drawn again."""
    try:
        now = [_look(run) for run in race.runs]
    except ExplorerError:  # deleted meanwhile
        st.rerun()
    if any(run.state != old.state and run.state not in LIVE for run, old in zip(now, race.runs, strict=True)):
        st.rerun()
    fresh = races.gather(race.id, now) or race
    done, words = _progress(fresh)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done, text=words)
        st.button("Stop the race", icon=":material/stop:", key="race_stop", on_click=stop_race, args=(fresh,))
    _curves(fresh, axis)


def _look(run: Run) -> Run:
    """A run as it stands. What waits in the queue was looked up when the page opened; that need not be done each second."""
    if run.state not in LIVE:
        return run
    fresh = runs.read(run.id)
    return jobs.lost(fresh) if fresh.state == "running" else fresh


def _progress(race: Race) -> tuple[float, str]:
    """How far the whole race is, in [0, 1], and what it is at."""
    parts = {
        run.id: progress(run) if run.state == "running" else (float(run.state not in LIVE), "") for run in race.runs
    }
    over = sum(run.state not in LIVE for run in race.runs)
    now = [run for run in race.runs if run.state == "running"]
    if not now:
        waiting = next(run for run in race.runs if run.state in LIVE)
        words = progress(waiting)[1]
    else:
        words = "; ".join(f"{_name(run)}: {parts[run.id][1]}" for run in now)
    return sum(p for p, _ in parts.values()) / len(parts), f"{over} of {len(race.runs)} runs have ended. {words}"


def _name(run: KnownRun) -> str:
    return f"{short_title(run.recipe)}, seed {run.recipe.seed}"


def stop_race(race: Race) -> None:
    """Stop every run that is not over, those that wait first, so that none of them starts meanwhile."""
    for run in reversed(race.runs):
        if run.state in LIVE:
            jobs.cancel(TrainQuestion(run=run.id))


def lanes_of(race: Race) -> list[Lane]:
    lanes, titles = [], titles_of(race)
    for arm in race.arms:
        begun = [(seed, run) for seed, run in arm.runs.items() if run.epochs]
        curves = [
            Curve(seed, run.epochs, fact(run, "seconds", "features") or 0.0, arm.finished.get(seed, run).test)
            for seed, run in begun
        ]
        recipe = arm.recipe
        lanes.append(Lane(titles[arm.name], recipe.epochs, tuple(curves), not recipe.tuned, recipe.drawn))
    return lanes


def _curves(race: Race, axis: str) -> None:
    lanes = lanes_of(race)
    if any(lane.curves for lane in lanes):
        code = ("explorer/training/compute/scoring.py", "score_epoch")
        shares = {run.majority_on_validation for run in race.runs if run.epochs} - {None}
        chance = shares.pop() if len(shares) == 1 else None
        draw(partial(race_curves, lanes, axis, chance), f"race_{race.id}_{axis}", code=code)
    elif race.live:
        st.caption(f"Curves appear with the first epoch.{frozen_first(arm.recipe for arm in race.arms)}")
        st.skeleton(height=380)
    else:
        st.caption("No run of this race came as far as its first epoch.")


def _troubles(race: Race) -> None:
    """What of the race has no result and will get none by itself, with the reason, and a button to run it (again)."""
    missing = race.missing
    if not missing:
        return
    alike: dict[str, list[str]] = {}
    for recipe, run in missing:
        state = state_badge(run.state) if run else ":gray-badge[:material/delete: not there]"
        alike.setdefault(f"{state} {safe_md(reason(run), 600)}", []).append(
            f"{short_title(recipe)}, seed {recipe.seed}"
        )
    with st.container(border=True):
        st.markdown(f"**{len(missing)} of {race.size} runs have no result.**")
        for words, names in alike.items():
            st.markdown(f"{'; '.join(names)} {words}")
        st.button(
            "Run what is missing",
            icon=":material/refresh:",
            key="race_again",
            on_click=run_missing,
            args=(race,),
        )
