"""The views of the page `How far it moved`: from the audit to what lies between A and B."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer import jobs, runs
from explorer.app import figures
from explorer.app.ui.asking import ask
from explorer.app.ui.drawing import draw, explain
from explorer.app.ui.pairs import same_start, warn_unrelated
from explorer.app.ui.tables import audit_table, audit_words
from explorer.app.ui.words import audit_badge, percent, safe_md
from explorer.catalogue.shifts import SHIFTS
from explorer.evidence import Score
from explorer.results import Comparison, Interpolation, Mixtures, Paired, Rewind, StageProbes
from explorer.runs import Run

NOTHING = "none"
_STARTS = {"start": "its first weights", "random": "random weights"}


def paired_words(found: Paired, reference: str) -> str:
    """A score against a reference on the same images, in words: better, worse, or nothing shown, with p."""
    p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.2g}"
    if not found.fixed and not found.broken:
        return f"the same images right as {reference}"
    if found.p_value >= 0.05:
        return f"no difference shown ({p})"
    return f"**{'better' if found.fixed > found.broken else 'worse'} than {reference}** ({p})"


def distance(a: Run, b: Run) -> None:
    """Audit and distance: what was promised, what happened, and how far each stage moved."""
    _audit(b)
    st.header("Distance from A to B, stage by stage")
    warn_unrelated(a, b)
    found = ask(jobs.task("compare", a=a.id, b=b.id), "Comparing stage by stage", height=400)
    if found is None:
        return
    learns = frozenset((*b.recipe.learns, "head")) if b.recipe else frozenset()
    draw(partial(figures.change_bars, found, learns), "similarity", code=("explorer/engine/similarity.py", "cka"))
    st.caption(
        "CKA: do the features of A and B arrange the test images alike? (debiased estimator; the usual one gives 0.9 for "
        "pure noise at these sizes.) Shared neighbours: of the 10 images nearest in A, how many are still near in B?"
    )
    _quadrants(found)


def _audit(b: Run) -> None:
    st.header("What was promised, what happened")
    audit = runs.audit(b.id)
    st.markdown(f"The freeze audit of B. {audit_badge(audit.clean, audit.fault)}")
    if not audit.clean:
        lesson = (
            " Under the BatchNorm mode ‘moving’ that is the lesson: the weights were frozen, the statistics were not."
        )
        bug = b.recipe is not None and b.recipe.batchnorm == "moving"
        st.error(f"Not clean: {audit_words(audit)}.{lesson * bug}", icon=":material/gpp_bad:")
    st.table(audit_table(audit), alt="Freeze audit: per stage declared against actual")
    explain(
        "A frozen stage must show exactly 0 in both columns of change, after the last step and in the epoch that is kept. "
        "The mode is the one that its modules were seen in while learning.",
        "Features that were computed once and kept, against the finished network, on a drawn batch of training and of test "
        f"images: largest difference {audit.recomputed:.1g}.",
    )


def _quadrants(found: Comparison) -> None:
    st.header("On the same test images")
    cells = st.columns(4)
    cells[0].metric("Right in both", found.both_right, border=True)
    cells[1].metric("Fixed by B", found.fixed, border=True)
    cells[2].metric("Broken by B", found.broken, border=True)
    cells[3].metric("Wrong in both", found.both_wrong, border=True)
    st.markdown(f"**{found.verdict}** :small[n = {found.n} images, paired.]")
    st.page_link("../../pages/images.py", label="See these images", icon=":material/photo_library:")


def stage_by_stage(a: Run, b: Run) -> None:
    """Stage × stage: which stage of A is each stage of B most like?"""
    warn_unrelated(a, b)
    reference = st.segmented_control(
        "Beside A × B", list(figures.REFERENCES), default="aa", required=True, key="similarity_reference",
        format_func=figures.REFERENCES.__getitem__, persist_state="session",
    )  # fmt: skip
    found = ask(jobs.task("stage_pairs", a=a.id, b=b.id), "Comparing every stage with every other", height=440)
    if found is not None:
        code = ("explorer/engine/similarity.py", "cka_matrix")
        draw(partial(figures.stage_pairs, found, reference or "aa"), "similarity_pairs", code=code)


def usefulness(a: Run, b: Run) -> None:
    """Where features become useful: what a linear reader finds after each stage, before and after tuning."""
    found = ask(jobs.task("probe_stages", a=a.id, b=b.id), "A linear probe at every stage", height=440)
    if found is None:
        return
    st.markdown(
        f"After each stage a logistic regression is fitted to the features (averaged over positions) of "
        f"**{found.trained} training images of B** and scored on **{found.stages[0].a.n} test images** that no fit saw. "
        "‘input’ is the mean colour alone."
    )
    draw(partial(figures.stage_probes, found), "similarity_probes", code=("explorer/engine/probes.py", "probe"))
    st.table(_probe_table(found), alt="Linear probes: accuracy per stage of A and B, and the paired test")
    st.caption(
        f"Naming the most frequent training class always would score {100 * found.chance:.1f} %. B was tuned on the very "
        "training images that its probe is fitted to, so those are further apart in B than test images are; where several "
        "stages are compared, one test in twenty shows a difference by chance."
    )


def _probe_table(found: StageProbes) -> dict[str, list[str]]:
    rows = found.stages
    return {
        "After": [safe_md(row.stage) for row in rows],
        "A": [percent(row.a) for row in rows],
        "B": [percent(row.b.score) for row in rows],
        "B fixes · breaks": [f"{row.b.fixed} · {row.b.broken}" for row in rows],
        "Paired": [paired_words(row.b, "A") for row in rows],
    }


def over_epochs(a: Run, b: Run) -> None:
    """Over the epochs: how the last stage of B left the place where it began."""
    if b.recipe is not None and not b.recipe.tuned:
        st.info(
            "B never moved its backbone: only its head learned. Choose a tuned run for B.", icon=":material/ac_unit:"
        )
        return
    found = ask(jobs.task("drift", run=b.id), "Following B over its epochs", height=620)
    if found is not None:
        chosen = int(b.facts.get("chosen_epoch") or 0)
        plan = partial(figures.drift, found, b.epochs, chosen)
        draw(plan, "similarity_drift", code=("explorer/engine/similarity.py", "knn_right"))


def rewinding(a: Run, b: Run) -> None:
    """Rewind: which stages of B carry the task?"""
    st.markdown(
        "Every stage of B is set back, one at a time, on a copy: to the weights that B **began** with, or to **random** ones. "
        "What is lost is what that stage held (Zhang, Bengio & Singer 2019, arXiv 1902.01996)."
    )
    settled = _ask_settled(b, "similarity_settled")
    found = ask(jobs.task("rewind", run=b.id), "Setting back each stage of B", height=520)
    if found is None:
        return
    _rewound(found, settled, "similarity_rewind")
    st.subheader("Set back several together")
    _together(b, settled)


def _ask_settled(b: Run, key: str, default: bool = True) -> bool:
    """Whether BatchNorm statistics estimated anew are wanted; a sentence where there is nothing to estimate."""
    if b.recipe is not None and b.recipe.row.normalisation != "batch":
        st.caption(f"{b.recipe.row.title} has no BatchNorm, so there are no statistics to estimate anew.")
        return False
    words = "Estimate BatchNorm statistics anew, on training images"
    reason = "Statistics made for the old weights do not fit the new: without this, part of any loss is theirs."
    return st.toggle(words, value=default, key=key, persist_state="session", help=reason)


def _rewound(found: Rewind, settled: bool, key: str) -> None:
    """Figure, table and control of one answer."""
    draw(partial(figures.rewind, found, settled), key, code=("explorer/engine/rewind.py", "rewind"))
    if found.base.correct != found.recorded.correct:
        st.warning(
            f"When it ended, B had {found.recorded.correct} of these {found.recorded.n} images right; computed here it has "
            f"{found.base.correct}. Another machine or number format rounds differently; comparisons are with the latter.",
            icon=":material/difference:",
        )
    rows = found.resets
    table = {
        "Stage": [safe_md(" + ".join(row.stages)) for row in rows],
        "Set back to": [_STARTS[row.to] for row in rows],
        "Accuracy": [percent(row.outcome(settled).score) for row in rows],
        "Fixes · breaks": [f"{row.outcome(settled).fixed} · {row.outcome(settled).broken}" for row in rows],
        "Against B": [
            "exactly B: every weight is what it was" if row.identical else paired_words(row.outcome(settled), "B")
            for row in rows
        ],
    }
    st.table(table, alt="Accuracy with stages set back, and the paired test against B")
    if settled and found.control is not None:
        st.caption(
            f"Statistics: from {found.images} training images, from the first stage that is set back onwards. Control: B with "
            f"no stage set back but all statistics estimated anew has {percent(found.control.score)}, "
            f"{paired_words(found.control, 'B')}. So much of a loss can be due to the statistics alone."
        )


def _together(b: Run, settled: bool) -> None:
    names = b.recipe.row.stage_names if b.recipe else ()
    with st.form("similarity_together", border=False):
        stages = st.pills("Stages", names, selection_mode="multi", key="similarity_stages", default=list(names[-2:]))
        to = st.segmented_control(
            "to", list(_STARTS), default="start", required=True, key="similarity_to", format_func=_STARTS.__getitem__
        )
        if st.form_submit_button("Set back", icon=":material/history:"):
            st.session_state["similarity_wanted"] = (b.id, [name for name in names if name in stages], to or "start")
    run, wanted, kind = st.session_state.get("similarity_wanted", ("", [], ""))
    if run != b.id:
        return
    if not wanted:
        st.caption("Choose at least one stage.")
        return
    found = ask(jobs.task("rewind", run=run, stages=wanted, to=kind), "Setting them back", height=250)
    if found is not None:
        _rewound(found, settled, "similarity_rewind_some")


def between(a: Run, b: Run) -> None:
    """Interpolate: what lies on the straight line between the weights of A and B?"""
    if a.recipe and b.recipe and (why := _apart(a, b)):
        st.info(safe_md(why), icon=":material/link_off:")
        return
    st.markdown(
        "(1 − α) · A + α · B, weight by weight, heads and BatchNorm statistics too (WiSE-FT: Wortsman et al. 2022, arXiv "
        "2109.01903). The mixture costs nothing to run: it is one network."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Shifted test images", [NOTHING, *SHIFTS], default="noise", required=True, key="similarity_shift",
            format_func=lambda name: SHIFTS[name].title if name in SHIFTS else "None", persist_state="session",
        )  # fmt: skip
        settle = _ask_settled(b, "similarity_settle_mixtures", default=False)
    found = ask(_mixtures(a, b, ["test", "validation"], settle), "Mixing A and B", height=470)
    spoilt = None
    if kind in SHIFTS:
        wanted = _mixtures(a, b, [kind], settle)
        spoilt = ask(wanted, "The same on shifted images", height=0) if found is not None else None
    if found is not None:
        _mixture(found, spoilt, SHIFTS[kind].title.lower() if kind in SHIFTS else "", settle)
        if kind in SHIFTS:
            st.caption(f"Shift: {SHIFTS[kind].meaning} Made by us from the test images, the same each time (seed 0).")


def _mixtures(a: Run, b: Run, images: list[str], settle: bool) -> jobs.Task:
    return jobs.task("interpolate", a=a.id, b=b.id, images=images, settle=settle)


def _apart(a: Run, b: Run) -> str:
    """Why no line joins the weights of the two; empty where one does."""
    p, q = a.recipe, b.recipe
    if p is None or q is None or same_start(a, b):
        return ""
    return (
        f"A started from {p.weights}, B from {q.weights}{', each by a seed of its own' if p.weights == q.weights else ''}. "
        "Networks that did not start from the same weights lie in different valleys, and what is between them is no network. "
        "Choose two runs from the same weights."
    )


@st.fragment
def _mixture(found: Interpolation, spoilt: Interpolation | None, title: str, settle: bool) -> None:
    """The curve, and in words the mixture under the slider."""
    at = st.select_slider(
        "α", list(range(len(found.alphas))), value=found.chosen, key=f"similarity_alpha_{found.a}_{found.b}_{settle}",
        format_func=lambda i: f"{found.alphas[i]:g}", help="0 is A, 1 is B. Starts at the α that validation chooses.",
    )  # fmt: skip
    draw(
        partial(figures.interpolation, found, spoilt, title, at),
        "similarity_mixtures",
        code=("explorer/engine/interpolation.py", "mixed"),
    )
    st.table(_mixture_table(found, spoilt, title, at), alt="The mixture at this α against A and against B")
    _mixture_words(found, settle)


def _mixture_table(found: Interpolation, spoilt: Interpolation | None, title: str, at: int) -> dict[str, list[str]]:
    kinds = [found.on("test"), *(spoilt.kinds if spoilt else ()), found.on("validation")]
    names = ["test", *([f"test, {title}"] if spoilt else []), "validation"]
    last, new = len(found.alphas) - 1, ", new statistics" if found.settled else ""
    return {
        "Images": [f"{name}, n = {kind.score(0).n}" for name, kind in zip(names, kinds, strict=True)],
        f"A (α = 0){new}": [_short(kind.score(0)) for kind in kinds],
        f"α = {found.alphas[at]:g}": [f"**{_short(kind.score(at))}**" for kind in kinds],
        f"B (α = 1){new}": [_short(kind.score(last)) for kind in kinds],
        f"Against A{new}": [_tested(kind, at, 0, "A") for kind in kinds],
        f"Against B{new}": [_tested(kind, at, last, "B") for kind in kinds],
    }


def _tested(kind: Mixtures, at: int, reference: int, name: str) -> str:
    """The paired test, but not on validation, where α may have been chosen for its score."""
    return "α is chosen here" if kind.images == "validation" else paired_words(kind.against(at, reference), name)


def _short(score: Score) -> str:
    """Accuracy and interval, where n stands elsewhere."""
    return f"{100 * score.accuracy:.1f} % ({100 * score.low:.1f} to {100 * score.high:.1f})"


def _mixture_words(found: Interpolation, settle: bool) -> None:
    """What was shared, how statistics were treated, and whether the ends are what the runs recorded."""
    test, last = found.on("test"), len(found.alphas) - 1
    shared = f"A and B share all up to {found.common}; only what follows is mixed." if found.common else ""
    if not found.layers:
        statistics = "No BatchNorm layer differs, so there are no statistics to estimate."
    elif found.settled:
        statistics = f"BatchNorm statistics were estimated anew at every α, from {found.settled} training images of B."
    else:
        statistics = f"The statistics of {found.layers} BatchNorm layers were mixed like the weights."
    ends = ((test.score(0), found.recorded_a), (test.score(last), found.recorded_b))
    if settle:
        check = f"Recorded at their end: A {percent(ends[0][1])}, B {percent(ends[1][1])}."
    elif all(here.correct == then.correct for here, then in ends):
        check = "At both ends it is what A and B had recorded, to the image."
    else:
        check = f"Recorded: A {ends[0][1].correct}, B {ends[1][1].correct} right; another machine rounds differently."
    some = (
        f" {test.score(0).n} of {test.of} test images, drawn by a seed, for time." if test.score(0).n < test.of else ""
    )
    st.caption(" ".join(filter(None, (shared, statistics, check))) + some)


SIMILARITY_VIEWS: dict[str, Callable[[Run, Run], None]] = {
    "Audit and distance": distance,
    "Stage × stage": stage_by_stage,
    "Where features become useful": usefulness,
    "Over the epochs": over_epochs,
    "Rewind": rewinding,
    "Interpolate": between,
}
"""The page's views by their shown names."""
