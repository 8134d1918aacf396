"""What is wrong with the pictures, with the pictures: copies, groups in two splits, unreadable, odd, dark and blurred ones."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explorer import jobs
from explorer.app.asking import ask
from explorer.app.drawing import explain, show_code
from explorer.app.words import plain, safe_md
from explorer.edits import SPLITS, Edits
from explorer.looks.data.question.faults import Faults, FaultsQuestion, PlainFaultsQuestion
from explorer.looks.data.view.changing import mark, marked, places_of, state_of, toggle, toolbar
from explorer.looks.images.view.tiles import tiles
from explorer.question import Question
from explorer.recipe import Recipe

PAGE = 40
ALL, ACROSS, TWO = "all", "in two splits", "of two classes"


def faults(recipe: Recipe, now: Edits) -> None:
    """The kinds of faults with their numbers; the pictures of the one chosen. The set is looked at as its files are."""
    question, found = _asked(recipe.model_copy(update={"edits": ""}))
    if found is None:
        return
    kinds: dict[str, tuple[int, Callable[[], None]]] = {
        "Near-copies": (len(found.copies.pairs), lambda: _copies(question, found, now)),
        "Left out when read": (len(found.skipped), lambda: _skipped(found)),
        "Groups in two splits": (len(found.groups), lambda: _groups(found)),
        "Odd size": (len(found.odd), lambda: _single(question, found, now, found.odd, "odd")),
        "Dark or plain": (len(found.dark), lambda: _single(question, found, now, found.dark, "dark")),
        "Blurred": (len(found.blurred), lambda: _single(question, found, now, found.blurred, "blurred")),
    }
    st.markdown(f"Looked at **{found.n} pictures**.")
    if not found.copies.tried:
        del kinds["Near-copies"]
    elif not any(n for n, _ in kinds.values()):
        st.success("No fault of these kinds was found.", icon=":material/verified:")
    if st.session_state.get("data_fault") not in kinds:
        st.session_state.pop("data_fault", None)
    first = next((name for name, (n, _) in kinds.items() if n), next(iter(kinds)))
    name = st.segmented_control(
        "Fault", list(kinds), default=first, required=True, key="data_fault", persist_state="session", wrap=True,
        format_func=lambda name: f"{name} · {kinds[name][0]}", label_visibility="collapsed",
    )  # fmt: skip
    kinds[name or first][1]()


def _asked(recipe: Recipe) -> tuple[Question[Faults], Faults | None]:
    """What is known of the faults, and by which question: what single pictures tell is there long before the near-copies."""
    whole: Question[Faults] = FaultsQuestion(recipe=recipe)
    status = jobs.status(whole)
    if status is not None and status.state == "done":
        return whole, ask(whole, "Looking for faults", height=420)
    first = PlainFaultsQuestion(recipe=recipe)
    seen = ask(first, "Looking at each picture", height=420)
    found = None if seen is None else ask(whole, "Near-copies, which take longest", height=0)
    return (first, seen) if found is None else (whole, found)


def _copies(question: Question[Faults], found: Faults, now: Edits) -> None:
    """Groups of near-copies, a row each; those in two splits or of two classes first."""
    copies, shown = found.copies, found.shown
    if np.isfinite(copies.strangers):
        nearest = f"the nearest different pictures begin at about {copies.strangers:.1f}"
    else:
        nearest = "no two different pictures come near that"
    st.markdown(
        f"Two pictures count as near-copies when, laid on each other, their colours differ by at most "
        f"**{copies.threshold:.1f} of 255** grey levels. The threshold comes from this set: **{copies.found} of {copies.tried}** "
        f"copies that Thaw made of its pictures (saved again, halved, cropped, turned, mirrored) lie below it; {nearest}."
    )
    if not len(copies.pairs):
        st.caption("No near-copies were found.")
        return
    clusters = clustered(copies.pairs)
    across = [c for c in clusters if len({int(shown.splits[i]) for i in c}) > 1]
    two = [c for c in clusters if len({int(shown.labels[i]) for i in c}) > 1]
    sizes = {ALL: len(clusters), ACROSS: len(across), TWO: len(two)}
    which = st.segmented_control("Which", list(sizes), default=ALL, required=True, key="data_copies",
                                 format_func=lambda name: f"{name} · {sizes[name]}", label_visibility="collapsed")  # fmt: skip
    chosen = {ALL: clusters, ACROSS: across, TWO: two}[which or ALL]
    toolbar(now, found.classes, "data_copies")
    spare = [shown.ids[i] for c in chosen for i in spared(c, shown.splits)]
    st.button("Mark all but one of each", icon=":material/checklist:", key="data_spare", disabled=not chosen,
              on_click=mark, args=(spare,), help="A test picture is kept before any other.")  # fmt: skip
    items = []
    for number, cluster in enumerate(chosen[:PAGE], 1):
        for place, i in enumerate(cluster):
            row = _item(found, now, i)
            items.append((*row, _cluster_words(number, cluster, found)) if not place else row)
    _grid(question, found, items, "copies")
    if len(chosen) > PAGE:
        st.caption(f"The first {PAGE} of {len(chosen)}; leave some out to see more.")
    explain(
        "Are they the same picture? A copy in training and test means that the test is partly known by heart; a picture under "
        "two classes teaches a contradiction.",
        "Found are copies that were saved again, scaled, a little cropped or turned, or mirrored; not the same scene from "
        "another angle. Pictures with next to nothing in them may look like copies of each other.",
    )
    show_code("explorer/data/near_copies/pairs.py", "near_copies")


def clustered(pairs: np.ndarray) -> list[list[int]]:
    """Pairs (p, 2) as groups of pictures that hang together, the nearest pair's first."""
    root: dict[int, int] = {}

    def top(i: int) -> int:
        while root.setdefault(i, i) != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, j in pairs.tolist():
        root[top(j)] = top(i)
    groups: dict[int, list[int]] = {}
    for i in dict.fromkeys(pairs.ravel().tolist()):
        groups.setdefault(top(i), []).append(i)
    return [sorted(group) for group in groups.values()]


def spared(cluster: Sequence[int], splits: np.ndarray) -> list[int]:
    """All pictures of a group but one: a test picture stays before a validation before a training picture."""
    kept = max(cluster, key=lambda i: (int(splits[i]), -i))
    return [i for i in cluster if i != kept]


def _cluster_words(number: int, cluster: Sequence[int], found: Faults) -> str:
    shown = found.shown
    splits = {SPLITS[int(shown.splits[i])] for i in cluster}
    kinds = {int(shown.labels[i]) for i in cluster}
    words = [f"{number}: {len(cluster)} pictures"]
    words += [f"in {' and '.join(name for name in SPLITS if name in splits)}"] if len(splits) > 1 else []
    words += ["under two classes"] if len(kinds) > 1 else []
    return ", ".join(words)


def _item(found: Faults, now: Edits, i: int) -> tuple[int, str, str]:
    shown = found.shown
    kind, split = found.classes[shown.labels[i]], SPLITS[int(shown.splits[i])]
    more = f" {found.words[i]}." if found.words[i] else ""
    return i, f"{plain(shown.ids[i], 80)}.{more} Click to mark.", state_of(now, shown.ids[i], kind, split)


def _grid(question: Question[Faults], found: Faults, items: Sequence[tuple], key: str) -> None:
    tiles(
        question, items, lambda i: toggle(found.shown.ids[i]), label=f"{len(items)} pictures", key=f"data_{key}_tiles",
        selected=places_of(found.shown.ids), mark=True, shown=96,
    )  # fmt: skip


def _single(question: Question[Faults], found: Faults, now: Edits, rows: Sequence[int], key: str) -> None:
    """Pictures that are out of the ordinary by themselves, the worst first."""
    if not rows:
        st.caption("None was found.")
        return
    toolbar(now, found.classes, f"data_{key}")
    _grid(question, found, [_item(found, now, i) for i in rows], key)
    names = [name for name in marked() if name in found.shown.ids]
    for name in names[:5]:
        st.caption(safe_md(f"{name}: {found.words[found.shown.ids.index(name)]}"))
    explain(
        "Would you know the class from this picture? Hover over one for what is out of the ordinary.",
        "Measured against the rest of the set: in a set that is blurred throughout, nothing stands out.",
    )


def _skipped(found: Faults) -> None:
    """Files that the reader left out, with the reason; one picture under two classes first."""
    if not found.skipped:
        st.caption("Every picture file was read, and none has the same bytes as another.")
        return
    if found.contradictions:
        lines = "  \n".join(safe_md(f"{file} and {first}") for file, first in found.contradictions[:10])
        st.warning(f"{len(found.contradictions)} pictures stand under two classes; one of the two is used:  \n{lines}",
                   icon=":material/rule:")  # fmt: skip
    names, reasons = zip(*found.skipped, strict=True)
    st.dataframe(
        {"File": [plain(name, 120) for name in names], "Why it was left out": [plain(why, 200) for why in reasons]},
        hide_index=True, alt=f"{len(names)} files that were left out, with the reason",
    )  # fmt: skip


def _groups(found: Faults) -> None:
    """Groups (patients, films) in more than one split."""
    if not found.groups:
        st.caption(
            "No group (patient, place, film) lies in two splits, or nothing says which pictures belong together: sub-folders of "
            "the classes, or a table groups.csv, would."
        )
        return
    counts = list(zip(*(group.counts for group in found.groups), strict=True))
    st.dataframe(
        {"Group": [plain(g.name, 120) for g in found.groups], "Training": counts[0], "Validation": counts[1], "Test": counts[2]},
        hide_index=True, alt=f"{len(found.groups)} groups with pictures in more than one split",
    )  # fmt: skip
    explain(
        "These groups have pictures in more than one split, so the test is easier than new groups are.",
        "Where the set's own folders divide the pictures, Thaw leaves them as they are. Move the pictures, or say so with "
        "every number.",
    )
