"""Which two runs, and which stage: A is 'before' (by default a linear probe), B is 'after' (a tuned run)."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import streamlit as st

from explorer.app.address import forget
from explorer.app.asking import finished, predictions
from explorer.app.display import name_figures
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Gap, differences
from explorer.app.labels import run_labels
from explorer.app.mine import own_runs
from explorer.app.presenting import controls
from explorer.app.visitor import choice, choose, keep_pair, pair_shown, wishes
from explorer.app.words import audit_badge, difference_words, group_of, percent, plain, safe_md, strategy_mark
from explorer.bundle import page_file
from explorer.evidence import Paired
from explorer.looks.pair import comparison
from explorer.looks.pair.comparison import Incomparable, comparable, images_of, kind
from explorer.runs import FinishedRun
from explorer.workspaces import example


def _first(among: Iterable[FinishedRun], fits: Callable[[FinishedRun], bool]) -> FinishedRun | None:
    return next((run for run in among if fits(run)), None)


def _likely(known: list[FinishedRun]) -> list[FinishedRun]:
    """The runs in the order in which the visitor most likely wants to see them: those that this browser started, and of each
    kind first those in which nothing moved that was to stay; else as they came."""
    own = set(own_runs())
    return sorted(known, key=lambda run: (run.id not in own, run.clean is False))


def _default_a(known: list[FinishedRun], partner: FinishedRun | None = None) -> FinishedRun:
    """The latest linear probe on pre-trained weights for which there is a partner, else the latest probe, else any.

    Where B is named already (`partner`), it is one that can be compared with it; where the visitor chose a data set or a
    backbone, one of theirs that can be compared at all.
    """
    probes = [r for r in known if r.recipe.strategy == "linear_probe" and not r.recipe.drawn]

    kinds = {run.id: kind(run) for run in known}  # hundreds of runs: each is looked at once
    many = Counter(kinds.values())
    tuned = {kinds[r.id] for r in known if r.recipe.tuned}

    def any_partner(run: FinishedRun) -> bool:
        return kinds[run.id] is not None and many[kinds[run.id]] > 1

    def tuned_partner(run: FinishedRun) -> bool:
        return kinds[run.id] is not None and kinds[run.id] in tuned

    if partner is not None:
        found = _first([*probes, *known], lambda r: r.id != partner.id and comparable(r, partner))
        if found is not None:
            return found
    for wish in wishes():
        theirs = [r for r in [*probes, *known] if all(getattr(r.recipe, name) == wish[name] for name in wish)]
        found = _first((r for r in theirs if r in probes), tuned_partner) or _first(theirs, any_partner)
        if found is not None:
            return found
    return _first(probes, tuned_partner) or (probes or known)[0]


def _default_b(known: list[FinishedRun], a: FinishedRun) -> FinishedRun:
    """The latest tuned run on A's images, else the latest other run on them, else the latest other run."""
    others = [r for r in known if r.id != a.id]
    mine = kind(a)
    alike = [r for r in others if mine is not None and kind(r) == mine]
    return _first(alike, lambda r: r.recipe.tuned) or (alike or others or known)[0]


def pinned_pair() -> tuple[FinishedRun, FinishedRun] | None:
    """The two runs that the presenter pinned for everybody; None where there are none, or one is gone."""
    found = example.pinned()
    by_id = {run.id: run for run in finished()} if found is not None else {}
    return (by_id[found.a], by_id[found.b]) if found is not None and {found.a, found.b} <= {*by_id} else None


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
    def changed() -> None:
        if field != "stage":
            st.query_params.pop("alpha", None)  # was chosen for the pair that was shown
        choose(**{field: st.session_state[f"pick_{field}"]})

    return changed


def pick_run(field: str, label: str, known: list[FinishedRun], default: FinishedRun) -> FinishedRun:
    """A picker of finished runs, bound to the choice's field `a` or `b`; says where the address named none of them."""
    by_id = {run.id: run for run in known}
    wanted = getattr(choice(), field)
    if wanted and wanted not in by_id:
        st.warning(
            safe_md(f"The run {wanted} is not among the finished ones. Showing {default.name} ({default.id})."),
            icon=":material/link_off:",
        )
        choose(**{field: ""})
    current = by_id.get(wanted, default)
    st.session_state[f"pick_{field}"] = current.id
    labels = run_labels(known)
    st.selectbox(label, list(by_id), key=f"pick_{field}", format_func=labels.__getitem__, on_change=_change(field))
    learns = ", ".join(("head", *(current.recipe.learns or ("scale and shift",) * current.recipe.tuned)))
    score = f"**{percent(current.test)}**" if current.test else "no test score"
    st.markdown(
        f"{strategy_mark(current.recipe)} · {score}  \n:small[{safe_md(plain(current.name))}, trainable: {learns}]  "
        f"{audit_badge(current.clean, current.fault)}"
    )
    return current


def two_runs(purpose: str, images: bool = False) -> tuple[FinishedRun, FinishedRun] | None:
    """A and B with their pickers in one row; None after a message where there are no two runs to compare.

    Where `images` alone are looked at, they may be of different backbones. The address then names both, so that a link shows
    the same two later.
    """
    fits = comparison.comparable_by_image if images else comparable
    known = finished()
    likely = _likely(known)
    if len(known) < 2:
        have = "There is no finished run yet." if not known else "There is one finished run; comparing needs two."
        need_run(f"{have} {purpose}")
        return None
    by_id = {run.id: run for run in known}
    shown_a, shown_b = (by_id.get(run) for run in pair_shown())
    if not any((choice().a, choice().b, shown_a, shown_b)) and (pinned := pinned_pair()) is not None:
        shown_a, shown_b = pinned
    with controls("Runs"):
        left, right = st.columns(2, gap="large")
    with left:
        a = pick_run("a", "A · before", known, shown_a or _default_a(likely, by_id.get(choice().b)))
    if shown_b is not None and not fits(a, shown_b):
        shown_b = None
    with right:
        b = pick_run("b", "B · after", known, shown_b or _default_b(likely, a))
    if a.id == b.id:
        st.info("A and B are the same run: nothing can differ. Choose another run for B.", icon=":material/info:")
    if (found := (comparison.apart_by_image if images else comparison.apart)(a, b)) is not None:
        _mismatch(a, b, found)
        return None
    _forget_other_images(a)
    keep_pair(a.id, b.id)
    return a, b


def _forget_other_images(a: FinishedRun) -> None:
    """Image, selection and class name pictures of the runs shown last: where these saw others, they name nothing."""
    now, before = images_of(a), st.session_state.get("images_of")
    st.session_state["images_of"] = now
    if before in (None, now):
        return
    forget("images_cell")
    chosen = choice()
    if chosen.image >= 0 or chosen.images or chosen.target:
        choose(image=-1, images="", target="")
        st.caption(
            ":material/restart_alt: These runs were tested on other images: the chosen image, selection and class are reset."
        )


def _mismatch(a: FinishedRun, b: FinishedRun, found: Incomparable) -> None:
    """Say why A and B cannot be compared, and offer the run that could be."""
    with st.container(border=True):
        st.warning(safe_md(str(found), 3000), icon=":material/compare_arrows:")
        if found.images:
            page, label = page_file("images"), "Compare them image by image"
            st.page_link(page, label=label, icon=":material/photo_library:", query_params={"a": a.id, "b": b.id})
        kept = {"A": a, "B": b}.get(found.of)
        if kept is None:
            return
        if st.button(f"Train a match for {found.of}", icon=":material/play_arrow:", type="primary", key="train_match"):
            choose(backbone=kept.recipe.backbone, dataset=kept.recipe.dataset)
            st.session_state["train_folder"] = kept.recipe.data_dir or ""
            st.session_state[f"weights_{kept.recipe.backbone}"] = kept.recipe.weights
            st.switch_page(page_file("training"))


def pick_stage(run: FinishedRun, default: str = "") -> str:
    """A control of the backbone's stages, bound to the choice; frozen ones carry a snowflake, learning ones a flame."""
    names, learns = run.recipe.row.stage_names, run.recipe.trainable
    if choice().stage and choice().stage not in names:
        st.warning(
            safe_md(f"This backbone has no stage {choice().stage}; showing its last."), icon=":material/link_off:"
        )
        choose(stage="")
    current = choice().stage or default or names[-1]
    st.session_state["pick_stage"] = current
    name_figures(stage=current)
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


def warn_unrelated(a: FinishedRun, b: FinishedRun) -> None:
    """Say so where A and B did not start from the same weights: then channel 7 of A is not channel 7 of B."""
    found = comparison.strangers(a.recipe, b.recipe, "channels")
    if found is not None:
        st.warning(
            f"{safe_md(found.why)} Read no channel-by-channel change into this.",
            icon=":material/warning:",
        )


def difference(a: FinishedRun, b: FinishedRun) -> Paired:
    """B against A on the same test images, image by image, and group by group where they come in groups."""
    return comparison.paired(predictions(a.id), predictions(b.id))


def compare_two(found: list[FinishedRun]) -> None:
    """The difference of two runs on the same images, the older as A; nothing for more runs, or where their images differ."""
    if len(found) != 2 or not comparison.comparable_by_image(*found):
        return
    b, a = found if found[0].created > found[1].created else found[::-1]
    gap = difference(a, b)
    plan = partial(differences, [Gap("B − A (A: the older)", gap)], group_of(a))
    draw(plan, "runs_gap", code=("explorer/evidence/pairs.py", "difference"))
    st.markdown(difference_words(gap, group_of(a)))


def most_gained(a: FinishedRun, b: FinishedRun) -> int:
    """The image that B gained most on: its true class's probability rose furthest."""
    return predictions(b.id).most_gained(predictions(a.id))
