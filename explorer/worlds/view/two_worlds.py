"""Two worlds side by side on the home page: what tuning does where it is not needed, and where it pays."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.app.asking import ask, error_box, majority, predictions, stamp
from explorer.app.contents import title_of
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Bar, Gap, accuracies, differences
from explorer.app.figures.style import Figure
from explorer.app.labels import differences as differs
from explorer.app.thumbnails import picture_row
from explorer.app.words import difference_words, group_of, percent, safe_md, short_title
from explorer.bundle import page_file
from explorer.errors import ExplorerError
from explorer.evidence import Paired
from explorer.evidence.many import p_digits
from explorer.looks.attribution.figures.maps import attribution
from explorer.looks.images.question import ExamplesQuestion, Gallery
from explorer.looks.pair.view.choosing import difference
from explorer.looks.projection.figures.still import projection_pair
from explorer.looks.projection.view.showing import ask_map
from explorer.runs import FinishedRun, Run
from explorer.runs.life import LIVE
from explorer.training.view.following import home_progress
from explorer.training.view.starting import latest, start
from explorer.worlds.recipes import FAR, NEAR, RANDOM, WORLDS, World, look_of

LEVEL = 0.05
SHOWN = 8  # thumbnails of a world
Pair = tuple[FinishedRun, FinishedRun]


def sample_pairs(known: Sequence[Run]) -> dict[str, Pair]:
    """The runs that ship, by world, among all runs; empty where one is missing."""
    known = [run for run in known if run.sample and isinstance(run, FinishedRun)]
    found = {}
    for world in WORLDS:
        pair = [next((run for run in known if run.recipe == recipe), None) for recipe in world.recipes]
        if pair[0] is None or pair[1] is None:
            return {}
        found[world.name] = (pair[0], pair[1])
    return found


def decision(gap: Paired, times: float) -> str:
    """What follows from B - A, whole groups exchanged where images come in groups: freeze or tune, with the numbers.

    `times` is by how much longer tuning took.
    """
    p = gap.grouped.p_value if gap.grouped is not None and gap.grouped.p_value is not None else gap.p_value
    sure = "p < 0.001" if p < 0.001 else f"p = {p_digits(p)}"
    cost = f"takes {times:.0f} times as long" if times >= 1.5 else "takes about as long"
    points = f"{100 * abs(gap.value):.0f} points"
    if p < LEVEL and gap.value > 0:
        return f":material/local_fire_department: **Tune.** It gains {points} ({sure}) and {cost}."
    if p < LEVEL:
        return f":material/ac_unit: **Freeze.** Tuning loses {points} ({sure}) and {cost}."
    return f":material/ac_unit: **Freeze.** Tuning shows no gain ({sure}) and {cost}."


def two_worlds(pairs: dict[str, Pair], known: Sequence[Run]) -> None:
    """Both worlds beside each other, then what changed inside the network of the chosen one.

    What is said of both comes before the first figure: a browser's first one costs it seconds (it compiles Plotly).
    """
    columns = st.columns(len(WORLDS), gap="large")
    figures = []
    for column, world in zip(columns, WORLDS, strict=True):
        with column:
            figures.append(_card(world, pairs[world.name], known))
    for place, plan, key in figures:
        with place:
            draw(plan, key, code=("explorer/evidence/pairs.py", "difference"))
    with st.container(horizontal=True):
        st.page_link(page_file("lessons"), label="**Start here: the lesson**", icon=":material/school:")
        st.page_link(page_file("bring"), label="**Use your own pictures**", icon=":material/add_photo_alternate:")
        st.page_link(page_file("race"), label=f"**{title_of('race')}: race strategies**", icon=":material/flag:")
    st.header("What changed inside?")
    titles = {world.name: world.title for world in WORLDS}
    shown = st.segmented_control(
        "World", list(titles), default=FAR.name, required=True, key="home_world", format_func=titles.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    _inside(*pairs[shown or FAR.name])
    _pre_training(*pairs[NEAR.name], known)


def _card(world: World, pair: Pair, known: Sequence[Run]) -> tuple[DeltaGenerator, partial[Figure], str]:
    """One world: its pictures, both accuracies, and what follows; returns the place, plan and key of its figure, which is drawn
    later."""
    a, b = pair
    gap, group = difference(a, b), group_of(a)
    st.subheader(world.title)
    examples = ExamplesQuestion(run=a.id)
    found = ask(examples, "Example pictures", height=80)
    if found is not None:
        told = telling(found)
        names = ", ".join(found.classes[found.labels[i]] for i in told)
        row = picture_row(examples.path, stamp(examples.path), tuple(told))
        st.image(row, width="stretch", alt=f"Pictures of {names}")
        some = ", here" if len(told) < len(found.images) else ""
        st.caption(f"{world.about} {len(found.classes)} classes{some}: {safe_md(names)}.")
    st.markdown(f"### {decision(gap, _seconds(b) / max(_seconds(a), 0.1))}")
    if a.test and b.test:
        st.markdown(
            f"Right on {a.test.n} test images: **{percent(a.test)}** with the backbone frozen (A), **{percent(b.test)}** with "
            f"{'the whole network' if len(b.recipe.learns) == len(b.recipe.row.stages) else 'its last stage'} "
            f"tuned as well (B)."
        )
    place = st.container()
    st.caption(f"{difference_words(gap, group)} {_made(b)}")
    _repeat(world, pair, known)
    return place, partial(differences, [Gap("Tuned − frozen", gap)], group), f"home_gap_{world.name}"


def telling(found: Gallery) -> list[int]:
    """Which SHOWN pictures of a gallery, in its order, show most: those with the most contrast."""
    contrast = found.images.std(axis=(1, 2, 3))
    return sorted(np.argsort(-contrast, kind="stable")[:SHOWN].tolist())


def _seconds(run: FinishedRun) -> float:
    return float((run.facts.get("seconds") or {}).get("total") or 0.0)


def _made(run: FinishedRun) -> str:
    """Where and when a sample was made."""
    sample = run.facts.get("sample") or {}
    versions = run.facts.get("versions") or {}
    where = f"{sample.get('machine', '')}, torch {versions.get('torch', '')}, {sample.get('date', '')}"
    return safe_md(f"Sample runs, seed {run.recipe.seed}: {where}.")


def _repeat(world: World, pair: Pair, known: Sequence[Run]) -> None:
    """Both recipes again, here; their numbers beside those that ship."""
    own = [run for run in known if not run.sample]
    here = [latest(recipe, own) for recipe in world.repeated]
    both = [
        run for run in here if run is not None
    ]  # the probe alone is somebody's from the Train page, not a repetition
    if len(both) == 2 and any(run.state in LIVE for run in both):
        home_progress(both, ("Frozen", "Tuned"))
        return
    a, b = here
    if isinstance(a, FinishedRun) and isinstance(b, FinishedRun) and a.test and b.test:
        gap = difference(a, b)
        st.markdown(
            f":material/replay: Repeated here{_quicker(world)}: {percent(a.test)} frozen, {percent(b.test)} tuned. "
            f"{difference_words(gap, group_of(a))}"
        )
        return
    minutes = (_seconds(pair[0]) + _seconds(pair[1])) / 60
    about = f"{60 * minutes:.0f} seconds" if minutes < 1.5 else f"{minutes:.0f} minutes"
    st.button("Repeat it here", icon=":material/replay:", key=f"home_repeat_{world.name}", on_click=_start, args=(world,),
              help=f"Trains both networks on this machine{_quicker(world)}."
              + (f" Where the samples were made that took {about}." if world.quicker is None else ""))  # fmt: skip


def _quicker(world: World) -> str:
    """In words what a repetition has otherwise than the runs that ship; empty where it is the same."""
    made, usual = world.repeated[1], world.tuned
    words = [short_title(made)] * (made.strategy != usual.strategy) + differs(made, usual)
    return f", in a quicker version ({', '.join(words)})" if words else ""


def _start(world: World) -> None:
    try:
        for recipe in world.repeated:
            start(recipe)
    except ExplorerError as error:
        error_box(str(error))


def _pre_training(probe: FinishedRun, tuned: FinishedRun, known: Sequence[Run]) -> None:
    """The near world's networks beside one that was never pre-trained."""
    random = next((run for run in known if run.sample and run.recipe == RANDOM), None)
    if not isinstance(random, FinishedRun):
        return
    st.header("And without pre-training?")
    named = (("Random, frozen", random), ("Pre-trained, frozen", probe), ("Pre-trained, tuned", tuned))
    bars = [
        Bar(name, run.test, run is tuned, run is random, run.grouped) for name, run in named if run.test is not None
    ]
    group = group_of(probe)
    draw(
        partial(accuracies, bars, majority(probe), group),
        "home_accuracy",
        code=("explorer/evidence/shares.py", "wilson"),
    )
    st.markdown(f"Pre-training, both frozen: {difference_words(difference(random, probe), group)}")


def _inside(a: FinishedRun, b: FinishedRun) -> None:
    """The map of both networks, and where each looks in one picture."""
    st.markdown("Every point is a test image, placed by its features at the last stage. **A**: frozen. **B**: tuned.")
    found = ask_map(a.id, b.id, "umap")
    if found is not None:
        code = ("explorer/looks/projection/compute/joint.py", "project")
        draw(partial(projection_pair, found), "home_map", code=code)
    asked = look_of(a, b, predictions)
    st.markdown(
        safe_md(
            f"Where each network looks for “{asked.target}”, the right class of test image {asked.image}, the one that B "
            f"gained most on (Grad-CAM, {asked.stage})."
        )
    )
    seen = ask(asked, "Grad-CAM", height=400)
    if seen is not None:
        code = ("explorer/looks/attribution/compute/gradients.py", "gradcam")
        draw(partial(attribution, seen), "home_look", code=code)
    pair = {"a": a.id, "b": b.id}
    with st.container(horizontal=True):
        for page, label, icon in (
            ("projection", "Explore the map", "scatter_plot"),
            ("attribution", "Try other images", "visibility"),
            ("features", "See the channels", "grid_view"),
            ("similarity", "How far did each stage move?", "compare_arrows"),
        ):
            st.page_link(page_file(page), label=label, icon=f":material/{icon}:", query_params=pair)
