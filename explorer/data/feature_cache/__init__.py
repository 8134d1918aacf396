"""The output of the frozen stages, computed once per image and view, stored for other runs, and read by every epoch."""
