from math import comb


def difference(right_a, right_b, z=1.96):
    """B - A on the same images with its 95 % interval, and McNemar's exact p; right_a, right_b: bool tensors (n,)."""
    n = len(right_a)
    fixed, broken = int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())
    p, q = (fixed + 1) / (n + 2), (broken + 1) / (n + 2)
    half = z * ((p + q - (p - q) ** 2) / (n + 2)) ** 0.5
    flips = fixed + broken
    p_value = min(1, 2 * sum(comb(flips, i) for i in range(min(fixed, broken) + 1)) / 2**flips)
    return (fixed - broken) / n, (p - q - half, p - q + half), p_value
