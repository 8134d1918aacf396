"""The shared map, still and moving."""
