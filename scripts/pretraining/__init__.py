"""How the built-in backbone was made: pictures → views → teachers → student."""
