"""The data set itself: what is in it, what is wrong with it, and what was changed of it."""
