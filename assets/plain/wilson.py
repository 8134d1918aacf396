def wilson(correct, n, z=1.96):
    """The 95 % interval of an accuracy, from the number of images that are right."""
    p, scale = correct / n, 1 + z**2 / n
    centre = (p + z**2 / (2 * n)) / scale
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5 / scale
    return centre - half, centre + half
