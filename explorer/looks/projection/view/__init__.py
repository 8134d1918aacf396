"""The page of the shared map: choosing, asking, showing, reading."""
