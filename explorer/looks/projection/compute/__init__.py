"""Shared 2-D maps of the same images in several networks or epochs, and how far to trust them."""
