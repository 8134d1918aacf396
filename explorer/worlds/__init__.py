"""Two worlds on the home page: data like what the backbone learned from, and data unlike it."""
