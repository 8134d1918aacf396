"""A figure that many visitors are shown."""

from typing import Any

import plotly.graph_objects as go

from explorer.app.figures.figure import Figure, Options


class CheckedFigure(go.Figure):
    """A finished figure that nobody changes any more: Plotly checks it once, and it is shown as it was then.

    A figure of Plotly's by its class, since that is what Streamlit shows unchecked, but a dictionary inside.
    """

    def __init__(self, finished: Figure) -> None:  # Plotly's own would copy and check everything once more
        self._as_dict: Options = finished.checked().to_dict()

    @property
    def options(self) -> Options:
        """The layout; to be read only."""
        return self._as_dict["layout"]

    def to_dict(self) -> dict[str, Any]:
        """The figure as Plotly's JSON has it; to be read only."""
        return self._as_dict
