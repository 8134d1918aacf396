"""Results about taking away and bringing in, made up for tests of the light wing."""

from typing import Any

import numpy as np
import stand_ins

from explorer.export.question import BroughtWeights, Exported, Predicted


def predicted(n: int = 6) -> Predicted:
    """Pictures of which the run names all but the last rightly; the last two lie in no class's folder."""
    gallery, k = stand_ins.gallery(), len(stand_ins.CLASSES)
    labels = np.where(np.arange(n) < n - 2, np.arange(n) % k, -1)
    files = tuple(f"{stand_ins.CLASSES[label]}/{i}.png" if label >= 0 else f"{i}.png" for i, label in enumerate(labels))
    skipped = (("broken.jpg", "it is empty (0 bytes)"),)
    images, said = gallery.images[:n], gallery.probability[:n]
    far = np.linspace(0.04, 1, n)
    return Predicted("a", stand_ins.CLASSES, files, images, labels, np.arange(n) % k, said, skipped, 1.25, far, 24)


def brought() -> BroughtWeights:
    """A checkpoint of which the backbone was taken."""
    return BroughtWeights(
        "own:0123456789abcdef", "mine.pth", 122, 11_176_512, ("state_dict",), "module.", ("ema",), ("fc.weight (10 × 512)",),
        ("decoder.weight",), True,
    )  # fmt: skip


def examples() -> dict[str, Any]:
    """One of each, by the name of its type."""
    exported = Exported("a", "weights", "0" * 32 + ".safetensors", "weights-a.safetensors", 1234, ("A note.",))
    return {"BroughtWeights": brought(), "Exported": exported, "Predicted": predicted()}
