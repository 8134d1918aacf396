from torch import nn


def first_filters(model):
    """The filters of the convolution that reads the picture: (f, 3, h, w)."""
    first = next(m for m in model.modules() if isinstance(m, nn.Conv2d) and m.in_channels == 3)
    return first.weight.detach()
