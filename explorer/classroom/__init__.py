"""What a presenter sees of a class: everybody's results without names, the queue, the server."""
