"""The end of a race in words: what to take, by how much, at what cost, what would settle it, and the next step."""

from functools import partial

import numpy as np
import streamlit as st

from explorer import jobs
from explorer.app.asking import owner, predictions
from explorer.app.drawing import show_code
from explorer.app.visitor import choose
from explorer.app.words import group_of, safe_md
from explorer.bundle import page_file
from explorer.errors import ExplorerError
from explorer.evidence import POWER, points
from explorer.looks.pair import comparison
from explorer.race.decision import Decision, contenders, decide, further_seeds
from explorer.race.races import Arm, Race
from explorer.race.view.pairs import pair_tests
from explorer.race.view.starting import queue_runs
from explorer.race.view.titles import titles_of
from explorer.recipe import Recipe
from explorer.training.view.starting import show, start


def show_decision(race: Race) -> None:
    """What to take and what to do next, once two arms have finished with a seed in common."""
    pair = contenders(race)
    if pair is None:
        return
    st.header("The decision")
    found = decide(*pair, *gains(*pair))
    titles = {name: safe_md(title) for name, title in titles_of(race).items()}
    group = group_of(next(iter(found.base.finished.values()))) if found.difference.others else ""
    with st.container(border=True):
        st.markdown(f"### {verdict_words(found, titles)}")
        st.markdown(f"{evidence_words(found, titles, group)} {cost_words(found, titles)}")
        st.markdown(settling_words(found, group))
        _next(race, found, titles)
    st.caption(
        ":material/warning: The two were chosen without the test images: the cheapest arm, and the best of the others on "
        "validation. All seeds share their test images, so seeds add no images: the interval takes both kinds of luck into "
        "account, that of the images and, from two seeds on, that of training."
    )
    show_code("explorer/evidence/seeds.py", "together")


def gains(a: Arm, b: Arm) -> tuple[np.ndarray, np.ndarray | None]:
    """The gains (s, n) of B over A, image by image, of the seeds that both have finished on the same images as the first; and the
    images' groups (n,), where they come in groups."""
    seeds = list(pair_tests(a, b))  # raises where A and B were not scored on the same images
    said = [(predictions(a.runs[seed].id), predictions(b.runs[seed].id)) for seed in seeds]
    same = [(one, two) for one, two in said if comparison.alike(said[0][0], one, two)]
    found = np.array([two.right.astype(int) - one.right.astype(int) for one, two in same])
    return found, said[0][0].groups


def verdict_words(found: Decision, titles: dict[str, str]) -> str:
    """What to take, in a sentence."""
    icon = ":material/local_fire_department:" if found.taken.recipe.tuned else ":material/ac_unit:"
    taken = titles[found.taken.name]
    if found.difference.shown:
        return f"{icon} Take {taken}."
    return f"{icon} Not settled. Until it is, take {taken}, the cheaper."


def evidence_words(found: Decision, titles: dict[str, str], group: str) -> str:
    """Whom the seeds favour, and by how much."""
    mean, (ahead, _, behind) = found.difference, found.difference.favour
    better = mean.value >= 0
    name, other = (titles[arm.name] for arm in ((found.leader, found.base) if better else (found.base, found.leader)))
    count = ahead if better else behind
    if mean.seeds == 1:
        how = f"favours **{name}** over {other}" if mean.value else f"sees **{name}** and {other} level"
        who = f"The one seed {how}"
    elif not mean.value:
        who = f"Over {mean.seeds} seeds **{name}** and {other} are level"
    else:
        part = f"{count} of {mean.seeds}" if count < mean.seeds else "Both" if count == 2 else f"All {count}"
        who = f"{part} seeds favour **{name}** over {other}"
    low, high = sorted(end if better else -end for end in mean.ends)
    of = f" for other {group}s" if group else ""
    luck = "which may be chance" if not mean.shown else "more than chance gives"
    return f"{who}: {points(abs(mean.value))} points (95 % interval{of} {points(low)} to {points(high)}, n = {mean.n}), {luck}."


def cost_words(found: Decision, titles: dict[str, str]) -> str:
    """What B costs more than A, in seconds and memory."""
    said = []
    seconds = [arm.over("seconds", "total") for arm in (found.base, found.leader)]
    if found.times is not None and seconds[0] and seconds[1]:
        told = f"{seconds[1].mean:.0f} s against {seconds[0].mean:.0f} s"
        said.append(
            f"takes {found.times:.1f} times as long ({told})" if found.times >= 1.1 else f"takes about as long ({told})"
        )
    if found.memory is not None and abs(found.memory) >= 1e6:
        said.append(f"needs {abs(found.memory) / 1e6:.0f} MB {'more' if found.memory > 0 else 'less'} memory")
    return f"**{titles[found.leader.name]}** {' and '.join(said)}." if said else ""


def settling_words(found: Decision, group: str) -> str:
    """How many test images would settle it, or that it is settled."""
    mean = found.difference
    again = "" if mean.seeds > 1 else " One seed says nothing of how other seeds would end: run more."
    if mean.shown:
        return f":material/check: Settled on these images.{again}"
    if found.needed is None:
        return f":material/help: The difference is too small for any test set of reasonable size.{again}"
    number = float(f"{found.needed:.2g}")
    if number <= mean.n:
        return f":material/help: {mean.n} test images are enough for a difference of this size: more seeds would settle it."
    of = f", of more {group}s," if group else ""
    return (
        f":material/help: If the difference is as large as it looks, about **{number:,.0f} test images**{of} would settle it (in "
        f"{100 * POWER:.0f} of 100 cases); here are {mean.n}.{again}"
    )


def _next(race: Race, found: Decision, titles: dict[str, str]) -> None:
    """The next steps, a click each."""
    seed = next(seed for seed in found.base.finished if seed in found.leader.finished)
    more = further_seeds(race)
    with st.container(horizontal=True):
        if st.button("Look at these two", type="primary", icon=":material/photo_library:", key="race_look"):
            choose(a=found.base.runs[seed].id, b=found.leader.runs[seed].id)
            st.switch_page(page_file("images"))
        recipe = found.taken.recipe
        if recipe.per_class is not None:
            words = f"Train {titles[found.taken.name]} on all images"
            if st.button(words, icon=":material/play_arrow:", key="race_train_all"):
                _train(recipe.model_copy(update={"per_class": None, "seed": 0}))
        if more and not race.live:
            count = len({recipe.seed for recipe in more})
            st.button(
                f"Run {count} more seed{'s' * (count > 1)}",
                icon=":material/casino:",
                key="race_more_seeds",
                on_click=queue_runs,
                args=([partial(jobs.train, recipe, owner(), race=race.id) for recipe in more], race.id),
            )


def _train(recipe: Recipe) -> None:
    try:
        show(start(recipe), "is in the queue")
    except ExplorerError as error:
        st.session_state["training_error"] = str(error)
    st.switch_page(page_file("training"))
