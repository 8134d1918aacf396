"""The page of the presenter."""
