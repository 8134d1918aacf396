"""The app started by `thaw serve`, from wherever it is installed."""

from collections.abc import Sequence

from streamlit.web.cli import main

from explorer.bundle import LAUNCHER


def serve(options: Sequence[str] = ()) -> None:
    """What `streamlit run streamlit_app.py` does in a checkout, with further options of `streamlit run`; until Ctrl-C."""
    main(["run", str(LAUNCHER), *options], prog_name="streamlit", standalone_mode=False)
