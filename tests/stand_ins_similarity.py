"""Results of the page `How far it moved`, made up for tests of the light wing."""

from typing import Any

import numpy as np
from stand_ins import N, comparison

from explorer.answers import save
from explorer.evidence import Paired, Score
from explorer.looks.similarity.question.stages import Drift, StagePairs, StageProbe, StageProbes
from explorer.looks.similarity.question.weights import Interpolation, InterpolationScores, Reset, Rewind
from explorer.question import ask_for

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")
ALPHAS = tuple(i / 10 for i in range(11))


def stage_pairs(a: str = "a", b: str = "b") -> StagePairs:
    """Stages less alike the further apart they are; B differs in the last one."""
    near = np.array([[1 - 0.2 * abs(i - j) for j in range(5)] for i in range(5)])
    moved = near.copy()
    moved[:, 4] -= 0.15
    return StagePairs(
        a=a, b=b, n=N, stages=STAGES, ab=moved, aa=near, bb=near,
        random=np.stack([np.full((5, 5), 0.05), np.full((5, 5), 0.15)]),
        interval=np.array([[1.0] * 4 + [0.75], [1.0] * 4 + [0.95]]),
    )  # fmt: skip


def stage_probes(a: str = "a", b: str = "b") -> StageProbes:
    """Better from stage to stage; B fixes three and breaks one at the last."""
    rows = [
        StageProbe(stage=s, a=Score(N, 8 + 2 * i), b=Paired(8 + 2 * i, 0, 0, N - 8 - 2 * i))
        for i, s in enumerate(("input", *STAGES))
    ]
    rows[-1] = StageProbe(stage="layer4", a=Score(N, 18), b=Paired(17, 3, 1, N - 21))
    return StageProbes(a=a, b=b, trained=60, chance=1 / 3, stages=tuple(rows))


def drift(run: str = "b") -> Drift:
    """Four epochs away from the start."""
    knn = tuple(Score(N, 16 + i) for i in range(5))
    cka = (1.0, 0.9, 0.85, 0.83, 0.82)
    low, high = (tuple(min(1.0, v + d) for v in cka) for d in (-0.1, 0.1))
    return Drift(
        run=run, stage="layer4", n=N, epochs=(0, 1, 2, 3, 4), cka=cka, low=low, high=high,
        overlap=(1.0, 0.8, 0.7, 0.7, 0.7), knn=knn,
    )  # fmt: skip


def rewind(run: str = "b", stages: tuple[str, ...] = (), statistics: bool = True, moved: int = 3) -> Rewind:
    """Frozen stages lose nothing, the last one something, random ones nearly all; or `stages` together, to the start.

    Of 12 layers with `statistics` learning moved those of `moved`."""
    base = Score(N, 22)

    def outcome(correct: int) -> Paired:
        return Paired(correct, 0, 22 - correct, N - 22)

    def reset(names: tuple[str, ...], to: str, correct: int, identical: bool = False) -> Reset:
        if identical or not statistics or (to == "start" and not moved):
            return Reset(stages=names, to=to, identical=identical, plain=outcome(correct))
        beyond = Paired(correct + 1, 0, 20 - correct, N - 21)
        return Reset(
            stages=names, to=to, identical=identical, plain=outcome(correct), settled=outcome(correct + 1),
            control=outcome(21), beyond=beyond, layers=3,
        )  # fmt: skip

    rows = [reset((s,), "start", 22, True) for s in STAGES[:-1]] + [reset(("layer4",), "start", 15)]
    rows += [reset((s,), "random", 8 if s != "layer1" else 12) for s in STAGES]
    if stages:
        rows = [reset(stages, "start", 15)]
    images, layers, moved = (32, 12, moved) if statistics else (0, 0, 0)
    return Rewind(
        run=run, base=base, recorded=base, start="BUILT_IN", images=images, layers=layers, moved=moved, chance=1 / 3,
        resets=tuple(rows),
    )  # fmt: skip


def interpolation(
    a: str = "a", b: str = "b", images: tuple[str, ...] = ("test", "validation"), settled: int = 0, moved: int = 3
) -> Interpolation:
    """A has 18 of the test images right, B 22, the middle 23; validation is best at α = 0.7."""
    kinds = []
    for name in images:
        best = (
            [18, 18, 19, 20, 21, 22, 23, 23, 23, 22, 22]
            if name != "validation"
            else [18, 18, 18, 18, 19, 20, 20, 21, 20, 19, 19]
        )
        right = np.array([np.arange(N) < count for count in best])
        controls = np.array([np.arange(N) < count for count in (16, 19)][: 2 * bool(settled)]).reshape(-1, N)
        kinds.append(
            InterpolationScores(
                images=name, of=N, right=right, loss=1 - np.array(best) / N, controls=controls.astype(bool)
            )
        )
    return Interpolation(
        a=a, b=b, alphas=ALPHAS, kinds=tuple(kinds), common="layer3", layers=3, moved=moved, settled=settled,
        recorded_a=Score(N, 18), recorded_b=Score(N, 22),
    )  # fmt: skip


def answer(a: str, b: str) -> None:
    """Put the results of every view where the page finds them."""

    def put(found: Any, name: str, **arguments: Any) -> None:
        save(found, ask_for(name, **arguments).path)

    put(comparison(a, b), "compare", a=a, b=b)
    put(stage_pairs(a, b), "stage_pairs", a=a, b=b)
    put(stage_probes(a, b), "probe_stages", a=a, b=b)
    put(drift(b), "drift", run=b)
    put(rewind(b), "rewind", run=b)
    put(rewind(b, ("layer3", "layer4")), "rewind", run=b, stages=["layer3", "layer4"], to="start")
    for settle in (False, True):
        for images in (["test", "validation"], ["noise"], ["blur"], ["contrast"]):
            found = interpolation(a, b, tuple(images), 32 if settle else 0)
            put(found, "interpolate", a=a, b=b, images=images, settle=settle)


def examples() -> dict[str, Any]:
    """One of each result, by the name of its kind."""
    found = rewind()
    return {
        "StagePairs": stage_pairs(),
        "StageProbe": stage_probes().stages[0],
        "StageProbes": stage_probes(),
        "Drift": drift(),
        "Paired": found.resets[0].plain,
        "Reset": found.resets[0],
        "Rewind": found,
        "InterpolationScores": interpolation().kinds[0],
        "Interpolation": interpolation(),
    }
