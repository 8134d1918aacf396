"""Carry out a recipe, follow it, and judge what came of it."""
