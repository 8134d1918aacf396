"""Prepare (build, freeze, cache the frozen part) → train, an Epoch at a time → outcome; the audit; learning rates."""
