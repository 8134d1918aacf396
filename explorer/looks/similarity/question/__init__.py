"""What may be asked about how far B is from A, and the answers."""
