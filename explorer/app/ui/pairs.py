"""Which two runs, and which stage: A is 'before' (by default a linear probe), B is 'after' (a tuned run)."""

from collections.abc import Callable

import streamlit as st

from explorer.app.ui.asking import finished, predictions
from explorer.app.ui.visitor import choice, choose
from explorer.app.ui.words import audit_badge, percent, run_label, safe_md, strategy_mark
from explorer.catalogue.backbones import backbone
from explorer.catalogue.datasets import dataset
from explorer.runs import Run


def _same_images(a: Run, b: Run) -> bool:
    """Whether two runs were scored on the same test images through the same backbone and transform."""
    p, q = a.recipe, b.recipe
    if p is None or q is None:
        return False
    alike = ("backbone", "dataset", "data_dir", "split_seed", "input_size")
    return all(getattr(p, name) == getattr(q, name) for name in alike)


def _default_a(known: list[Run]) -> Run:
    """The latest linear probe on pre-trained weights for which there is a partner, else the latest probe, else any."""
    probes = [r for r in known if r.recipe and r.recipe.strategy == "linear_probe" and r.recipe.weights != "random"]
    partnered = [r for r in probes if any(s.recipe and s.recipe.learns and _same_images(r, s) for s in known)]
    return (partnered or probes or known)[0]


def _default_b(known: list[Run], a: Run) -> Run:
    """The latest tuned run on A's images, else the latest other run on them, else the latest other run."""
    others = [r for r in known if r.id != a.id]
    alike = [r for r in others if _same_images(a, r)]
    tuned = [r for r in alike if r.recipe and r.recipe.learns]
    return (tuned or alike or others or known)[0]


def need_run(why: str) -> None:
    """The message of a page that has nothing to look at yet, with the way out."""
    with st.container(border=True):
        st.markdown(f"#### :material/local_fire_department: {why}")
        st.caption("A run takes seconds. The home page makes three by itself; the Train page makes yours.")
        with st.container(horizontal=True):
            if st.button("Make a run", type="primary", icon=":material/play_arrow:", key="need_train"):
                st.switch_page("../../pages/training.py")
            if st.button("See the default comparison", icon=":material/home:", key="need_home"):
                st.switch_page("../../pages/home.py")


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
    st.markdown(f"{strategy_mark(current.recipe)} · {score}  \n:small[learns: {learns}]  {audit_badge(current.clean)}")
    return current


def two_runs(purpose: str, match: bool = True) -> tuple[Run, Run] | None:
    """A and B with their pickers in one row; None after a message where there are no two runs to compare."""
    known = finished()
    if len(known) < 2:
        have = "There is no finished run yet." if not known else "There is one finished run; comparing needs two."
        need_run(f"{have} {purpose}")
        return None
    left, right = st.columns(2, gap="large")
    with left:
        a = pick_run("a", "A · before", known, _default_a(known))
    with right:
        b = pick_run("b", "B · after", known, _default_b(known, a))
    if a.id == b.id:
        st.info("A and B are the same run: nothing can differ. Choose another run for B.", icon=":material/info:")
    if match and not _same_images(a, b):
        _mismatch(a, b)
        return None
    return a, b


def _mismatch(a: Run, b: Run) -> None:
    """Say why A and B cannot be compared, and offer the run that could be."""
    with st.container(border=True):
        st.warning(
            f"A and B do not share their test images or their backbone, so a comparison would mean nothing. "
            f"A: {_where(a)}. B: {_where(b)}. Choose another B, or train one on A's images.",
            icon=":material/compare_arrows:",
        )
        if st.button("Train a match for A", icon=":material/play_arrow:", type="primary", key="train_match"):
            if a.recipe is not None:
                choose(backbone=a.recipe.backbone, dataset=a.recipe.dataset)
                st.session_state["train_folder"] = a.recipe.data_dir or ""
            st.switch_page("../../pages/training.py")


def _where(run: Run) -> str:
    if run.recipe is None:
        return "unreadable"
    place = run.recipe.data_dir or dataset(run.recipe.dataset).title
    return safe_md(f"{run.recipe.row.title} on {place}, {run.recipe.preprocessing.crop} px")


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
    pa, pb = predictions(a.id), predictions(b.id)
    right_a, right_b = pa.predicted == pa.labels, pb.predicted == pb.labels
    return int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())


def most_gained(a: Run, b: Run) -> int:
    """The image that B gained most on: its true class's probability rose furthest."""
    pa, pb = predictions(a.id), predictions(b.id)
    rows = range(len(pa.labels))
    return max(rows, key=lambda i: float(pb.probability[i, pb.labels[i]] - pa.probability[i, pa.labels[i]]))
