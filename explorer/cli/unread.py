"""Options that a recipe would take and never read: they are refused, so that nobody believes they did something."""

from collections.abc import Mapping
from typing import Any

from explorer.catalogue import STRATEGIES
from explorer.errors import ExplorerError


def refuse(choices: Mapping[str, Any]) -> None:
    """Raises ExplorerError for the first option of `train` that the others leave without effect; `choices` are its values."""
    plan = STRATEGIES.get(choices["strategy"])
    if plan is None:
        return  # the recipe says that there is no such strategy
    name, stages = choices["strategy"], choices["stages"]
    tunes = name == "custom" or plan.learns != slice(0, 0) or plan.affine or choices["batchnorm"] == "affine"
    given = {
        f"--stages {' '.join(stages)}": (bool(stages) and name != "custom", "--strategy custom"),
        "--unfreeze-every": (
            choices["unfreeze_every"] is not None and plan.unfreezes == "at once",
            "--strategy gradual or lp_ft",
        ),
        "--backbone-rate": (choices["backbone_rate"] is not None and not tunes, "a strategy that tunes the backbone"),
        "--rate-decay": (choices["rate_decay"] is not None and not tunes, "a strategy that tunes the backbone"),
        "--reads": (bool(choices["reads"]) and not plan.reads, "--strategy best_stage"),
        "--weights": (
            choices["weights"] not in ("default", "random") and not plan.pretrained,
            "pre-trained strategies",
        ),
    }
    for option, (unread, where) in given.items():
        if unread:
            raise ExplorerError(
                f"{option} is read with {where} alone, not with {name!r}. Leave it out, or change the strategy."
            )
    if choices["labels"] != "folders" and choices["dataset"] != "folder":
        raise ExplorerError(
            f"--labels {choices['labels']} is read with --dataset folder alone, not with {choices['dataset']!r}, which has its "
            f"labels. Leave it out, or give a folder."
        )
