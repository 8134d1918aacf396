"""How well a run's probabilities are calibrated."""
