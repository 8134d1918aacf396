"""What a look at a data set computes."""
