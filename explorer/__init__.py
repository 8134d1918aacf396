"""Thaw: see what fine-tuning changes in a pre-trained vision backbone."""

__version__ = "0.1.0"
