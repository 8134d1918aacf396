"""Choosing A and B, and the details of runs that were ticked in the table."""
