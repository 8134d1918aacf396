"""The views of the page `How far it moved`: from the audit to what lies between A and B."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer import runs
from explorer.app.asking import ask, majority
from explorer.app.controls import segments
from explorer.app.drawing import draw, explain, fine_print
from explorer.app.words import audit_badge, difference_words, group_of, safe_md
from explorer.bundle import page_file
from explorer.evidence import Paired
from explorer.looks.pair.view.choosing import warn_unrelated
from explorer.looks.similarity.figures.change import change_bars
from explorer.looks.similarity.figures.drift import drift
from explorer.looks.similarity.figures.stages import REFERENCES, stage_pairs, stage_probes
from explorer.looks.similarity.question.stages import (
    CompareQuestion,
    DriftQuestion,
    ProbeStagesQuestion,
    StagePairsQuestion,
    StageProbes,
)
from explorer.looks.similarity.view.interpolation import interpolate
from explorer.looks.similarity.view.weights import accuracy_words, paired_words, rewind_stages
from explorer.runs import FinishedRun
from explorer.training.view.tables import audit_table, audit_words, kept_words


def distance(a: FinishedRun, b: FinishedRun) -> None:
    """Audit and distance: what was promised, what happened, and how far each stage moved."""
    _audit(b)
    st.header("Distance from A to B, stage by stage")
    warn_unrelated(a, b)
    found = ask(CompareQuestion(a=a.id, b=b.id), "Comparing stage by stage", height=400)
    if found is None:
        return
    learns = frozenset((*b.recipe.trainable, "head"))
    n = found.paired.n
    notes = (
        "CKA: do the features of A and B arrange the test images alike? The estimator is debiased: the usual one gives noise of "
        f"d features about d / (d + n), which is {512 / (512 + n):.2f} for 512 features and these n = {n} images. "
        "Shared neighbours: of the 10 images nearest in A, how many are still near in B?"
    )
    code = ("explorer/looks/similarity/compute/similarity.py", "cka")
    draw(partial(change_bars, found, learns), "similarity", code=code, notes=notes)
    _quadrants(found.paired, group_of(a))


def _audit(b: FinishedRun) -> None:
    st.header("Declared and actual")
    audit = runs.audit(b.id)
    st.markdown(f"The freeze audit of B. {audit_badge(audit.clean, audit.fault)}")
    if not audit.clean:
        lesson = (
            " That is what the BatchNorm mode ‘moving’ demonstrates: the weights were frozen, the statistics were not."
        )
        bug = b.recipe.batchnorm == "moving"
        st.error(f"Not clean: {audit_words(audit)}.{lesson * bug}", icon=":material/gpp_bad:")
    st.table(audit_table(audit), alt="Freeze audit: per stage declared against actual")
    kept = kept_words(b)
    explain(
        "A frozen stage must show exactly 0 in both columns of change, after the last step and in the epoch that is "
        f"kept{f' ({kept})' * bool(kept)}; of the two, the larger change is shown. The mode is the one its modules "
        "were in during training.",
        "Cached features compared with those of the finished network, on a random batch of training and of test "
        f"images: largest difference {audit.recomputed:.1g}.",
    )


def _quadrants(found: Paired, group: str) -> None:
    st.header("On the same test images")
    cells = st.columns(4)
    cells[0].metric("Right in both", found.both_right, border=True)
    cells[1].metric("Fixed by B", found.fixed, border=True)
    cells[2].metric("Broken by B", found.broken, border=True)
    cells[3].metric("Wrong in both", found.both_wrong, border=True)
    st.markdown(f"{difference_words(found, group)} :small[n = {found.n} images, paired.]")
    st.page_link(page_file("images"), label="See these images", icon=":material/photo_library:")


def stage_by_stage(a: FinishedRun, b: FinishedRun) -> None:
    """Stage × stage: which stage of A is each stage of B most like?"""
    warn_unrelated(a, b)
    reference = segments(
        "Beside A × B", REFERENCES, "beside", "similarity_reference", format_func=REFERENCES.__getitem__
    )
    found = ask(StagePairsQuestion(a=a.id, b=b.id), "Comparing every stage with every other", height=440)
    if found is not None:
        code = ("explorer/looks/similarity/compute/similarity.py", "cka_matrix")
        draw(partial(stage_pairs, found, reference), "similarity_pairs", code=code)


def usefulness(a: FinishedRun, b: FinishedRun) -> None:
    """Where features become useful: what a linear reader finds after each stage, before and after tuning."""
    found = ask(ProbeStagesQuestion(a=a.id, b=b.id), "A linear probe at every stage", height=440)
    if found is None:
        return
    st.markdown(
        f"After each stage a logistic regression is fitted to the features (averaged over positions) of "
        f"**{found.trained} training images of B** and scored on **{found.stages[0].a.n} test images** that no fit saw. "
        "‘input’ is the mean colour alone."
    )
    group = group_of(b)
    draw(
        partial(stage_probes, found, group),
        "similarity_probes",
        code=("explorer/looks/similarity/compute/probes.py", "probe"),
    )
    st.table(_probe_table(found, group), alt="Linear probes: accuracy per stage of A and B, and the paired test")
    fine_print(
        f"Always predicting the most frequent training class would score {100 * found.chance:.1f} %. B was "
        "fine-tuned on the same training images that its probe is fitted to, so these are further apart in B than "
        "test images are; where several stages are compared, up to one test in twenty shows a difference by chance."
    )


def _probe_table(found: StageProbes, group: str) -> dict[str, list[str]]:
    rows = found.stages
    return {
        "After": [safe_md(row.stage) for row in rows],
        "A": [accuracy_words(row.a, row.grouped, group) for row in rows],
        "B": [accuracy_words(row.b.score, row.b.accuracy, group) for row in rows],
        "B fixes · breaks": [f"{row.b.fixed} · {row.b.broken}" for row in rows],
        "Paired": [paired_words(row.b, "A", group) for row in rows],
    }


def over_epochs(a: FinishedRun, b: FinishedRun) -> None:
    """Over the epochs: how the last stage of B left the place where it began."""
    if not b.recipe.tuned:
        st.info(
            "B never moved its backbone: only its head was trained. Choose a tuned run for B.",
            icon=":material/ac_unit:",
        )
        return
    found = ask(DriftQuestion(run=b.id), "Following B over its epochs", height=620)
    if found is not None:
        chosen = int(b.facts.get("chosen_epoch") or 0)
        plan = partial(drift, found, b.epochs, chosen, majority(b), b.majority_on_validation)
        draw(plan, "similarity_drift", code=("explorer/looks/similarity/compute/similarity.py", "knn_right"))


SIMILARITY_VIEWS: dict[str, Callable[[FinishedRun, FinishedRun], None]] = {
    "Audit and distance": distance,
    "Stage × stage": stage_by_stage,
    "Where features become useful": usefulness,
    "Over the epochs": over_epochs,
    "Rewind": rewind_stages,
    "Interpolate": interpolate,
}
"""The page's views by their shown names."""
