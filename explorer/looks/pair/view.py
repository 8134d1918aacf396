"""Which two runs, and which stage: A is 'before' (by default a linear probe), B is 'after' (a tuned run)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.app.asking import finished, predictions, stamp
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Gap, differences
from explorer.app.visitor import choice, choose, keep_pair, pair_shown, wishes
from explorer.app.words import audit_badge, difference_words, group_of, percent, run_label, safe_md, strategy_mark
from explorer.bundle import page_file
from explorer.catalogue.backbones import backbone
from explorer.catalogue.datasets import dataset
from explorer.errors import ExplorerError
from explorer.evidence import Difference
from explorer.runs import Run


@dataclass(frozen=True)
class Apart:
    """Why two runs cannot be compared: what differs and what that means, what to do, and of which run (`A` or `B`) a match
    can be trained (empty: of neither)."""

    why: str
    advice: str
    of: str = "A"


def apart(a: Run, b: Run) -> Apart | None:
    """Why A and B were not scored on the same test images through the same backbone and transform; None where they were."""
    p, q = a.recipe, b.recipe
    if p is None or q is None or any(getattr(p, name) != getattr(q, name) for name in _ALIKE):
        return Apart(
            f"A and B do not share their test images or their backbone, so a comparison would mean nothing. "
            f"A: {_where(a)}. B: {_where(b)}.",
            "Choose another B, or train one on A's images.",
            "A" if p is not None else "",
        )
    if p.preprocessing != q.preprocessing:
        return Apart(
            "A and B see the test images through different transforms, so a comparison would mix up the transform with the "
            f"training. A: {_through(a)}. B: {_through(b)}.",
            "Choose another B, or train one with A's weights and input size.",
        )
    if images_of(a) != images_of(b):
        place = "folder" if p.data_dir else "data set"
        newer = "A" if a.created > b.created else "B"
        return Apart(
            f"The {place} changed between the two runs: A was tested on {_tested(a)}, B on {_tested(b)}, and they are not the "
            "same ones.",
            f"Choose another run, or train a match for {newer}, the newer one, on the {place} as it is now.",
            newer,
        )
    return None


_ALIKE = ("backbone", "dataset", "data_dir", "split_seed")


def _kind(run: Run) -> tuple[object, ...] | None:
    """What two runs must share to be compared, as `apart` says in words; None for a run that cannot be read."""
    if run.recipe is None:
        return None
    try:
        return *(getattr(run.recipe, name) for name in _ALIKE), run.recipe.preprocessing, images_of(run)
    except ExplorerError:
        return None


def _same_images(a: Run, b: Run) -> bool:
    """Whether nothing keeps two runs apart; a run whose predictions cannot be read has no partner."""
    kind = _kind(a)
    return kind is not None and kind == _kind(b)


def images_of(run: Run) -> int:
    """A number that names a run's test images and classes: equal where they are the same. ExplorerError without predictions."""
    folder = runs.folder(run.id)
    return _images_in(folder, stamp(folder / "predictions.csv"))


@lru_cache(maxsize=2048)
def _images_in(folder: Path, when: int) -> int:
    said = runs.predictions(folder.name)
    return hash((said.ids, said.classes, said.labels.tobytes()))


def _first(among: Iterable[Run], fits: Callable[[Run], bool]) -> Run | None:
    return next((run for run in among if fits(run)), None)


def _default_a(known: list[Run], partner: Run | None = None) -> Run:
    """The latest linear probe on pre-trained weights for which there is a partner, else the latest probe, else any.

    Where B is named already (`partner`), it is one that can be compared with it; where the visitor chose a data set or a
    backbone, one of theirs that can be compared at all.
    """
    probes = [r for r in known if r.recipe and r.recipe.strategy == "linear_probe" and r.recipe.weights != "random"]

    kinds = {run.id: _kind(run) for run in known}  # hundreds of runs: each is looked at once
    many = Counter(kinds.values())
    tuned = {kinds[r.id] for r in known if r.recipe and r.recipe.learns}

    def any_partner(run: Run) -> bool:
        return kinds[run.id] is not None and many[kinds[run.id]] > 1

    def tuned_partner(run: Run) -> bool:
        return kinds[run.id] is not None and kinds[run.id] in tuned

    if partner is not None:
        found = _first([*probes, *known], lambda r: r.id != partner.id and _same_images(r, partner))
        if found is not None:
            return found
    for wish in wishes():
        theirs = [r for r in [*probes, *known] if all(getattr(r.recipe, name) == wish[name] for name in wish)]
        found = _first((r for r in theirs if r in probes), tuned_partner) or _first(theirs, any_partner)
        if found is not None:
            return found
    return _first(probes, tuned_partner) or (probes or known)[0]


def _default_b(known: list[Run], a: Run) -> Run:
    """The latest tuned run on A's images, else the latest other run on them, else the latest other run."""
    others = [r for r in known if r.id != a.id]
    kind = _kind(a)
    alike = [r for r in others if kind is not None and _kind(r) == kind]
    return _first(alike, lambda r: bool(r.recipe and r.recipe.learns)) or (alike or others or known)[0]


def need_run(why: str) -> None:
    """The message of a page that has nothing to look at yet, with the way out."""
    with st.container(border=True):
        st.markdown(f"#### :material/local_fire_department: {why}")
        st.caption("A run takes seconds. The home page makes three by itself; the Train page makes yours.")
        with st.container(horizontal=True):
            if st.button("Make a run", type="primary", icon=":material/play_arrow:", key="need_train"):
                st.switch_page(page_file("training"))
            if st.button("See the default comparison", icon=":material/home:", key="need_home"):
                st.switch_page(page_file("home"))


def _change(field: str) -> Callable[[], None]:
    return lambda: choose(**{field: st.session_state[f"pick_{field}"]})


def pick_run(field: str, label: str, known: list[Run], default: Run) -> Run:
    """A picker of finished runs, bound to the choice's field `a` or `b`; says where the address named none of them."""
    by_id = {run.id: run for run in known}
    wanted = getattr(choice(), field)
    if wanted and wanted not in by_id:
        st.warning(
            safe_md(f"Run {wanted} is not among the finished runs; showing {default.id}."), icon=":material/link_off:"
        )
        choose(**{field: ""})
    current = by_id.get(wanted, default)
    st.session_state[f"pick_{field}"] = current.id
    st.selectbox(
        label, list(by_id), key=f"pick_{field}", format_func=lambda i: run_label(by_id[i]), on_change=_change(field)
    )
    learns = ", ".join(("head", *current.recipe.learns)) if current.recipe else "unknown"
    score = f"**{percent(current.test)}**" if current.test else "no test score"
    st.markdown(
        f"{strategy_mark(current.recipe)} · {score}  \n:small[learns: {learns}]  {audit_badge(current.clean, current.fault)}"
    )
    return current


def two_runs(purpose: str, match: bool = True) -> tuple[Run, Run] | None:
    """A and B with their pickers in one row; None after a message where there are no two runs to compare.

    The address then names both, so that a link shows the same two later.
    """
    known = finished()
    if len(known) < 2:
        have = "There is no finished run yet." if not known else "There is one finished run; comparing needs two."
        need_run(f"{have} {purpose}")
        return None
    by_id = {run.id: run for run in known}
    shown_a, shown_b = (by_id.get(run) for run in pair_shown())
    left, right = st.columns(2, gap="large")
    with left:
        a = pick_run("a", "A · before", known, shown_a or _default_a(known, by_id.get(choice().b)))
    if shown_b is not None and not _same_images(a, shown_b):
        shown_b = None
    with right:
        b = pick_run("b", "B · after", known, shown_b or _default_b(known, a))
    if a.id == b.id:
        st.info("A and B are the same run: nothing can differ. Choose another run for B.", icon=":material/info:")
    found = apart(a, b) if match else None
    if found is not None:
        _mismatch(a, b, found)
        return None
    _forget_other_images(a)
    keep_pair(a.id, b.id)
    return a, b


def _forget_other_images(a: Run) -> None:
    """Image, selection and class name pictures of the runs shown last: where these saw others, they name nothing."""
    now, before = images_of(a), st.session_state.get("images_of")
    st.session_state["images_of"] = now
    if before in (None, now):
        return
    st.session_state.pop("images_cell", None)
    chosen = choice()
    if chosen.image >= 0 or chosen.images or chosen.target:
        choose(image=-1, images="", target="")
        st.caption(
            ":material/restart_alt: These runs were tested on other images: the chosen image, selection and class are reset."
        )


def _mismatch(a: Run, b: Run, found: Apart) -> None:
    """Say why A and B cannot be compared, and offer the run that could be."""
    with st.container(border=True):
        st.warning(f"{found.why} {found.advice}", icon=":material/compare_arrows:")
        kept = {"A": a, "B": b}.get(found.of)
        if kept is None or kept.recipe is None:
            return
        if st.button(f"Train a match for {found.of}", icon=":material/play_arrow:", type="primary", key="train_match"):
            choose(backbone=kept.recipe.backbone, dataset=kept.recipe.dataset)
            st.session_state["train_folder"] = kept.recipe.data_dir or ""
            st.session_state[f"weights_{kept.recipe.backbone}"] = kept.recipe.weights
            st.switch_page(page_file("training"))


def _where(run: Run) -> str:
    if run.recipe is None:
        return "unreadable"
    place = run.recipe.data_dir or dataset(run.recipe.dataset).title
    split = f", split seed {run.recipe.split_seed}" if run.recipe.split_seed else ""
    return safe_md(f"{run.recipe.row.title} on {place}, {run.recipe.preprocessing.crop} px{split}")


def _through(run: Run) -> str:
    """A run's weights and how its pictures become inputs."""
    if run.recipe is None:
        return "unreadable"
    how = run.recipe.preprocessing
    return safe_md(f"{run.recipe.weights}, resized to {how.resize} px, cut to {how.crop} px")


def _tested(run: Run) -> str:
    said = predictions(run.id)
    return f"{len(said.ids)} images of {len(said.classes)} classes"


def pick_stage(run: Run, default: str = "") -> str:
    """A control of the backbone's stages, bound to the choice; frozen ones carry a snowflake, learning ones a flame."""
    recipe = run.recipe
    names = recipe.row.stage_names if recipe else backbone(choice().backbone).stage_names
    learns = recipe.learns if recipe else ()
    if choice().stage and choice().stage not in names:
        st.warning(
            safe_md(f"This backbone has no stage {choice().stage}; showing its last."), icon=":material/link_off:"
        )
        choose(stage="")
    current = choice().stage or default or names[-1]
    st.session_state["pick_stage"] = current
    icons = {name: "local_fire_department" if name in learns else "ac_unit" for name in names}
    st.segmented_control(
        "Stage (input → output)",
        names,
        key="pick_stage",
        required=True,
        format_func=lambda name: f":material/{icons[name]}: {name}",
        on_change=_change("stage"),
    )
    return current


def same_start(a: Run, b: Run) -> bool:
    """Whether A and B started from the same weights, so that their features share their axes."""
    return bool(a.recipe and b.recipe and a.recipe.start == b.recipe.start)


def warn_unrelated(a: Run, b: Run) -> None:
    """Say so where A and B did not start from the same weights: then channel 7 of A is not channel 7 of B."""
    if a.recipe and b.recipe and not same_start(a, b):
        told = [r.weights + (f" (seed {r.seed})" if r.weights == "random" else "") for r in (a.recipe, b.recipe)]
        st.warning(
            f"A started from {safe_md(told[0])}, B from {safe_md(told[1])}: their channels have nothing to do with each other. "
            "Read no channel-by-channel change into this.",
            icon=":material/warning:",
        )


def changed(a: Run, b: Run) -> tuple[int, int]:
    """How many test images B gets right that A got wrong, and the reverse."""
    found = difference(a, b)
    return found.fixed, found.broken


def difference(a: Run, b: Run) -> Difference:
    """B against A on the same test images, image by image, and group by group where they come in groups."""
    return predictions(b.id).against(predictions(a.id))


def compare_two(found: list[Run]) -> None:
    """The difference of two runs on the same images, the older as A; nothing for more runs, or where their images differ."""
    if len(found) != 2 or not _same_images(*found):
        return
    b, a = found if found[0].created > found[1].created else found[::-1]
    gap = difference(a, b)
    plan = partial(differences, [Gap("B − A (A: the older)", gap)], group_of(a))
    draw(plan, "runs_gap", code=("explorer/evidence/pairs.py", "difference"))
    st.markdown(difference_words(gap, group_of(a)))


def most_gained(a: Run, b: Run) -> int:
    """The image that B gained most on: its true class's probability rose furthest."""
    pa, pb = predictions(a.id), predictions(b.id)
    rows = range(len(pa.labels))
    return max(rows, key=lambda i: float(pb.probability[i, pb.labels[i]] - pa.probability[i, pa.labels[i]]))
