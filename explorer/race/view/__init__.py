"""A race as a page."""
