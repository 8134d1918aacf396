"""Labels that may be wrong, those first that stand out most, beside how many chance would flag."""

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import explain, show_code
from explorer.app.words import plain, safe_md
from explorer.edits import SPLITS, Edits
from explorer.evidence import share_words
from explorer.looks.data.question.labels import LabelIssues, LabelIssuesQuestion
from explorer.looks.data.view.changing import apply_to, mark, marked, places_of, state_of, toggle, toolbar
from explorer.looks.images.view.tiles import tiles
from explorer.recipe import Recipe

PAGE = 60


def labels(recipe: Recipe, now: Edits) -> None:
    """The list, and what it is worth."""
    question = LabelIssuesQuestion(recipe=recipe)
    found = ask(question, "Looking for wrong labels", height=420)
    if found is None:
        return
    st.markdown(verdict(found))
    if not found.flagged:
        return
    toolbar(now, found.classes, "data_labels")
    chosen = {name: found.classes[found.suggested[i]] for i, name in enumerate(found.shown.ids) if name in marked()}
    with st.container(horizontal=True):
        st.button("Give the marked ones the class proposed", icon=":material/new_label:", key="data_propose",
                  disabled=not chosen, on_click=apply_to, args=(now, chosen))  # fmt: skip
        sure = standing_out(found)
        st.button(f"Mark the {len(sure)} that chance does not explain", icon=":material/checklist:", key="data_sure",
                  disabled=not sure, on_click=mark, args=(sure,),
                  help="Those up to where chance would flag fewer than half as many.")  # fmt: skip
    tiles(
        question, [_item(found, now, i) for i in range(min(PAGE, len(found.shown.ids)))], lambda i: toggle(found.shown.ids[i]),
        label="Labels that may be wrong", key="data_label_tiles", selected=places_of(found.shown.ids), mark=True, shown=110,
    )  # fmt: skip
    _table(found)
    explain(
        "Look at each: is it what its label says, or what is proposed? The first stand out most.",
        "A probe on frozen features judges each picture by the others. What it cannot see, it flags; errors that follow a "
        "rule, it learns. Hard pictures are flagged as well as wrong ones, so leaving all of them out makes a set easier, not "
        "better.",
    )
    show_code("explorer/looks/data/compute/confident.py", "flagged")


def verdict(found: LabelIssues) -> str:
    """How many are flagged, how many chance would flag, and what that says."""
    low, mean, high = found.chance
    said = (
        f"**{found.flagged} of {found.n} labels are flagged.** If every label were right, and drawn from the same probabilities, "
        f"**{mean:.1f}** would be (95 % of {found.draws} draws: {low:.0f} to {high:.0f}). "
    )
    probe = f" The probe names {found.right} of the labels, each by the others."
    if not found.flagged:
        return f"{said}So nothing stands out.{probe}"
    if found.flagged > high:
        return f"{said}More are flagged than chance explains: look at the first ones.{probe}"
    first = len(standing_out(found))
    one = "one stands" if first == 1 else f"{first} stand"
    still = f" Still, the first {one} out further than chance lets them." if first else ""
    return f"{said}Chance alone explains as many: the list may hold no wrong label at all.{still}{probe}"


def standing_out(found: LabelIssues) -> list[str]:
    """The pictures from the top of the list down to where chance would flag half as many that stand out as far."""
    far = [i for i in range(len(found.shown.ids)) if found.by_chance[i] < 0.5 * (i + 1)]
    return list(found.shown.ids[: far[-1] + 1]) if far else []


def _item(found: LabelIssues, now: Edits, i: int) -> tuple[int, str, str]:
    shown = found.shown
    kind, split = found.classes[shown.labels[i]], SPLITS[int(shown.splits[i])]
    proposed = plain(found.classes[found.suggested[i]], 40)
    words = (
        f"{plain(shown.ids[i], 80)}. Label {plain(kind, 40)} ({share_words(found.given[i], 0)}), proposed {proposed} "
        f"({share_words(found.likely[i], 0)}). By chance {found.by_chance[i]:.1f} stand out as far; this is number {i + 1}. "
        "Click to mark."
    )
    foot = (
        f"{plain(kind, 18)}\n→ {plain(proposed, 16)}?"
        if shown.ids[i] not in now.changes
        else state_of(now, shown.ids[i], kind, split)
    )
    return i, words, foot


def _table(found: LabelIssues) -> None:
    shown, rows = found.shown, range(len(found.shown.ids))
    with st.expander("As a table", icon=":material/table_rows:"):
        st.dataframe(
            {
                "Number": [i + 1 for i in rows],
                "As many by chance": [round(float(found.by_chance[i]), 1) for i in rows],
                "Picture": [plain(shown.ids[i], 120) for i in rows],
                "Label": [plain(found.classes[shown.labels[i]], 40) for i in rows],
                "Its probability": [round(float(found.given[i]), 3) for i in rows],
                "Proposed": [plain(found.classes[found.suggested[i]], 40) for i in rows],
                "Probability": [round(float(found.likely[i]), 3) for i in rows],
                "Split": [SPLITS[int(shown.splits[i])] for i in rows],
            },
            hide_index=True, alt=f"{len(rows)} labels that may be wrong, with probabilities",
        )  # fmt: skip
        if found.flagged > len(shown.ids):
            st.caption(safe_md(f"The first {len(shown.ids)} of {found.flagged}."))
