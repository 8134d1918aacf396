"""Where the cells of a map lie in its picture."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cells:
    """Where the cells of a map lie along either side of its picture: cell i has its centre at `first` + i · `step`, in shares of
    the side, counted from the picture's edge."""

    first: float
    step: float

    @classmethod
    def even(cls, count: int) -> "Cells":
        """Cells that share the side out among them: pixels, patches, the squares of an ablation."""
        return cls(0.5 / count, 1 / count)

    def centres(self, count: int) -> np.ndarray:
        """The centres of the first `count` cells, (count,)."""
        return self.first + self.step * np.arange(count)

    def edges(self, count: int) -> np.ndarray:
        """Where `count` cells begin and end, (count + 1,) in [0, 1]: halfway to the next; the outermost reach to the border."""
        between = self.centres(count)[1:] - self.step / 2
        return np.r_[0.0, between.clip(0, 1), 1.0]
