"""Which stages learn, how many weights is that, and what will it cost?"""

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import explain, show_code
from explorer.bundle import page_file
from explorer.course.lesson_runs import RULE
from explorer.recipe import make
from explorer.training.figures.strips import phases
from explorer.training.question import DescribeQuestion
from explorer.training.view.forms import (
    pick_backbone,
    pick_batchnorm,
    pick_custom_stages,
    pick_strategy,
    pick_weights,
)
from explorer.training.view.statistics import statistics_fit
from explorer.training.view.strips import plan_numbers, stage_strip
from explorer.training.view.tables import description_table, strategies_table

st.title("What to freeze")
st.markdown(
    "Choose a backbone and a fine-tuning strategy. The picture shows what is frozen and what is trainable, before "
    "anything runs."
)

left, right = st.columns(2, gap="large")
with left:
    row = pick_backbone()
    weights = pick_weights(row)
with right:
    plan = pick_strategy(row)
    batchnorm = pick_batchnorm(plan, row, weights, "freezing_batchnorm")
custom = pick_custom_stages(row) if plan.name == "custom" else {}
recipe = make(backbone=row.name, weights=weights, strategy=plan.name, batchnorm=batchnorm, **custom)

found = ask(DescribeQuestion(recipe=recipe), "Building the network", height=260)
if found is None:
    st.stop()
stage_strip(phases(recipe, found))
plan_numbers(recipe, found)
st.table(
    description_table(found, row.normalisation),
    alt="Stages with parameters, trainable parameters, BatchNorm statistics and output shape",
)
with st.expander("All strategies side by side", icon=":material/table_rows:"):
    st.markdown(f"{RULE} This is a rule of thumb; a race on your own images decides.")
    st.table(strategies_table(row), alt="Strategies, what each trains, and when to prefer it")
warning = (
    "requires_grad = False alone does not stop BatchNorm: in train mode its running statistics still move. Thaw runs every "
    "BatchNorm layer in eval mode, in trainable stages too, unless you choose another mode above."
)
explain(
    "A frozen stage shows 0 trainable parameters, and its statistics stay. The head is new and always trainable.",
    warning
    if row.normalisation == "batch"
    else "requires_grad = False does not switch off dropout either. Thaw runs frozen stages in eval mode.",
)
show_code("explorer/training/compute/freezing.py", "describe")
if row.normalisation == "batch" and weights != "random":
    statistics_fit(row, weights)
if st.button("Train this", type="primary", icon=":material/play_arrow:", key="freezing_train"):
    st.switch_page(page_file("training"))
