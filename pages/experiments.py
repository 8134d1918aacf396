"""When to freeze and when to tune, on these images: races, data budgets, depths, single blocks, rates."""

from explorer.experiments.view.entry import show_experiments

show_experiments()
