"""Which way of tuning wins here? The old address of races: the page Experiments, whose first entry they are."""

from explorer.experiments.view.entry import show_experiments

show_experiments()
