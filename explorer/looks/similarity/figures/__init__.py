"""How far B is from A, drawn."""
