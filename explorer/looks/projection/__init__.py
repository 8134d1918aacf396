"""One shared map of the same images in two networks."""
