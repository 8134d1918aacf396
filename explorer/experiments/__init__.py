"""Experiments: many recipes as one question, each cell an ordinary run; found again by its recipe, never computed twice."""
