"""Which training pictures lie nearest to a picture, and whether anything lies near at all."""
