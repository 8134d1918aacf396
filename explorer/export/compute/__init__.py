"""Write a finished run as a file, and read pictures and weights from outside."""
