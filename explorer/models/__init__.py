"""Backbones: build, load, cut into stages, lend; devices and memory."""
