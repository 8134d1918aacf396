"""How far did each stage move?"""

from functools import partial

import streamlit as st

from explorer import jobs, runs
from explorer.app import figures, ui

st.title("How far it moved")
pair = ui.two_runs("Then this page measures how far each stage moved from A to B.")
if pair is None:
    st.stop()
a, b = pair

st.header("What was promised, what happened")
audit = runs.audit(b.id)
st.markdown(f"The freeze audit of B. {ui.audit_badge(audit.clean)}")
if not audit.clean:
    moved = ", ".join(row.stage for row in audit.stages if not row.clean)
    st.error(
        f"Not clean: {moved} did something else than declared. With BatchNorm mode ‘moving’ that is the lesson: "
        "the weights were frozen, the statistics were not.",
        icon=":material/gpp_bad:",
    )
st.table(ui.audit_table(audit), alt="Freeze audit: per stage declared against actual")
ui.explain(
    "A frozen stage must show exactly 0 in both columns of change. Anything else is an error.",
    f"Features that were computed once and kept, against the finished network: largest difference {audit.recomputed:.1g}.",
)

st.header("Distance from A to B, stage by stage")
ui.warn_unrelated(a, b)
found = ui.ask(jobs.task("compare", a=a.id, b=b.id), "Comparing stage by stage", height=400)
if found is None:
    st.stop()
ui.draw(
    partial(figures.change_bars, found, frozenset((*b.recipe.learns, "head"))),
    "similarity",
    code=("explorer/engine/similarity.py", "cka"),
)
st.caption(
    "CKA: do the features of A and B arrange the test images alike? (debiased estimator; the usual one gives 0.9 for pure "
    "noise at these sizes.) Shared neighbours: of the 10 images nearest in A, how many are still near in B?"
)

st.header("On the same test images")
cells = st.columns(4)
cells[0].metric("Right in both", found.both_right, border=True)
cells[1].metric("Fixed by B", found.fixed, border=True)
cells[2].metric("Broken by B", found.broken, border=True)
cells[3].metric("Wrong in both", found.both_wrong, border=True)
st.markdown(f"**{found.verdict}** :small[n = {found.n} images, paired.]")
