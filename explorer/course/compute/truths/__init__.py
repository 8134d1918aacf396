"""The truth of each check, computed on the live backbone or on the lesson's runs when the reader has answered."""

from collections.abc import Callable

from explorer.course.compute.truths import choosing, freezing, heads, looking, structure, tuning
from explorer.course.compute.truths.asked import TruthContext
from explorer.course.question.checks import Truth

TRUTHS: dict[str, Callable[..., Truth]] = {
    "first_filter": structure.first_filter,
    "plain_card": structure.plain_card,
    "numbers_left": structure.numbers_left,
    "sight": structure.sight,
    "heaviest_stage": structure.heaviest_stage,
    "shifted": structure.shifted,
    "head_parameters": heads.head_parameters,
    "untrained_head": heads.untrained_head,
    "head_sizes": heads.head_sizes,
    "goes_on": freezing.goes_on,
    "cost_frozen": freezing.cost_frozen,
    "in_mid_training": freezing.in_mid_training,
    "first_step": freezing.first_step,
    "accuracy": tuning.accuracy,
    "train_accuracy": tuning.train_accuracy,
    "moved_most": tuning.moved_most,
    "too_hot": tuning.too_hot,
    "rewound": tuning.rewound,
    "another_seed": choosing.another_seed,
    "better": choosing.better,
    "images_needed": choosing.images_needed,
    "percent_learning": choosing.percent_learning,
    "weights_to_keep": choosing.weights_to_keep,
    "gains": choosing.gains,
    "features_moved": looking.features_moved,
    "maps_differ": looking.maps_differ,
    "likeness": looking.likeness,
    "any_class": looking.any_class,
}
"""The word in a check's fact `truth` → the function; called with what is asked and the words after the name."""

__all__ = ["TRUTHS", "TruthContext"]
