"""Thaw: see what fine-tuning changes in a pre-trained vision backbone."""
