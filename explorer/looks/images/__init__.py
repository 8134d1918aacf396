"""The test images, and what two runs say of them."""
