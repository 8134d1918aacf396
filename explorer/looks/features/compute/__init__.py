"""Maps, the images that excite a channel, the first filters."""
