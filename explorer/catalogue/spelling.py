"""A backbone's name where only small letters, digits and underscores may stand: in names of files and of runs."""

import re


def spelled(name: str) -> str:
    """`torchvision:swin_t~3.5` → `torchvision_swin_t_3_5`; names of the catalogue stay as they are."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())
