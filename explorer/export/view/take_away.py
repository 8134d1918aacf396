"""*Take it away*: a finished run as a file to download."""

import streamlit as st

from explorer.app.asking import ask
from explorer.app.words import safe_md
from explorer.export import building, kept
from explorer.export.formats import FORMATS, Format, missing
from explorer.export.question import Exported, ExportQuestion
from explorer.export.script import script
from explorer.runs import FinishedRun, Run


def take_away(run: Run, key: str) -> None:
    """A button that opens the choice of formats; nothing where the run has not come to its end."""
    if not isinstance(run, FinishedRun):
        return
    with st.popover("Take it away", icon=":material/file_download:", key=f"{key}_away"):
        name = st.selectbox(
            "As",
            list(FORMATS),
            key=f"{key}_away_format",
            persist_state="session",
            format_func=lambda name: FORMATS[name].title,
        )
        row = FORMATS[name]
        st.caption(row.meaning)
        lacking, why = missing(row), building.obstacle(run.settled.row) if row.builds else ""
        if lacking:
            st.info(lacking, icon=":material/extension:")
        elif why:
            st.info(safe_md(why), icon=":material/block:")
            return
        else:
            _offer(run, row, key)
        st.caption("The same from the command line:")
        out = f"{row.stem}{row.endings[0]}"
        st.code(f"python -m explorer export {run.id} --to {name} --out {out}", language="bash", wrap_lines=True)
        if name == "script":
            st.caption("The script without its pictures:")
            st.code(script(run.settled), language="python", height=320)


def _offer(run: FinishedRun, row: Format, key: str) -> None:
    """A button that makes the file, then one that saves it."""
    wanted = ExportQuestion(run=run.id, to=row.name)
    asked = st.session_state.setdefault("away_asked", set())
    if wanted.key not in asked and not wanted.path.is_file():
        st.button(
            "Make the file",
            key=f"{key}_away_make",
            icon=":material/deployed_code:",
            type="primary",
            on_click=asked.add,
            args=(wanted.key,),
        )
        return
    found = ask(wanted, row.title, height=0)
    if found is None:
        return
    if not kept.is_here(found.stored):  # the oldest go: it is made again
        kept.forget(wanted.path)
        st.rerun()
    download(found, row, key)


def download(found: Exported, row: Format, key: str) -> None:
    """A button that saves the file, with its size and what to know of it."""
    st.download_button(
        f"Save the file ({size_words(found.size)})",
        lambda: (kept.folder() / found.stored).read_bytes(),
        file_name=found.file,
        mime=row.mime,
        key=f"{key}_away_save",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    for note in found.notes:
        st.caption(f":material/info: {safe_md(note)}")


def size_words(size: int) -> str:
    """`12 kB`, `4.9 MB`."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
