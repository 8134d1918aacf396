"""What may be asked about a run as such: to carry it out."""

from typing import ClassVar

from explorer.question import Lane, Question


class TrainQuestion(Question[None]):
    """Carry out a run whose folder exists; what comes of it goes into the folder."""

    handler: ClassVar[str] = "explorer.training.compute.handlers:train"
    reports: ClassVar[bool] = True
    run: str

    @property
    def lane(self) -> Lane:
        """A process for trainings alone."""
        return "train"
