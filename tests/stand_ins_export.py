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
    return Predicted(
        run="a", classes=stand_ins.CLASSES, files=files, images=images, labels=labels, predicted=np.arange(n) % k,
        probability=said, skipped=skipped, temperature=1.25, farther=far, tested=24,
    )  # fmt: skip


def brought() -> BroughtWeights:
    """A checkpoint of which the backbone was taken."""
    return BroughtWeights(
        weights="own:0123456789abcdef", source="mine.pth", taken=122, parameters=11_176_512, wrappers=("state_dict",),
        prefix="module.", others=("ema",), head=("fc.weight (10 × 512)",), unexpected=("decoder.weight",),
        counters=True,
    )  # fmt: skip


def examples() -> dict[str, Any]:
    """One of each, by the name of its type."""
    exported = Exported(
        run="a", to="weights", stored="0" * 32 + ".safetensors", file="weights-a.safetensors", size=1234,
        notes=("A note.",),
    )  # fmt: skip
    return {"BroughtWeights": brought(), "Exported": exported, "Predicted": predicted()}
