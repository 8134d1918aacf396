"""The table of runs: filters, columns, and ticks that belong to runs, not to rows."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any

import streamlit as st

from explorer import jobs, runs
from explorer.app.address import keep, some_of, some_text, switch
from explorer.app.labels import backbone_words, data_words, only_shown
from explorer.app.mine import own_runs
from explorer.app.words import percent, plain, short_title
from explorer.catalogue.shifts import behind
from explorer.catalogue.strategies import strategy
from explorer.errors import ExplorerError
from explorer.runs import Run
from explorer.runs.life import ENDED_EARLY, LIVE
from explorer.runs.steps import kept_steps

_TABLE, _DRAWN, _TICKED = "runs_table", "runs_drawn", "runs_ticked"
_LONGEST_FIND = 60  # characters

FILTERS: dict[str, Callable[[Run], str]] = {
    "Data": lambda run: data_words(run.recipe) + behind(run.recipe.spoilt) if run.recipe else "",
    "Backbone": lambda run: backbone_words(run.recipe) if run.recipe else "",
    "Strategy": lambda run: strategy(run.recipe.strategy).title.split(" (")[0] if run.recipe else "",
    "State": lambda run: run.state,
}
"""What runs can be filtered by → what a run has of it."""


def pick_runs(known: Sequence[Run]) -> list[Run]:
    """Filters, and the table of the runs that they let through; returns those that are ticked, in the table's order."""
    shown = pick_filters([jobs.lost(run) for run in known])
    if not shown:
        st.info("No run passes these filters.", icon=":material/filter_list_off:")
        st.button("Show all runs", on_click=_show_all, key="runs_show_all")
        return []
    ticked = ticks([run.id for run in shown])
    st.dataframe(
        runs_table(shown),
        hide_index=True,
        key=_TABLE,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=COLUMNS,
        placeholder="",
        alt=f"Table of {len(shown)} runs, latest first",
    )
    live = {run.id: run.state for run in shown if run.state in LIVE}
    if live:
        st.fragment(_watch, run_every=2.0)(live)
    return [run for run in shown if run.id in ticked]


def _watch(live: dict[str, str]) -> None:
    """Draw the table again as soon as a run of it starts or ends."""
    try:
        now = {run: jobs.lost(runs.read(run)).state for run in live}
    except ExplorerError:  # deleted meanwhile
        st.rerun()
    if now != live:
        st.rerun()


def ticks(ids: list[str]) -> set[str]:
    """The runs that are ticked. The table knows rows only: those of the last drawing are turned into runs, and where other rows
    are to be drawn now (`ids`), the same runs are ticked in them."""
    drawn, table = st.session_state.get(_DRAWN, []), st.session_state.get(_TABLE)
    ticked = set(st.session_state.get(_TICKED, ()))
    if table is not None:
        rows = table["selection"]["rows"]
        ticked = (ticked - set(drawn)) | {drawn[i] for i in rows if i < len(drawn)}
    if table is None or drawn != ids:
        st.session_state[_TABLE] = {"selection": {"rows": [i for i, run in enumerate(ids) if run in ticked]}}
    st.session_state[_DRAWN], st.session_state[_TICKED] = ids, ticked
    return ticked


def pick_filters(known: Sequence[Run]) -> list[Run]:
    """The runs that what the visitor typed and chose lets through; all of it stands in the address."""
    options = {name: sorted({plain(of(run)) for run in known} - {""}) for name, of in FILTERS.items()}
    mine, bad = own_runs(), sum(run.state in ENDED_EARLY for run in known)
    _keep_filters(options)
    with st.container(horizontal=True, vertical_alignment="center", key="runs_filters"):
        find = st.text_input(
            "Find a run",
            key="runs_find",
            persist_state="session",
            placeholder="Name or note",
            icon=":material/search:",
            label_visibility="collapsed",
            max_chars=_LONGEST_FIND,
            width=220,
        )
        wanted = _pick_wanted(options)
        starred = st.toggle("Starred", key="runs_starred", persist_state="session")
        own = bool(mine or st.session_state["runs_mine"]) and st.toggle(
            "Mine", key="runs_mine", persist_state="session", help="Runs that were started from this browser."
        )
        failed = bad > 0 and st.toggle(
            f"Failed and stopped ({bad})",
            key="runs_failed",
            persist_state="session",
            help="Runs that failed, were stopped or were interrupted.",
        )
    among = [run for run in known if run.id in mine] if own else known
    return passing(among, wanted, find, starred, failed)


def _keep_filters(options: dict[str, list[str]]) -> None:
    """What is chosen survives a reload and goes along with a link."""
    keep("find", "runs_find", "", some_text(_LONGEST_FIND))
    for name in ("starred", "mine", "failed"):
        keep(name, f"runs_{name}", False, switch())
    for name, among in options.items():
        key = f"runs_only_{name}"
        if not {*st.session_state.get(key, ())} <= {*among}:  # the last run of a kind was deleted
            st.session_state[key] = [one for one in st.session_state[key] if one in among]
        keep(f"only_{name.lower()}", key, [], some_of(among))


def _pick_wanted(options: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of each of `FILTERS` what is wanted; nothing chosen lets all through."""
    chosen = sum(bool(st.session_state[f"runs_only_{name}"]) for name in FILTERS)
    with st.popover(f"Filter ({chosen})" if chosen else "Filter", icon=":material/filter_list:", key="runs_filter"):
        return {
            name: st.multiselect(name, among, key=f"runs_only_{name}", persist_state="session", placeholder="all")
            for name, among in options.items()
        }


def passing(
    known: Sequence[Run],
    wanted: dict[str, list[str]],
    find: str = "",
    starred: bool = False,
    failed: bool = False,
) -> list[Run]:
    """The runs that are of each wanted kind, whose name, note or id holds `find`, and that are starred, if that is asked for.

    Those that came to no result are left out unless `failed` is set, a state is asked for, or there are no others.
    """
    words = find.casefold().strip()

    def passes(run: Run) -> bool:
        fits = all(not only or plain(FILTERS[name](run)) in only for name, only in wanted.items())
        found = words in f"{run.name}\n{run.named.note}\n{run.id}".casefold()
        return fits and found and (run.named.starred or not starred)

    through = [run for run in known if passes(run)]
    if failed or wanted.get("State"):
        return through
    return [run for run in through if run.state not in ENDED_EARLY] or through


def _show_all() -> None:
    st.session_state["runs_find"] = ""
    st.session_state["runs_starred"] = st.session_state["runs_mine"] = False
    for name in FILTERS:
        st.session_state[f"runs_only_{name}"] = []


COLUMNS: dict[str, Any] = {
    "name": st.column_config.TextColumn(
        "Name", width=150, help="★: starred. Give a name, a note, a star below the table."
    ),
    "accuracy": st.column_config.NumberColumn("Test accuracy", format="%.1f %%", width=100),
    "images": st.column_config.TextColumn("Images a class", help="Training images of each class."),
    "head_rate": st.column_config.NumberColumn("Head learning rate", format="%.4g"),
    "stage_rate": st.column_config.NumberColumn(
        "Backbone learning rate", format="%.4g", help="Of the last stage that is trained."
    ),
    "interval": st.column_config.TextColumn("95 % interval"),
    "grouped": st.column_config.TextColumn(
        "For other groups",
        help="95 % interval where images come in groups (patches of one photo, pictures of one patient): this "
        "interval is for other photos or other patients. The interval beside it is for more images of the same "
        "ones.",
    ),
    "balanced": st.column_config.NumberColumn(
        "Balanced", format="%.1f %%", help="Balanced accuracy: every class counts the same, however many images it has."
    ),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
    "steps": st.column_config.NumberColumn(
        "Steps kept", format="%d", help="Optimizer steps up to the epoch that is kept, the best on validation images."
    ),
    "learned": st.column_config.NumberColumn("Trainable parameters", format="compact"),
    "audit": st.column_config.TextColumn("Audit"),
    "made": st.column_config.DatetimeColumn("Made", format="D MMM, HH:mm"),
}


def _state(run: Run) -> str:
    kind = "sample" if run.sample else "published" if only_shown(run) else ""
    return f"{run.state} ({kind})" if kind else run.state


def runs_table(known: Sequence[Run]) -> dict[str, list[Any]]:
    """One row a run, for a sortable table; what tells runs apart comes first, for narrow screens; empty columns go.

    Scores are rounded here: the browser would round 79.25 up, and all else that shows it down.
    """
    recipes = [run.recipe for run in known]
    clean = {None: "", True: "clean", False: "not clean"}
    table: dict[str, list[Any]] = {
        "name": [("★ " if run.named.starred else "") + plain(run.name) for run in known],
        "accuracy": [round(100 * run.test.accuracy, 1) if run.test else None for run in known],
        "State": [_state(run) for run in known],
        "Strategy": [short_title(r) if r else plain(run.id, 40) for r, run in zip(recipes, known, strict=True)],
        "Data": [plain(data_words(r), 40) if r else "" for r in recipes],
        "Backbone": [backbone_words(r) if r else "" for r in recipes],
        "images": ["" if r is None else "all" if r.per_class is None else str(r.per_class) for r in recipes],
        "Seed": [r.seed if r else None for r in recipes],
        "head_rate": [r.head_rate if r else None for r in recipes],
        "stage_rate": [r.backbone_rate or None if r else None for r in recipes],
        "interval": [_interval(run) for run in known],
        "grouped": [_grouped(run) for run in known],
        "balanced": [round(100 * run.balanced.value, 1) if run.balanced else None for run in known],
        "seconds": [(run.facts.get("seconds") or {}).get("total") for run in known],
        "steps": [kept_steps(run) for run in known],
        "learned": [(run.facts.get("parameters") or {}).get("learned") for run in known],
        "audit": [clean[run.clean] for run in known],
        "made": [dt.datetime.fromtimestamp(run.created) for run in known],
        "Note": [plain(run.named.note, 200) for run in known],
    }
    return {name: column for name, column in table.items() if _holds_something(column)}


def _holds_something(column: Collection[Any]) -> bool:
    return any(value not in (None, "") for value in column)


def _interval(run: Run) -> str:
    return percent(run.test).split("(", 1)[1].rstrip(")") if run.test else ""


def _grouped(run: Run) -> str:
    return f"{100 * run.grouped.low:.1f} to {100 * run.grouped.high:.1f}" if run.grouped else ""
