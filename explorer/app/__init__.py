"""The shell of the app: what all pages share."""
