"""The page Findings: one finding at a time, with the files that hold its numbers."""

import streamlit as st

from explorer.app.controls import menu
from explorer.app.links import linked
from explorer.bundle import page_file
from explorer.experiments.findings import findings


def show_findings() -> None:
    """What stands before all, a menu of findings, the one chosen, and its files."""
    before, known = findings()
    if not known:
        st.info("The findings did not come with this installation: they are docs/findings.md of the source.")
        return
    st.markdown(before)
    titles = [one.title for one in known]
    title = menu("Finding", titles, "finding", "findings_finding")
    shown = known[titles.index(title)]
    st.header(shown.title)
    for block in shown.blocks:
        if isinstance(block, str):
            st.markdown(linked(block))
        else:
            st.table(block, hide_index=True, alt=f"{shown.title}: {', '.join(block)}")
    with st.container(horizontal=True):
        for path in shown.files:
            st.download_button(
                f"{path.name}", path.read_bytes, path.name, "text/csv", icon=":material/download:", on_click="ignore"
            )
        st.page_link(page_file("experiments"), label="Measure it on your own pictures", icon=":material/science:")
