"""Curves while a run learns; networks as strips."""
