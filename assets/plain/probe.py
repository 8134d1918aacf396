import torch
from torch import nn


def probe(train, labels, test):
    """The classes that a linear reader of the features `train` (m, d) gives the features `test` (n, d)."""
    mean, spread = train.mean(0), train.std(0, unbiased=False).clamp_min(1e-6)
    x, y = ((z - mean) / spread for z in (train, test))
    reader = nn.Linear(x.shape[1], int(labels.max()) + 1)
    steps = torch.optim.LBFGS(reader.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def loss():
        steps.zero_grad()
        found = nn.functional.cross_entropy(reader(x), labels, reduction="sum") + reader.weight.square().sum() / 2
        found.backward()
        return found

    steps.step(loss)
    return reader(y).argmax(1)
