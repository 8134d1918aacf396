"""The glossary page's parts: search and list, one term with its snippet, the questions people ask."""

import difflib
import re
from collections.abc import Iterable, Sequence

import streamlit as st

from explorer.app.asking import ask
from explorer.app.language import pick_language
from explorer.app.links import in_address, linked, place
from explorer.app.words import safe_md
from explorer.bundle import page_file
from explorer.catalogue import Backbone
from explorer.course import texts
from explorer.course.question.snippets import RunSnippetQuestion
from explorer.course.texts import Question, Term
from explorer.course.view.opening import show_opening
from explorer.course.view.terms import DRAWN
from explorer.training.view.forms import pick_backbone

VIEWS = ("Terms", "Questions people ask")
_ORDERS = ("By topic", "A to Z")
_HERE = page_file("glossary")


def pick_glossary() -> tuple[str, dict[str, Term], dict[str, Question]]:
    """The view that the address or the visitor asks for, the terms and the questions; says which files cannot be read."""
    # A link to the page that is open changes what Python sees of the address, not the address bar: say it again.
    st.query_params.from_dict(st.query_params.to_dict())
    language = pick_language("glossary")
    st.session_state["glossary_view"] = VIEWS["question" in st.query_params]
    view = st.segmented_control(
        "Show", VIEWS, required=True, key="glossary_view", on_change=_turn, label_visibility="collapsed"
    )
    terms, questions = texts.terms(language), texts.questions(language)
    faults = (*terms.faults, *questions.faults)
    if faults:
        words = "  \n".join(safe_md(fault) for fault in faults)
        st.warning(f"Some of the texts cannot be used; the rest is here.  \n{words}", icon=":material/edit_document:")
    return view or VIEWS[0], terms.by_name, questions.by_name


def _turn() -> None:
    """Terms or questions: the address follows."""
    if st.session_state["glossary_view"] == VIEWS[1]:
        _address("question", "all")
    else:
        _address()


def _address(name: str = "", value: str = "") -> None:
    """Leave only this parameter of ours in the address."""
    for other in ("term", "question"):
        if other != name and other in st.query_params:
            del st.query_params[other]
    if name:
        st.query_params[name] = value


def pick_term(known: dict[str, Term]) -> Term | None:
    """The term that the address names; else a search box over the list of terms. Says so where there is no such term."""
    wanted = st.query_params.get("term", "")
    if wanted in known:
        st.session_state["glossary_search"] = ""
    search = st.text_input(
        "Search",
        key="glossary_search",
        placeholder="A word, e.g. learning rate",
        icon=":material/search:",
        live=True,
        on_change=_address,
        width=460,
    )
    if wanted in known and not search:
        return known[wanted]
    if wanted and not search:
        _unknown(wanted, known)
    _list(list(known.values()), search)
    return None


def _unknown(wanted: str, known: dict[str, Term]) -> None:
    by_word = {word.casefold(): term.name for term in known.values() for word in (term.name, *term.words)}
    near = dict.fromkeys(by_word[word] for word in difflib.get_close_matches(wanted.casefold(), by_word, n=3))
    st.warning(
        f"The address asks for the term “{safe_md(wanted[:60])}”, which is not in the glossary. "
        + ("Did you mean one of these? Or search above." if near else "Search above, or choose from the list."),
        icon=":material/link_off:",
    )
    _row([known[name] for name in near])


def _list(terms: Sequence[Term], search: str) -> None:
    """All terms by topic or from A to Z; with a search those that match it, the term of that very name first, then titles that
    have it."""
    if wanted := search.strip().casefold():
        titles = {term.name: term.title.casefold() for term in terms}
        found = sorted(
            (term for term in terms if term.matches(search)),
            key=lambda term: (titles[term.name] != wanted, wanted not in titles[term.name]),
        )
        st.caption(f"{len(found)} of {len(terms)} terms match." if found else "")
        if not found:
            st.info("No term matches. Try a shorter word, or empty the box to see all.", icon=":material/search_off:")
        _grid(found)
        return
    order = st.segmented_control(
        "Order", _ORDERS, default=_ORDERS[0], required=True, key="glossary_order", persist_state="session"
    )
    if order == _ORDERS[1]:
        _grid(terms)
        return
    for topic in sorted({term.topic for term in terms}):
        st.subheader(re.sub(r"^[0-9]+\. ", "", topic))
        _grid([term for term in terms if term.topic == topic])


def _grid(terms: Sequence[Term]) -> None:
    """Terms with their sentences in two columns (one on a phone), read downwards."""
    half = (len(terms) + 1) // 2
    for column, part in zip(st.columns(2, gap="large"), (terms[:half], terms[half:]), strict=True):
        with column:
            for term in part:
                with st.container(gap=None):
                    _open(term, f"**{term.title}**")
                    st.caption(term.sentence)


def _open(term: Term, label: str) -> None:
    """A link to a term, in this tab."""
    st.page_link(_HERE, label=label, query_params=in_address(term=term.name))


def _row(terms: Iterable[Term]) -> None:
    with st.container(horizontal=True, gap="medium"):
        for term in terms:
            _open(term, term.title)


def show_term(term: Term, known: dict[str, Term]) -> None:
    """One term with all its parts."""
    names = list(known)
    at = names.index(term.name)
    with st.container(horizontal=True, gap="medium"):
        st.page_link(_HERE, label="All terms", icon=":material/apps:", query_params=in_address())
        for step, icon in ((-1, "chevron_left"), (1, "chevron_right")):
            other = known[names[(at + step) % len(names)]]
            st.page_link(_HERE, label=other.title, icon=f":material/{icon}:", query_params=in_address(term=other.name))
    st.header(term.title)
    also = ", ".join(term.words[1:])
    st.caption(re.sub(r"^[0-9]+\. ", "", term.topic) + (f" · also: {also}" if also else ""))
    st.markdown(f"**{term.sentence}**")
    st.markdown(linked(term.explained, (term.name,)))
    st.subheader("On the live model")
    row = pick_backbone()
    weights = (row.offline() or ("random",))[0]
    if weights == "random":
        st.caption(f":material/casino: The weights of {row.title} are not on this machine: here they are random.")
    if term.picture:
        kind, _, argument = term.picture.partition(" ")
        DRAWN[kind](row, weights, argument)
    _snippet(term, row, weights)
    st.subheader("Not to be confused with")
    st.markdown(linked(term.confused, (term.name,)))
    st.subheader("See it in the app")
    for link in term.see:
        place(link)
    st.subheader("Related terms")
    _row(known[name] for name in term.related if name in known)
    st.subheader("Source")
    st.markdown("\n".join(f"- {cited(paper)}" for paper in term.papers))


def _snippet(term: Term, row: Backbone, weights: str) -> None:
    """The code, what it printed, what it drew."""
    language = term.file.parent.name
    st.code(term.snippet.code, language="python", wrap_lines=True)
    if misfit := term.misfit(row):
        st.info(misfit, icon=":material/info:")
        return
    what = {"term": term.name, "language": language, "backbone": row.name, "weights": weights}
    task = RunSnippetQuestion(**what, digest=texts.digest(term.snippet.code))
    found = ask(task, f"Running it on {row.title}", height=120)
    if found is None:
        return
    if found.output:
        st.markdown(f":small[Printed by {row.title}, weights {found.weights}, in {found.seconds:.1f} s:]")
        st.code(found.output, language=None, wrap_lines=True)
    if found.picture.size:
        st.image(found.batch, alt="The eight pictures in x, side by side")
        st.caption("`x`, the pictures 0 to 7.")
        st.image(found.picture, alt=f"The picture that the snippet of {term.title} drew")
        scale = "" if found.picture.ndim == 3 else f" from {found.low:.3g} (black) to {found.high:.3g} (white)"
        st.caption(f"`picture`, drawn{scale}.")
    if term.snippet.words:
        st.markdown(f":material/search: {linked(term.snippet.words, (term.name,))}")
    show_opening(found, row, "glossary")


def cited(paper: str) -> str:
    """A source with its arXiv number or DOI as a link."""
    paper = re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", paper)
    return re.sub(r"doi (10\.\S+)", r"[doi \1](https://doi.org/\1)", paper)


def show_questions(questions: dict[str, Question], terms: dict[str, Term]) -> None:
    """The questions people ask, each with its answer and the place that shows it; the one in the address first."""
    wanted = st.query_params.get("question", "all")
    if wanted not in questions and wanted != "all":
        st.warning(
            f"The address asks for the question “{safe_md(wanted[:60])}”, which is not here. These are:",
            icon=":material/link_off:",
        )
    for question in sorted(questions.values(), key=lambda question: question.name != wanted):
        with st.container(border=True):
            st.subheader(question.title, anchor=question.name)
            st.markdown(linked(question.answer))
            with st.container(horizontal=True, vertical_alignment="center"):
                for i, link in enumerate(question.see):
                    place(link, button=not i)
                st.page_link(
                    _HERE, label="Link to this", icon=":material/link:", query_params=in_address(question=question.name)
                )
            st.caption("Terms")
            _row(terms[name] for name in question.related if name in terms)
