"""The views of the features page."""

from explorer.looks.features.view.channels import one_channel
from explorer.looks.features.view.stages import first_layer, one_stage, whole

FEATURE_VIEWS = {
    "The whole backbone": whole,
    "One stage": one_stage,
    "One channel": one_channel,
    "First filters": first_layer,
}
