"""Data sets, pictures, splits, and their way into a network."""
