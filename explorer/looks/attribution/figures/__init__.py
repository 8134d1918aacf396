"""Where A and B look, drawn."""
