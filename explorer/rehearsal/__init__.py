"""A class played on one's own machine: sessions that do what participants do, and whether the server holds."""
