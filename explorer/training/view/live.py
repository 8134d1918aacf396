"""The live probe, on *Train*, in a race and in the lesson: move a control, and what a linear probe would get right is there;
nothing is kept until *Keep*."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.app.address import keep, number, one_of
from explorer.app.asking import ask, error_box, finished
from explorer.app.controls import toggle
from explorer.app.drawing import draw
from explorer.app.labels import data_words
from explorer.app.words import percent, safe_md, short_title
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun, names
from explorer.training.figures.curves import curves
from explorer.training.figures.live import Tried, tried
from explorer.training.question import LiveProbe, LiveProbeQuestion, StoreFeaturesQuestion
from explorer.training.view.starting import start, start_and_follow

SIZES = (1, 2, 3, 5, 7, 10, 15, 25, 35, 50, 75, 100, 150, 250, 500, 1000)
RATES = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SEEDS = 20
ON_TRAIN = "live"  # the key of the live probe on the page *Train*
MANY = 8  # settings after which their number is worth a word
CODE = ("explorer/training/compute/live.py", "live_probe")
CURVES = ("explorer/training/compute/scoring.py", "score_epoch")
SAME = ("dataset", "data_dir", "labels", "edits", "spoilt", "split_seed", "backbone", "weights", "input_size")
"""The fields in which a tuned run must be like the probe, to stand beside it."""


def live_switch(key: str = ON_TRAIN) -> bool:
    """Whether the visitor wants the live probe."""
    said = "Move the number of images, the rate or the seed of a linear probe and see the result at once, on stored features."
    return toggle("Live probe: how few is few?", key, f"{key}_on", help=said)


def live_probe(recipe: Recipe, key: str = ON_TRAIN) -> None:
    """The live probe on the recipe's pictures and backbone."""
    st.fragment(_live)(_probe_of(recipe), key)


def _probe_of(recipe: Recipe) -> Recipe:
    """A linear probe of the recipe's pictures, backbone and epochs, all else as usual."""
    same = {name: getattr(recipe, name) for name in (*SAME, "epochs", "batch_size", "class_weights", "device")}
    return make(**same, strategy="linear_probe")


def _live(base: Recipe, key: str) -> None:
    st.subheader("Live probe", anchor=False)
    st.caption(
        safe_md(
            f"{data_words(base)}, {base.row.title}, {base.epochs} epochs. Only the head is trained; nothing is kept yet."
        )
    )
    stored = ask(StoreFeaturesQuestion(recipe=base), "The frozen stages see every picture once", height=0, soon=True)
    if stored is None:
        return
    most = max(stored.sizes)
    made = base.model_copy(update=_settings(base, most, key))
    found = ask(LiveProbeQuestion(recipe=made), "Training the head", height=420)
    if found is None:
        return
    before = _remember(base, made, found, key)
    _tell(made, found, len(before) + 1, key)
    now = Tried(made.per_class, _words(made), found.test)
    tuned = _tuned(base, finished())
    draw(partial(tried, now, tuple(before), most, tuned, found.majority), f"{key}_tried", code=CODE)
    with st.expander("Curves of this setting", icon=":material/show_chart:"):
        draw(partial(curves, found.epochs, found.chosen_epoch), f"{key}_curves", code=CURVES)


def _settings(base: Recipe, most: int, key: str) -> dict[str, object]:
    """The controls; as recipe fields."""
    sizes: list[int | None] = [*(s for s in SIZES if s < most), None]
    rates = sorted({*RATES, base.head_rate})
    one, two, three = st.columns([3, 2, 2], gap="medium")
    with one:
        usual = 25 if 25 in sizes else sizes[len(sizes) // 2]
        keep(f"{key}_images", f"{key}_images", usual, one_of(sizes))
        per_class = st.select_slider(
            "Training images per class",
            sizes,
            key=f"{key}_images",
            format_func=lambda s: "all" if s is None else str(s),
        )
    with two:
        keep(f"{key}_rate", f"{key}_rate", base.head_rate, one_of(rates))
        rate = st.select_slider("Head learning rate", rates, key=f"{key}_rate", format_func=lambda r: f"{r:g}")
    if base.drawn:  # the seed draws the backbone too, so that nothing stored would serve
        return {"per_class": per_class, "head_rate": rate}
    with three:
        keep(f"{key}_seed", f"{key}_seed", 0, number(0, SEEDS - 1))
        seed = st.slider("Seed", 0, SEEDS - 1, key=f"{key}_seed", help="Another draw of the images and of the head.")
    return {"per_class": per_class, "head_rate": rate, "seed": seed}


def _tell(made: Recipe, found: LiveProbe, settings: int, key: str) -> None:
    """Both accuracies, *Keep*, and a word where many settings were looked at."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{_words(made)}** ({found.n} images): validation {percent(found.val)}; test **{percent(found.test)}**, "
            f"after epoch {found.chosen_epoch} of {made.epochs}."
        )
        st.button(
            "Keep", icon=":material/save:", key=f"{key}_keep", on_click=_keep, args=(made, key),
            help="Carries it out as a run, with its audit, to be compared and looked into.",
        )  # fmt: skip
    if wrong := st.session_state.get(f"{key}_error", ""):
        error_box(wrong)
    if settings >= MANY:
        st.info(
            f"You have looked at {settings} settings. The best of so many on test images is flattered by chance: "
            "choose by validation, and read the test accuracy of that one alone.",
            icon=":material/lightbulb:",
        )


def _keep(made: Recipe, key: str) -> None:
    """Carry the setting out; *Train* shows the run where one presses, other pages say where it is."""
    if key == ON_TRAIN:
        start_and_follow(made)
        return
    st.session_state.pop(f"{key}_error", None)
    try:
        name = names.name(start(made))
        st.toast(f"**{safe_md(name)}** is in the queue; *Train* and *Runs* show it.", icon=":material/save:")
    except ExplorerError as error:
        st.session_state[f"{key}_error"] = str(error)


def _words(made: Recipe) -> str:
    size = "all images" if made.per_class is None else f"{made.per_class} image{'s' * (made.per_class > 1)} a class"
    return f"{size}, rate {made.head_rate:g}, seed {made.seed}"


def _remember(base: Recipe, made: Recipe, found: LiveProbe, key: str) -> list[Tried]:
    """The settings of the same pictures, backbone and epochs that were looked at before, without this one."""
    known: dict[Recipe, dict[Recipe, Tried]] = st.session_state.setdefault(f"{key}_known", {})
    mine = known.setdefault(base, {})
    mine[made] = Tried(made.per_class, _words(made), found.test)
    return [one for recipe, one in mine.items() if recipe != made]


def _tuned(base: Recipe, known: Sequence[FinishedRun]) -> Tried | None:
    """The latest finished run on the same pictures and backbone in which stages learned."""
    for run in known:
        recipe = run.recipe
        if run.test and recipe.tuned and all(getattr(recipe, name) == getattr(base, name) for name in SAME):
            words = f"{run.name}, {short_title(recipe)}, " + (
                "all" if recipe.per_class is None else str(recipe.per_class)
            )
            return Tried(recipe.per_class, f"{words} images a class", run.test)
    return None
