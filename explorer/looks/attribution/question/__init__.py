"""What may be asked about attributions, and the answers."""
