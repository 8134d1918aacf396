"""The daemon, one per machine and Thaw folder; it imports nothing heavy itself.

Training runs in a process of its own, one a run, forked from a server that has torch loaded; looking runs in two
long-lived children (`look`, and `map` with a warmed UMAP). Fork is safe since the fork server never computes.
"""
