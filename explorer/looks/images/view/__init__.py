"""Choosing an image, a class, or a selection of images."""
