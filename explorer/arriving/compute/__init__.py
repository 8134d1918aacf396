"""Reading, judging and keeping what arrived, in the worker."""
