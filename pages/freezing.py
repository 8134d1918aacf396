"""Which stages learn, how many weights is that, and what will it cost?"""

import streamlit as st

from explorer.app.asking import ask, finished
from explorer.app.drawing import explain, show_code
from explorer.catalogue.strategies import RULE
from explorer.catalogue.weights import drawn
from explorer.experiments.view.advising import advise, advised_set
from explorer.recipe import make
from explorer.recipe.defaults import PER_CLASS
from explorer.training.cost import describe
from explorer.training.figures.strips import legend, phases
from explorer.training.lines import freezing_lines
from explorer.training.question import AnatomyQuestion
from explorer.training.view.advanced import pick_batchnorm
from explorer.training.view.blocks import MODE, stage_blocks
from explorer.training.view.carrying import keep_plan, recall_plan, train_this
from explorer.training.view.forms import pick_backbone, pick_strategy, pick_weights
from explorer.training.view.statistics import statistics_fit
from explorer.training.view.strips import plan_numbers, stage_strip
from explorer.training.view.tables import description_table, strategies_table

st.title("What to freeze")
st.markdown("Press a block to thaw or freeze that stage. What it would train and cost is shown before anything runs.")

left, right = st.columns(2, gap="large")
with left:
    row = pick_backbone()
    recall_plan(row)
    weights = pick_weights(row)
with right:
    plan = pick_strategy(row)
    batchnorm = pick_batchnorm(plan, row, weights, MODE)
recipe = make(**keep_plan(row, weights, plan, batchnorm))
asked = AnatomyQuestion(backbone=row.name, pixels=recipe.preprocessing.crop)
blocks = st.container()
anatomy = ask(asked, "Building the network", height=180)
found = describe(recipe, anatomy) if anatomy else None
with blocks:
    stage_blocks(recipe, found)
if found is not None and anatomy is not None:
    rows = phases(recipe, found)
    if len(rows) > 1:
        stage_strip(rows)
    else:
        st.markdown(f":material/search: {legend(rows)}")
    plan_numbers(recipe, found, anatomy, finished())
    train_this(recipe)
st.subheader("In PyTorch")
st.code(freezing_lines(recipe), language="python")
st.caption("`model` is the backbone with its new head.")
if found is None:
    st.stop()
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
if row.normalisation == "batch" and not drawn(weights):
    statistics_fit(row, weights)
    chosen, size = advised_set(), st.session_state.get("train_per_class", PER_CLASS)
    if chosen:
        advise({"backbone": row.name, "weights": weights} | chosen, size, "freezing")
