"""The controls of a recipe, and runs while they happen."""
