"""Figures of the lesson and of the concept map."""
