"""The page on which pictures arrive, and what the forms show of them."""
