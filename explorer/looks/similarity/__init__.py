"""How far apart two networks are."""
