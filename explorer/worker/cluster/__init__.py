"""Trainings on a Ray cluster: `executor` on the server's machine, `node` on the others, `job` what travels between them.

No folder is shared. A run goes out as its recipe, its checkpoint where it has one, and references to the pictures and weights
that it reads, which each node fetches once and keeps; it comes back file by file, as it is written, through Ray's generator.
Only bytes travel, since arrays that Ray hands over are read-only. Ray carries no run out twice by itself: where a node dies, the
queue goes on with the run from the last checkpoint that came back.
"""
