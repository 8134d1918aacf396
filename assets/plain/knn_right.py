import torch


def knn_right(x, labels, k=10):
    """Which images their k nearest others name rightly; x: features (n, d), labels: (n,)."""
    far = torch.cdist(x.double(), x.double()).fill_diagonal_(float("inf"))
    votes = labels[far.argsort(dim=1)[:, :k]]
    return votes.mode(dim=1).values == labels
