"""Near-copies of pictures, and how two small pictures are laid on each other."""
