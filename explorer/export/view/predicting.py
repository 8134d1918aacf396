"""Many pictures of the visitor's own, and what a run says of them: a table, to sort, filter and save."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from explorer import limits
from explorer.app.asking import ask
from explorer.app.labels import run_labels
from explorer.app.thumbnails import thumbnails
from explorer.app.visitor import choice
from explorer.app.words import percent, plain, safe_md
from explorer.catalogue import shifts
from explorer.errors import ExplorerError
from explorer.export import batches
from explorer.export.question import Predicted, PredictQuestion
from explorer.export.telling import table_csv
from explorer.home import stamp
from explorer.looks.neighbours.question import RARE
from explorer.runs import FinishedRun
from explorer.uploads import MOST_BYTES

ALL, NONE = -1, -2  # of what the table shows, besides the number of a class
SHOWN = 500  # rows with a picture; the CSV has all
_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif"]


def pick_run(known: Sequence[FinishedRun]) -> FinishedRun:
    """Which run is asked; kept by id in the address, by default B, else the latest that is not of random
    weights."""
    by_id = {run.id: run for run in known}
    wanted = st.query_params.get("run", "")
    if wanted and wanted not in by_id:
        st.warning(
            safe_md(f"The run {wanted[:120]} is not among the finished runs; showing another."),
            icon=":material/link_off:",
        )
    usual = next((run.id for run in known if not run.recipe.drawn), known[0].id)
    current = next(run for run in (wanted, choice().b, usual) if run in by_id)
    st.session_state["predict_run"] = current
    labels = run_labels(known)
    st.selectbox("Run", list(by_id), key="predict_run", format_func=labels.__getitem__, on_change=_note_run)
    chosen = by_id[st.session_state["predict_run"]]
    if chosen.recipe.spoilt:
        how = shifts.words(chosen.recipe.spoilt)
        st.caption(f":material/info: All pictures that this run knows are {how}; yours are read as they are.")
    return chosen


def _note_run() -> None:
    st.query_params["run"] = st.session_state["predict_run"]


def pick_pictures(run: FinishedRun) -> PredictQuestion | None:
    """Files from the browser, or a folder on the server: what to ask about them; None where there is nothing yet."""
    way = "Files"
    if limits.server_folders():
        way = st.segmented_control(
            "Pictures from",
            ["Files", "Folder on the server"],
            default="Files",
            required=True,
            key="predict_way",
            persist_state="session",
        )
    if way == "Files":
        st.file_uploader(
            f"Pictures, up to {batches.MOST_PICTURES} at a time",
            type=_TYPES,
            accept_multiple_files=True,
            max_upload_size=MOST_BYTES // 1_000_000,
            key="predict_files",
            on_change=_take,
        )
        st.caption(
            "They stay on the machine that runs Thaw, which keeps the last ten such batches; they are sent nowhere else."
        )
        batch = st.query_params.get("batch", "")
        return PredictQuestion(run=run.id, batch=batch) if batch else None
    folder = st.text_input(
        "Folder", key="predict_folder", persist_state="session", placeholder="/path/with/pictures"
    ).strip()
    if not folder:
        return None
    return PredictQuestion(run=run.id, folder=folder, seen=batches.seen(folder))


def _take() -> None:
    given = st.session_state.get("predict_files") or []
    if not given:
        return
    try:
        st.query_params["batch"] = batches.keep([(file.name, file.getvalue()) for file in given])
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")


def show(wanted: PredictQuestion) -> None:
    """The table of what the run says, with counts above and a CSV below."""
    found = ask(wanted, "Your pictures", height=320)
    if found is None:
        return
    _say(found)
    rows = _pick_rows(found)
    small = thumbnails(wanted.path, stamp(wanted.path))
    st.dataframe(
        table(found, rows[:SHOWN], [small[i] for i in rows[:SHOWN]]),
        hide_index=True,
        key="predict_table",
        row_height=76,
        column_config=_columns(found),
        alt=f"Table of {len(rows)} pictures with class and probability",
    )
    if len(rows) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(rows)}; the CSV has all.")
    st.download_button(
        "Save as CSV", lambda: table_csv(found), file_name=f"predictions-{found.run}.csv", mime="text/csv",
        key="predict_csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    for name, reason in found.skipped[:20]:
        st.caption(safe_md(f"Left out {name}: {reason}", 400))
    if len(found.skipped) > 20:
        st.caption(f"… and {len(found.skipped) - 20} more.")


def _pick_rows(found: Predicted) -> np.ndarray:
    """The places of the pictures that the table shows: all, those of one class, or those that are perhaps of none."""
    names = [plain(name, 40) for name in found.classes]
    kinds = Counter(found.predicted.tolist())
    unlike = int(found.unlike.sum())
    options = [ALL, *([NONE] if unlike else []), *(k for k, _ in kinds.most_common())]
    if st.session_state.get("predict_kind", ALL) not in options:  # other pictures than those it was chosen for
        st.session_state.pop("predict_kind")
    picked = st.selectbox(
        "Show",
        options,
        key="predict_kind",
        width=320,
        format_func=lambda k: (
            f"All · {len(found.files)}"
            if k == ALL
            else f"Perhaps none of these · {unlike}"
            if k == NONE
            else f"{names[k]} · {kinds[k]}"
        ),
    )
    kind = ALL if picked is None else picked
    return np.flatnonzero(found.unlike if kind == NONE else (found.predicted == kind) | (kind == ALL))


def _say(found: Predicted) -> None:
    n = len(found.skipped)
    left = f" {n} {'file' if n == 1 else 'files'} could not be read." if n else ""
    score = f" Right, by their folders' names: **{percent(found.score)}**." if found.score else ""
    st.markdown(f"**{len(found.files)}** pictures.{left}{score}")
    _say_unlike(found)
    st.caption(
        f":material/thermostat: Probabilities are calibrated: logits divided by {found.temperature:.2f}, the temperature "
        f"fitted on the run's validation images."
        if found.temperature
        else ":material/thermostat: Probabilities are the network's own, not calibrated: the run's validation images cannot be "
        "read on this machine."
    )


_ONLY = (
    ":material/warning: The run knows only its classes: a picture of anything else is still assigned to one of them, often with "
    "a high probability."
)


def _say_unlike(found: Predicted) -> None:
    """How many pictures are perhaps of none of the classes, and how far to believe that."""
    if found.farther is None:
        st.caption(f"{_ONLY} Its own pictures cannot be read on this machine, so nothing tells which are unlike them.")
        return
    n, unlike = len(found.files), int(found.unlike.sum())
    if unlike:
        usual = f"about {RARE * n:.0f}" if RARE * n >= 1 else "hardly one"
        st.warning(
            f"**Perhaps none of these: {unlike} of {n}.** Each lies farther from its nearest training picture than 95 % of the "
            f"run's {found.tested} test images. Of {n} pictures like the test images {usual} would be marked anyway.",
            icon=":material/help:",
        )
    else:
        st.markdown(f":material/check: None of them is unlike the run's {found.tested} test images.")
    st.caption(
        f"{_ONLY} The distance warns, it does not decide: a picture may be far and of one of the classes (another camera, "
        "another light), or near and of none."
    )


def table(found: Predicted, rows: np.ndarray, small: Sequence[str]) -> dict[str, list[Any]]:
    """A row for each of these pictures: picture, name, class, probability, the next class; the folder's class where known."""
    order = np.argsort(-found.probability[rows], axis=1)
    names = [plain(name, 40) for name in found.classes]
    columns: dict[str, list[Any]] = {
        "picture": list(small),
        **({} if found.farther is None else {"unlike": [bool(found.unlike[i]) for i in rows]}),
        "Class": [names[k] for k in order[:, 0]],
        "probability": [100 * float(found.probability[i, k]) for i, k in zip(rows, order[:, 0], strict=True)],
        "Next": [f"{names[k]}, {100 * found.probability[i, k]:.0f} %" for i, k in zip(rows, order[:, 1], strict=True)],
    }
    if found.farther is not None:
        columns["like"] = [100 * float(found.farther[i]) for i in rows]
    if (found.labels >= 0).any():
        columns["Folder says"] = [names[found.labels[i]] if found.labels[i] >= 0 else "" for i in rows]
        columns["right"] = [bool(found.labels[i] == found.predicted[i]) if found.labels[i] >= 0 else None for i in rows]
    return columns | {"File": [plain(found.files[i], 60) for i in rows]}


def _columns(found: Predicted) -> dict[str, Any]:
    return {
        "picture": st.column_config.ImageColumn("Picture", width="small"),
        "probability": st.column_config.ProgressColumn(
            "Probability",
            format="%.1f %%",
            min_value=0,
            max_value=100,
            help="On kinds of pictures that the run never saw it is too sure of itself, calibrated or not.",
        ),
        "like": st.column_config.NumberColumn(
            "Test images as far",
            format="%.1f %%",
            help="The share of the run's test images that lie at least as far from their nearest training picture.",
        ),
        "unlike": st.column_config.CheckboxColumn(
            "None?", width="small", help="Perhaps none of these: farther than 95 % of the test images."
        ),
        "right": st.column_config.CheckboxColumn("Right"),
    }
