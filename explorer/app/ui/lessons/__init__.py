"""The lesson: its steps, its checks, what a visitor has learned, and the map of the concepts."""
