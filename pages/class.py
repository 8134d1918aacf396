"""What does the class get, and how is the server? For the presenter."""

import streamlit as st

from explorer.classroom.view.showing import machine, only_presenters, queue, results

st.title("Class")
if not only_presenters():
    st.stop()
results()
queue()
machine()
