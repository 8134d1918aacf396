"""Runs of several strategies on the same images with the same seeds."""
