"""The page of the map: how the concepts stand with this visitor, one of them in full, and progress kept as a file."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from explorer.app.asking import error_box
from explorer.app.contents import title_of
from explorer.app.drawing import explain
from explorer.app.language import pick_language as pick_language
from explorer.app.links import in_address, linked
from explorer.app.words import safe_md
from explorer.bundle import page_file
from explorer.course import progress, texts
from explorer.course.figures import concepts
from explorer.course.figures.concepts import CAUTION, LOOK
from explorer.course.texts import Concept
from explorer.course.view.browser_store import keeps
from explorer.course.view.concept_map import concept_map
from explorer.course.view.progress import FIELD, current, keep, note_achievements, start_over, undo
from explorer.errors import ExplorerError

BADGES = {
    "done": ":green-badge[:material/check_circle: done]",
    "open": ":blue-badge[:material/contrast: open]",
    "next": ":orange-badge[:material/arrow_circle_right: next]",
    "later": ":gray-badge[:material/schedule: later]",
}
_HERE = page_file("concepts")


def need_concepts(language: str = "en") -> dict[str, Concept]:
    """All concepts by name; files that cannot be used are named, and the page goes on without them."""
    found = texts.concepts(language)
    if found.faults:
        words = " ".join(safe_md(line, 600) for line in found.faults)
        st.warning(f"{words} The rest is here.", icon=":material/description:")
    return found.by_name


def show_map(known: Mapping[str, Concept], language: str = "en") -> None:
    """How many are done, the map to click, and the chosen concept under it."""
    note_achievements()
    states = texts.standings(known, current())
    done = sum(state == "done" for state in states.values())
    st.progress(done / max(len(known), 1), text=f"**{done} of {len(known)}** concepts are done")
    titles = {step.order: step.short for step in texts.lessons(language).by_name.values()}
    chosen = _chosen(known, states)
    concept_map(concepts.concept_map(known, states, titles), chosen, _choose, "concepts_map")
    if chosen:
        with st.container(border=True, key="concept_detail"):
            _detail(known, states, known[chosen], language)
    explain(LOOK, CAUTION)


def _choose(name: str) -> None:
    st.query_params["concept"] = name


def _chosen(known: Mapping[str, Concept], states: Mapping[str, str]) -> str:
    """The concept that the address names, else the first that comes next (or is open); all done: none."""
    wanted = st.query_params.get("concept", "")
    if wanted and wanted not in known:
        st.warning(f"The map has no concept “{safe_md(wanted[:60])}”.", icon=":material/link_off:")
    if wanted in known:
        return wanted
    return next((name for name in known if states[name] in ("next", "open")), "")


def _detail(known: Mapping[str, Concept], states: Mapping[str, str], row: Concept, language: str) -> None:
    """The sentence, what opens it, what it needs and leads to, and where to go from here."""
    state = states[row.name]
    st.subheader(f"{row.title} {BADGES[state]}", anchor=False)
    st.markdown(linked(row.sentence))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("\n".join(opens(row, language)))
    with right:
        builds = [other for other in known.values() if row.name in other.needs]
        _row("Needs", [known[name] for name in row.needs], states)
        _row("Leads to", builds, states)
    with st.container(horizontal=True, gap="medium"):
        step = next((s for s in texts.lessons(language).by_name.values() if s.order == row.step), None)
        words = f"Step {row.step}: {step.short}" if step else f"Step {row.step} of the lesson"
        _go("lessons", words, "school", step=str(row.step))
        if row.achievement:
            place = progress.ACHIEVEMENTS[row.achievement].page
            _go(place, f"Do it on the page “{title_of(place)}”", "touch_app")
        if row.term:
            _go("glossary", "In the glossary", "menu_book", term=row.term)


def _go(page: str, label: str, icon: str, **address: str) -> None:
    st.page_link(page_file(page), label=label, icon=f":material/{icon}:", query_params=in_address(**address))


def _row(label: str, rows: list[Concept], states: Mapping[str, str]) -> None:
    """Concepts as links within the page."""
    if not rows:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"{label}:", width="content")
        for row in rows:
            st.page_link(
                _HERE,
                label=f"{row.title} :small[({states[row.name]})]",
                query_params=in_address(concept=row.name),
                width="content",
            )


def opens(row: Concept, language: str = "en") -> list[str]:
    """What opens a concept, as lines of Markdown with a mark for what is done."""
    learned = current()
    codes = [f"{_mark(code in learned.passed)} {code}" for code in row.checks]
    checks = f"the check{'s' if len(codes) > 1 else ''} of step {row.step}: {' · '.join(codes)}"
    if not row.achievement:
        return ["It opens with", f"- {checks}"]
    achievement = f"{_mark(row.achievement in learned.achievements)} {progress.ACHIEVEMENTS[row.achievement].words}"
    return ["It opens with either", f"- {checks}", f"- what you do: {achievement}"]


def _mark(done: bool) -> str:
    return ":green[:material/check_circle:]" if done else ":material/radio_button_unchecked:"


def list_concepts(known: Mapping[str, Concept]) -> None:
    """The same nodes as text, step by step: for screen readers, phones and paper."""
    states = texts.standings(known, current())
    with st.expander("The same as a list", icon=":material/format_list_bulleted:"):
        for step in sorted({row.step for row in known.values()}):
            lines = [f"**Step {step}**", ""]
            for row in known.values():
                if row.step == step:
                    needs = ", ".join(known[name].title for name in row.needs)
                    after = f" :small[Needs: {needs}.]" if needs else ""
                    lines.append(f"- **{row.title}** ({states[row.name]}): {row.sentence}{after}")
            st.markdown("\n".join(lines))


# Progress as a file


def show_keeping() -> None:
    """Export, import, unlock all, start over."""
    learned = current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover("Export", icon=":material/download:", key="concepts_export"):
            _export()
        with st.popover("Import", icon=":material/upload:", key="concepts_import"):
            _import()
        st.button(
            "Start over", icon=":material/restart_alt:", key="concepts_over", on_click=_confirm, disabled=not learned
        )
        st.session_state["concepts_unlock"] = learned.unlocked
        st.toggle(
            "Unlock all",
            key="concepts_unlock",
            on_change=_unlock,
            help="For presenters: every concept shows as open. What was really done stays marked as done.",
        )
    if not keeps():
        st.caption(
            ":material/cloud_off: This browser keeps nothing for later (a private window, or storage is switched off). "
            "Export before you leave."
        )
    if "progress_before" in st.session_state:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                "Started over: the map is as new. Your runs are untouched.",
                icon=":material/restart_alt:",
            )
            st.button("Undo", icon=":material/undo:", key="concepts_undo", on_click=undo)
    if "progress_error" in st.session_state:
        error_box(st.session_state["progress_error"])
    elif "progress_imported" in st.session_state:
        st.success(st.session_state["progress_imported"], icon=":material/upload_file:")


@st.dialog("Start over?")
def _confirm() -> None:
    """Asked first: every tab of this browser forgets it."""
    learned = current()
    st.markdown(
        f"Every tab of this browser forgets it (checks: {len(learned.passed)}, deeds: {len(learned.achievements)}). Your runs "
        "stay."
    )
    if st.button("Start over", type="primary", key="concepts_over_sure", on_click=start_over):
        st.rerun()  # closes it


def _export() -> None:
    """What is learned as a file, and as a link for another browser."""
    learned = current()
    st.caption("What you have learned: no name, no account. This browser keeps it; take it to another one.")
    st.download_button(
        "A file", progress.to_json(learned), "thaw-progress.json", "application/json", icon=":material/download:",
        key="concepts_export_file", on_click="ignore",
    )  # fmt: skip
    if learned:
        st.caption("Or a link. Whoever opens it is asked whether to add it.")
        address = (st.context.url or "").partition("?")[0]
        st.code(f"{address}?{FIELD}={progress.to_address(learned)}", language=None, wrap_lines=True)


def _unlock() -> None:
    keep(replace(current(), unlocked=bool(st.session_state["concepts_unlock"])))


def _import() -> None:
    """A file is taken once; then the box is a new one, so that the same file can be taken again."""
    turn = st.session_state.get("progress_turn", 0)
    st.file_uploader(
        "A file that *Export* wrote", type="json", key=f"concepts_file_{turn}", on_change=_take, args=(turn,)
    )
    st.caption("It is added to what is here; nothing is lost.")


def _take(turn: int) -> None:
    file = st.session_state.get(f"concepts_file_{turn}")
    if file is None:
        return
    for name in ("progress_error", "progress_imported"):
        st.session_state.pop(name, None)
    st.session_state["progress_turn"] = turn + 1
    before = current()
    try:
        found = progress.from_json(file.getvalue() if file.size <= progress.MOST_BYTES else b" " * file.size)
    except ExplorerError as error:
        st.session_state["progress_error"] = str(error)
        return
    keep(before | found)
    st.session_state["progress_imported"] = (
        f"Imported: checks {len(found.passed)}, deeds {len(found.achievements)}; "
        f"{len(found.passed - before.passed) + len(found.achievements - before.achievements)} of them are new here."
    )
