"""What the course asks the worker, and the answers."""
