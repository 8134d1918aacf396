"""A checkpoint of a visitor's own: read without running any of its code, matched to a backbone, kept by its fingerprint."""
