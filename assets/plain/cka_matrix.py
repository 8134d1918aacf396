import torch


def cka_matrix(xs, ys):
    """Debiased linear CKA of every stage of A with every stage of B; xs, ys: features (n, d) of the same n images."""

    def gram(x):
        x = x.double() - x.double().mean(0)
        k = (x @ x.T).fill_diagonal_(0)
        n, rows = len(k), k.sum(1)
        k = (k - (rows[:, None] + rows) / (n - 2) + rows.sum() / ((n - 1) * (n - 2))).fill_diagonal_(0)
        return (k / k.norm()).flatten()

    return torch.stack([gram(x) for x in xs]) @ torch.stack([gram(y) for y in ys]).T
