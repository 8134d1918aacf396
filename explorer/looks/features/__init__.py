"""What the channels of two networks answer."""
