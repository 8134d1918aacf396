import torch


def cka(x, y):
    """Debiased linear CKA of the features (n, d1) and (n, d2) of the same n images."""

    def gram(x):
        x = x.double() - x.double().mean(0)
        k = (x @ x.T).fill_diagonal_(0)
        n, rows = len(k), k.sum(1)
        k = k - (rows[:, None] + rows) / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
        return k.fill_diagonal_(0)

    k, m = gram(x), gram(y)
    return (k * m).sum() / torch.sqrt((k * k).sum() * (m * m).sum())
