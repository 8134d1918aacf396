"""The light wing: everything that needs streamlit or plotly."""
