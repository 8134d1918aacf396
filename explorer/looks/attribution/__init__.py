"""Where two networks look."""
