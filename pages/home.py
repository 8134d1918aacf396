"""What does "frozen" mean? The idea in one picture, then the default comparison, which runs by itself."""

from functools import partial

import streamlit as st

from explorer import jobs
from explorer.app import figures, ui
from explorer.recipe import default_comparison

RECIPES = default_comparison()
NAMES = ("Random, frozen", "Pre-trained, frozen", "Pre-trained, tuned")

st.title("See what fine-tuning changes")
ui.say(
    "A **backbone** has learned on other pictures what to look for. To teach it *your* classes, put a new head on it and choose: "
    "leave its stages **frozen** and train the head alone, or let some of them **learn** as well. "
    "What does that choice change inside the network? Look for yourself."
)
ui.stage_strip([figures.strip(name, recipe) for name, recipe in zip(NAMES, RECIPES, strict=True)])

st.header("The same photo patches through three networks")
runs = ui.home_runs(RECIPES)
if any(run.state in ("queued", "running") for run in runs):
    ui.home_progress(runs, NAMES)
for run, name in zip(runs, NAMES, strict=True):
    if run.state in ("stopped", "failed", "interrupted"):
        st.markdown(f"**{name}** {ui.state_badge(run.state)}")
        ui.result_line(run)
done = [(name, run) for name, run in zip(NAMES, runs, strict=True) if run.state == "finished" and run.test]
if done:
    chance = 1 / max(len(done[0][1].facts.get("classes", ())), 1)
    bars = [
        figures.Bar(name, run.test, bool(run.recipe.learns), run.recipe.weights == "random", run.grouped)
        for name, run in done
    ]
    ui.draw(partial(figures.accuracies, bars, chance if chance < 1 else None, ui.group_of(done[0][1])), "home_accuracy",
            code=("explorer/evidence/shares.py", "wilson"))  # fmt: skip
if len(done) < len(RECIPES):
    st.stop()

random, probe, tuned = runs
st.subheader("Is the difference real?")
pairs = {
    "Does pre-training help? (A: random, B: pre-trained, both frozen)": ui.difference(random, probe),
    "Does tuning the last stage help? (A: frozen, B: tuned)": ui.difference(probe, tuned),
}
gaps = [figures.Gap(name, found) for name, found in zip(("Pre-training", "Tuning"), pairs.values(), strict=True)]
group = ui.group_of(probe)
ui.draw(partial(figures.differences, gaps, group), "home_gaps", code=("explorer/evidence/pairs.py", "difference"))
for question, found in pairs.items():
    st.markdown(f"**{question}**  \n{ui.difference_words(found, group)}")
with st.container(horizontal=True):
    for name, run in done:
        st.markdown(f"{name}: {ui.audit_badge(run.clean, run.fault)}")

st.header("One shared map, before and after")
ui.say("Every point is a test image, placed by its features at the last stage. **A**: frozen. **B**: tuned.")
found = ui.ask_map(probe.id, tuned.id, "umap")
if found is not None:
    code = ("explorer/engine/projection/joint.py", "project")
    ui.draw(partial(figures.projection_pair, found), "home_map", code=code)
st.page_link("../../pages/projection.py", label="Explore the map", icon=":material/scatter_plot:")

st.header("Where each network looks")
said, image = ui.predictions(tuned.id), ui.most_gained(probe, tuned)
target = said.classes[int(said.labels[image])]
look = {"image": image, "target": target, **ui.first_look(tuned)}
words = f"Evidence for “{target}”, the right class of test image {image}, {ui.PICKED} (Grad-CAM, {look['stage']})."
st.markdown(ui.safe_md(words))
found = ui.ask(jobs.task("attribute", a=probe.id, b=tuned.id, **look), "Grad-CAM", height=400)
if found is not None:
    ui.draw(
        partial(figures.attribution, found), "home_look", code=("explorer/engine/attribution/asking.py", "attribute")
    )
with st.container(horizontal=True):
    st.page_link("../../pages/attribution.py", label="Try other images", icon=":material/visibility:")
    st.page_link("../../pages/features.py", label="See the channels themselves", icon=":material/grid_view:")
    st.page_link("../../pages/similarity.py", label="How far did each stage move?", icon=":material/compare_arrows:")
    st.page_link("../../pages/training.py", label="Train your own", icon=":material/local_fire_department:")
