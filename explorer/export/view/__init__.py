"""What takes a run away, and what brings weights in, on the pages."""
