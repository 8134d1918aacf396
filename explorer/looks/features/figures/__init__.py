"""What channels answer, drawn."""
