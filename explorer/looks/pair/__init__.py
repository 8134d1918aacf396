"""Two runs, A and B: which ones, and what of them can be loaded."""
