"""What figures of all rooms share: style, accuracies, tiles."""
