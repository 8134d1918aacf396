"""Where the files lie that come with the code: pages, texts, the built-in backbone. In a checkout they lie beside
`explorer/`; a wheel has them inside, in `explorer/share/` (see setup.py), so that site-packages gets one name only."""

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
INSTALLED = (PACKAGE / "share").is_dir()
ROOT = PACKAGE / "share" if INSTALLED else PACKAGE.parent

ASSETS = ROOT / "assets"
PAGES = ROOT / "pages"
LAUNCHER = ROOT / "streamlit_app.py"
"""What `streamlit run` runs; Streamlit reads the configuration from `.streamlit/` beside it."""


@cache
def build() -> str:
    """Which code a process runs that has just started: how many modules there are, and when the latest was written."""
    written = [path.stat().st_mtime_ns for path in PACKAGE.rglob("*.py")]
    return f"{len(written)}-{max(written)}"


def page_file(name: str) -> str:
    """A page's file as `st.page_link` and `st.switch_page` take it."""
    return str(PAGES / f"{name}.py")


def code(file: str) -> Path:
    """A file of this project by its path in the repository, such as `explorer/evidence/shares.py`."""
    return PACKAGE.parent / file if file.startswith("explorer/") else ROOT / file
