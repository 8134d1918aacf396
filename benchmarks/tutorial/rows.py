"""The table's rows: what was measured of one strategy, the tutorial's loop above Thaw's run."""

from collections.abc import Sequence

from benchmarks.report import Spread, brief, held
from benchmarks.tutorial.arms import Arm, Setting, expressible

COLUMNS = (
    "strategy",
    "median (min–max) of rounds",
    "end to end, s",
    "images/s while learning",
    "peak memory, MB",
    "test accuracy, 95 % interval",
    "bar; remark",
)
ALONE = "ours alone: the tutorial's loop chooses what learns before it begins"


def rows(setting: Setting, name: str, found: dict[str, list[Arm]]) -> list[tuple[str, ...]]:
    """Of one strategy: two, or three with a second run on a warm cache, or Thaw's alone."""
    theirs, mine, again = found["tutorial"], found["ours"], found["again"]
    lines = []
    if theirs:
        short = theirs[0].timed < setting.epochs
        after = f"accuracy after {_timed(theirs[0])} of {setting.epochs}" if short else ""
        lines.append((f"`{name}`", "tutorial's loop", _seconds(setting, theirs), *_rest(theirs), after))
    title = "" if theirs else f"`{name}`"
    lines.append((title, "Thaw", *_against(theirs, mine), *_rest(mine)[1:], _remark(setting, name, theirs, mine)))
    if again:
        lines.append(("", "Thaw, second run (warm cache)", *_against(theirs, again), *_rest(again)[1:], ""))
    return lines


def _seconds(setting: Setting, arms: Sequence[Arm]) -> str:
    """Seconds of a whole run of the tutorial's loop, and how many epochs were really timed."""
    how = "" if arms[0].timed >= setting.epochs else f" *(from {_timed(arms[0])}, not {setting.epochs})*"
    return f"{Spread(tuple(arm.seconds for arm in arms))}{how}"


def _timed(arm: Arm) -> str:
    return f"{arm.timed} epoch{'s' if arm.timed > 1 else ''}"


def _rest(arms: Sequence[Arm]) -> tuple[str, str, str]:
    """Images a second, peak memory, and the first round's score."""
    speeds = Spread(tuple(speed for arm in arms for speed in arm.speeds))
    score = arms[0].test
    interval = f"{100 * score.low:.1f}–{100 * score.high:.1f}"
    right = f"{100 * score.accuracy:.1f} % ({interval}), n = {score.n}"
    return str(speeds), str(Spread(tuple(arm.peak / 1e6 for arm in arms))), right


def _against(theirs: Sequence[Arm], mine: Sequence[Arm]) -> tuple[str, str]:
    """Thaw's seconds and its speed, with how many times as fast as the tutorial's loop that is, round by round."""
    prepared = Spread(tuple(arm.prepared for arm in mine))
    seconds = f"{Spread(tuple(arm.seconds for arm in mine))}; first step after {brief(prepared.median)}"
    speed = _rest(mine)[0]
    if not theirs:
        return seconds, speed
    return f"{seconds} (**{ratio(theirs, mine)}×**)", f"{speed} ({learning_ratio(theirs, mine)}×)"


def ratio(theirs: Sequence[Arm], mine: Sequence[Arm]) -> Spread:
    """How many times as fast from end to end."""
    return Spread(tuple(its.seconds / ours.seconds for its, ours in zip(theirs, mine, strict=True)))


def learning_ratio(theirs: Sequence[Arm], mine: Sequence[Arm]) -> Spread:
    """How many times as fast while learning."""
    pairs = zip(theirs, mine, strict=True)
    return Spread(tuple(Spread(ours.speeds).median / Spread(its.speeds).median for its, ours in pairs))


def _remark(setting: Setting, name: str, theirs: Sequence[Arm], mine: Sequence[Arm]) -> str:
    if not expressible(name):
        return ALONE
    its, ours = theirs[0].test, mine[0].test
    overlap = its.low <= ours.high and ours.low <= its.high
    note = "" if overlap else "**accuracies' intervals do not overlap**"
    if setting.recipe(name).drawn:
        note = "random weights: accuracy says nothing" if name != "from_scratch" else note
    return "; ".join(filter(None, (_bar(setting, name, theirs, mine), note)))


def _bar(setting: Setting, name: str, theirs: Sequence[Arm], mine: Sequence[Arm]) -> str:
    """What had to be reached: set for ResNet-18 at 224 pixels where the processor multiplies bfloat16."""
    crop = setting.recipe(name).preprocessing.crop
    if mine[0].precision != "bfloat16" or crop < 224 or setting.epochs < 10:
        return ""
    if name == "linear_probe":
        least = 50 if setting.epochs >= 25 else 25
        return held(ratio(theirs, mine).median >= least, f"end to end ≥ {least}×")
    if name == "last_stage":
        return held(learning_ratio(theirs, mine).median >= 3, "learning ≥ 3×")
    if name == "full":
        return held(ratio(theirs, mine).median >= 2, "end to end ≥ 2×")
    return ""
