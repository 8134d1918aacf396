"""The page `How far it moved`."""
