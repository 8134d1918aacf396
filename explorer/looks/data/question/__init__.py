"""What may be asked about a data set, and the answers. Letters: n pictures, k classes, h w."""
