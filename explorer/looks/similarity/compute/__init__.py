"""Stage by stage, image by image, epoch by epoch, and along the line between two weights."""
