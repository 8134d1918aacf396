def strength(maps):
    """How strongly each channel answers: the mean |activation| over positions; maps: (c, h, w)."""
    return maps.abs().mean((1, 2))


# The strongest first: strength(maps).argsort(descending=True)
