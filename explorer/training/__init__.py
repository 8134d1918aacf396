"""Carry out a recipe, follow it, and judge the result."""
