"""The daemon, one per machine and Thaw folder; it imports nothing heavy itself.

Trainings run in processes of their own, which stay warm from run to run, forked from a server that has torch loaded;
looking runs in two long-lived children (`look`, and `map` with a warmed UMAP). Fork is safe since the fork server never computes.
"""
