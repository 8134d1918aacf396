"""A figure that many visitors are shown."""

from typing import Any

from explorer.app.figures.style import Figure


class Kept(Figure):
    """A finished figure that nobody changes any more: as a dictionary it is made once, not for each visitor anew."""

    def __init__(self, finished: Figure) -> None:
        super().__init__(finished)
        self._as_dict: dict[str, Any] = super().to_dict()

    def to_dict(self) -> dict[str, Any]:
        """The figure as Plotly's JSON has it; to be read only."""
        return self._as_dict
