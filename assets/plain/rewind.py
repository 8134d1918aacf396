import copy

import torch


def rewind(model, first, stage, images):
    """What a network says with one stage set back to its first weights; first: the state dict before fine-tuning,
    stage: its prefix, e.g. "layer3."."""
    back = copy.deepcopy(model).eval()
    back.load_state_dict({name: x for name, x in first.items() if name.startswith(stage)}, strict=False)
    with torch.inference_mode():
        return back(images)


# Where learning moved BatchNorm's statistics, they no longer fit: the control shows what re-estimating them costs.
