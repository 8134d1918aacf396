"""The home page: two worlds from the runs that ship, or the default comparison computed here."""
