"""Whether a run is right as often as it is sure."""
