"""The page of the lesson: choosing a step, reading, trying, proving, and the way on."""

from collections.abc import Callable
from itertools import takewhile

import streamlit as st

from explorer.app.asking import ask
from explorer.app.components import component
from explorer.app.language import pick_language
from explorer.app.links import in_address, linked, place
from explorer.app.visitor import choice
from explorer.app.words import safe_md
from explorer.bundle import page_file
from explorer.catalogue import Backbone
from explorer.catalogue.backbones import backbone
from explorer.course import texts
from explorer.course.question.snippets import RunStepSnippetQuestion
from explorer.course.texts import Step
from explorer.course.texts.lessons import PREDICT
from explorer.course.view import choosing, learning, looking, new_heads, structure
from explorer.course.view.checks import predict, show_checks
from explorer.course.view.guide import show_guide
from explorer.course.view.handout import handout_address
from explorer.course.view.opening import show_opening
from explorer.course.view.preparing import offer_preparing
from explorer.course.view.progress_words import show_progress
from explorer.training.view.forms import pick_backbone

LIVE: dict[str, Callable[..., bool | None]] = {
    "filters": structure.filters,
    "walk": structure.walk,
    "sizes": structure.sizes,
    "families": structure.families,
    "new_head": new_heads.new_head,
    "untrained": new_heads.untrained,
    "switches": structure.switches,
    "train": learning.train,
    "few": learning.few,
    "beside": learning.beside,
    "audits": learning.audits,
    "still": learning.still,
    "rates": learning.rates,
    "moved": learning.moved,
    "look": looking.look,
    "trust": looking.trust,
    "worlds": learning.worlds,
    "curve": choosing.curve,
    "decide": choosing.decide,
}
"""The live parts of steps by word (texts.lessons.LIVE says how many runs each names). One that still waits for the reader
is False: what comes after it is not shown yet, so that there is one thing to press at a time."""
FIELD = "step"
# Wide: the guide stays in view beside the text. On a phone it comes first, since it says what to do.
_STYLE = """<style>
[data-testid=stColumn]:has(.st-key-lesson_guide) { position: sticky; top: 4.5rem; align-self: flex-start; }
@media (max-width: 640px) { [data-testid=stColumn]:has(.st-key-lesson_guide) { position: static; order: -1; } }
@media print { .st-key-lesson_steps, .st-key-lesson_ways, .st-key-lesson_on { display: none; } }
</style>"""
_TURN_JS = """
let last = null;  // the step that this tab showed before; none at first, so that a link to a part of a page keeps its place
export default function ({ data }) {
  if (last !== null && last !== data.step) {
    const main = document.querySelector("[data-testid=stMain]");
    main?.scrollTo({ top: 0, behavior: "instant" });
    main?.focus({ preventScroll: true });  // the keyboard begins at the top too
  }
  last = data.step;
}
"""

_turning = component("thaw_turning", js=_TURN_JS)


def pick_step() -> tuple[Step, str] | None:
    """The step that the address names (else the last one open, else the first), and its language; None where there is no
    text at all. Files that cannot be used are named."""
    language = pick_language("lessons")
    found = texts.lessons(language)
    faults = (*found.faults, *texts.checks(language).faults)
    if faults:
        words = "  \n".join(safe_md(fault, 600) for fault in faults)
        st.warning(f"Some of the texts cannot be used; the rest is here.  \n{words}", icon=":material/edit_document:")
    steps = {step.order: step for step in found.by_name.values()}
    if not steps:
        return None
    order = _wanted(steps)
    # The address names the step always: without it the way back would lead to the step that was open last. And a link to the
    # page that is open changes what Python sees of the address, not the address bar: so it is said again in any case.
    st.query_params.from_dict(st.query_params.to_dict() | {FIELD: str(order)})
    st.session_state["lesson_step"] = order
    st.session_state["lesson_steps"] = order
    st.pills(
        "Step", list(steps), key="lesson_steps", required=True, on_change=_turn, label_visibility="collapsed",
        format_func=lambda n: f"{n} {steps[n].short}", wrap=True,
    )  # fmt: skip
    return steps[order], language


def _wanted(steps: dict[int, Step]) -> int:
    text = st.query_params.get(FIELD, "")
    named = {str(order): order for order in steps}
    if text in named:
        return named[text]
    first = min(steps)
    if text:
        st.warning(
            f"The address asks for step “{safe_md(text[:20])}”; there are {', '.join(map(str, steps))}.",
            icon=":material/link_off:",
        )
        return first
    last = st.session_state.get("lesson_step", first)
    return last if last in steps else first


def _turn() -> None:
    st.query_params[FIELD] = str(st.session_state["lesson_steps"])


def _open(order: int) -> None:
    st.query_params[FIELD] = str(order)


def show_step(step: Step, language: str) -> None:
    """One step: its text, its live parts, its proof, its checks; the guide at the side."""
    st.html(_STYLE)
    with st.container(key="unseen_turning"):
        _land(step.order)
    main, side = st.columns([7, 2], gap="medium")
    with main:
        row, weights = _head(step, language)
        _read(step, language, row, weights)
        tried = _parts("Try it", step.try_, step.live, language, row, weights, ":material/touch_app:")
        if tried:
            _parts("Prove it", step.prove, step.proof, language, row, weights, ":material/fact_check:")
        else:
            st.caption(":material/fact_check: *Prove it* opens when this is done.")
        st.header(":material/quiz: Check yourself", anchor="checks")
        show_checks(step.order, language, row, weights, but=step.predicted)
        _end(step, language)
    with side:  # last, so that it speaks of what was done just now
        show_guide(step, language)
        show_progress(step.order, language)


def _head(step: Step, language: str) -> tuple[Backbone, str]:
    """Title, what one will be able to say, the backbone that the live parts run on."""
    st.title(f"{step.order}. {step.title}", anchor=False)
    st.markdown(f"*{linked(step.lead)}* :small[About {step.minutes} minutes.]")
    title = backbone(choice().backbone).title
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_on", gap="medium"):
        with st.popover(f"On {title}", icon=":material/layers:"):
            pick_backbone()
        st.link_button("Handout, one page", handout_address(language, step.order), icon=":material/print:")
        offer_preparing()
    row = backbone(choice().backbone)
    weights = (row.offline() or ("random",))[0]
    if weights == "random":
        st.caption(f":material/casino: The weights of {row.title} are not on this machine: here they are random.")
    return row, weights


def _read(step: Step, language: str, row: Backbone, weights: str) -> None:
    before, after = step.around
    st.markdown(linked(before))
    if step.snippet is None:
        return
    st.code(step.snippet.code, language="python", wrap_lines=True)
    what = {"step": step.name, "language": language, "backbone": row.name, "weights": weights}
    task = RunStepSnippetQuestion(**what, digest=texts.digest(step.snippet.code))
    found = ask(task, f"Running it on {row.title}", height=60)
    if found is not None:
        st.markdown(f":small[Printed by {row.title}, weights {found.weights}, in {found.seconds:.1f} s:]")
        st.code(found.output or "(nothing)", language=None, wrap_lines=True)
        if found.picture.size:
            st.image(found.picture, alt=f"The picture that the snippet of step {step.order} drew")
        show_opening(found, row, "lesson")
    if after:
        st.markdown(linked(after))


def _parts(
    title: str, words: str, parts: tuple[tuple[str, ...], ...], language: str, row: Backbone, weights: str, icon: str
) -> bool:
    """A heading, the guesses that come first, what to do, and the live parts; after one that waits for the reader nothing is
    shown. Whether none waits."""
    st.header(f"{icon} {title}", anchor=title.split()[0].lower())
    first = tuple(takewhile(lambda part: part[0] == PREDICT, parts))
    if not all(predict(code, language, row, weights) for _, code in first):
        return False
    st.markdown(linked(words))
    for kind, *named in parts[len(first) :]:
        go_on = predict(named[0], language, row, weights) if kind == PREDICT else LIVE[kind](row, weights, *named)
        if go_on is False:
            return False
    return True


def _end(step: Step, language: str) -> None:
    """What to take away, where to see more, the steps before and after."""
    st.header(":material/bookmark: Take away", anchor="takeaway")
    st.markdown("\n".join(f"- {linked(line)}" for line in step.takeaway))
    with st.container(horizontal=True, gap="medium"):
        for link in step.see:
            place(link)
    known = texts.terms(language).by_name or texts.terms().by_name
    with st.container(horizontal=True, gap="medium"):
        for name in step.related:
            if name in known:
                st.page_link(page_file("glossary"), label=known[name].title, icon=":material/menu_book:",
                             query_params=in_address(term=name))  # fmt: skip
    steps = {other.order: other for other in texts.lessons(language).by_name.values()}
    with st.container(horizontal=True, key="lesson_ways", horizontal_alignment="distribute"):
        for order, words, icon in ((step.order - 1, "Back", "chevron_left"), (step.order + 1, "On", "chevron_right")):
            if order in steps:
                st.button(
                    f"{words}: {order} {steps[order].short}", icon=f":material/{icon}:", key=f"lesson_to_{order}",
                    on_click=_open, args=(order,), type="primary" if order > step.order else "secondary",
                )  # fmt: skip


def _land(step: int) -> None:
    """Say which step is shown; where it is another than before, the page is scrolled to its top."""
    _turning(key="thaw_turning", data={"step": step})
