import torch


def project(a, b, other_a, other_b, k=50):
    """A and B on one map by PCA: features (n, d) of the images shown, and (m, d) of others, on which the rotation is fitted."""
    a, b, other_a, other_b = (x.double() - x.double().mean(0) for x in (a, b, other_a, other_b))
    k = min(k, len(other_a) // 5, a.shape[1], b.shape[1])
    axes_a, axes_b = (torch.linalg.svd(x, full_matrices=False).Vh[:k].T for x in (other_a, other_b))
    scaled = [x - x.mean(0) for x in (a @ axes_a, b @ axes_b, other_a @ axes_a, other_b @ axes_b)]
    a, b, other_a, other_b = (x * len(x) ** 0.5 / x.norm() for x in scaled)
    u, _, v = torch.linalg.svd(other_b.T @ other_a)  # orthogonal Procrustes
    both = torch.cat([a, b @ u @ v])
    both = both @ torch.linalg.eigh(both.T @ both).eigenvectors[:, [-1, -2]]
    return both[: len(a)], both[len(a) :]


# UMAP: umap.UMAP(n_neighbors=15, min_dist=0.1, init="pca", random_state=0).fit_transform(both) before the last step.
