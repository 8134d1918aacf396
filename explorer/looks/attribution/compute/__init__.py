"""Attribution methods behind one function, and whether to trust their maps."""
