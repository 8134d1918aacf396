"""The attribution page: what is asked, maps of one picture and of sixteen, and whether to trust them."""
