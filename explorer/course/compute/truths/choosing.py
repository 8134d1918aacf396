"""What numbers allow one to say and what a choice costs: seeds, paired tests, how many images, how many weights."""

from explorer import evidence
from explorer.course.compute.truths import probing
from explorer.course.compute.truths.asked import TruthContext, number, ordered, percent, picked, whole
from explorer.course.compute.truths.structure import described
from explorer.course.compute.truths.tuning import interval, on, score
from explorer.course.question.checks import Truth
from explorer.errors import ExplorerError
from explorer.evidence.many import p_digits
from explorer.looks.pair import comparison, compute
from explorer.models import backbones


def another_seed(asked: TruthContext, one: str, two: str) -> Truth:
    """Whether the same recipe with another seed scores the same, within the first one's interval, or outside it."""
    a, b = score(asked, one), score(asked, two)
    said, other = compute.same_images(asked.run(one), asked.run(two)), asked.run(two).predictions
    differ = int((said.predicted != other.predicted).sum())
    answer = "same" if not differ else "inside" if a.low <= b.accuracy <= a.high else "outside"
    gap = comparison.paired(said, other)
    words = f"Read just now from the predictions of the two runs: {on(asked, one)}."
    return picked(answer, words, a=percent(a.accuracy), b=percent(b.accuracy), interval=interval(a), n=str(a.n),
                  differ=str(differ), fixed=str(gap.fixed), broken=str(gap.broken),
                  p=p_digits(gap.p_value))  # fmt: skip


def better(asked: TruthContext, one: str, two: str) -> Truth:
    """What a paired test allows one to say of two runs on the same images."""
    said, other = compute.same_images(asked.run(one), asked.run(two)), asked.run(two).predictions
    a, b, found = score(asked, one), score(asked, two), comparison.paired(said, other)
    shown = found.p_value < 0.05
    answer = "not_shown" if not shown else "second" if found.fixed > found.broken else "first"
    words = f"Computed just now from the predictions of the two runs: {on(asked, one)}."
    return picked(answer, words, a=percent(a.accuracy), b=percent(b.accuracy), a_interval=interval(a), b_interval=interval(b),
                  n=str(a.n), fixed=str(found.fixed), broken=str(found.broken), agree=str(found.n - found.fixed - found.broken),
                  p=p_digits(found.p_value), verdict=found.verdict)  # fmt: skip


def images_needed(asked: TruthContext, word: str, points: str) -> Truth:
    """How many test images bring the 95 % interval of a run's accuracy to ± so many points."""
    found, wanted = score(asked, word), int(points) / 100
    need = smallest(found.accuracy, wanted)
    half = (found.high - found.low) / 2
    words = f"Computed just now with Wilson's formula for the accuracy of the run: {on(asked, word)}."
    return number(need, words, accuracy=percent(found.accuracy), n=str(found.n), half=f"{100 * half:.1f}", need=whole(need),
                  points=points, finer=whole(smallest(found.accuracy, wanted / 2)))  # fmt: skip


def smallest(accuracy: float, half: float) -> int:
    """The least n at which Wilson's interval of this accuracy is at most ± `half` wide."""
    low, high = 1, 10**7
    while low < high:
        n = (low + high) // 2
        ends = evidence.wilson(round(accuracy * n), n)
        low, high = (low, n) if (ends[1] - ends[0]) / 2 <= half else (n + 1, high)
    return low


def percent_learning(asked: TruthContext, classes: str) -> Truth:
    """What per cent of the network's parameters is trainable in feature extraction, for so many classes."""
    stages = described(asked, classes=int(classes)).stages
    learned, total = sum(s.learned for s in stages), sum(s.parameters for s in stages)
    words = f"Counted just now in {asked.row.title} with a new head for {classes} classes."
    return number(100 * learned / total, words, classes=classes, learned=whole(learned), total=whole(total),
                  share=percent(learned / total), one_in=whole(total / learned))  # fmt: skip


def weights_to_keep(asked: TruthContext, *strategies: str) -> Truth:
    """The order of strategies by trainable parameters, fewest first: what must be stored for each new task."""
    if not strategies:
        raise ExplorerError("No strategy was named (got none). Name two or more after `weights_to_keep`.")
    counts = {name: sum(s.learned for s in described(asked, name).stages) for name in strategies}
    facts = {name: whole(n) for name, n in counts.items()}
    return ordered(counts, f"Counted just now in {asked.row.title} with a new head for 4 classes.", **facts)


def gains(asked: TruthContext, *names: str) -> Truth:
    """The order of data sets by what pre-training adds to a probe, the least first: points over random weights."""
    found = {name: _gain(asked, name) for name in names}
    facts = {
        name: f"{100 * with_it:.1f} % against {100 * without:.1f} %" for name, (with_it, without, _) in found.items()
    }
    sizes = ", ".join(f"{name.replace('_', ' ')} {n}" for name, (_, _, n) in found.items())
    words = f"Probed just now: {asked.row.title}, {probing.EACH} training images per class; test images: {sizes}."
    return ordered({name: with_it - without for name, (with_it, without, _) in found.items()}, words, **facts)


def _gain(asked: TruthContext, name: str) -> tuple[float, float, int]:
    """Accuracy of a probe on frozen features, pre-trained and random, and the number of test images."""
    row, (data, test) = asked.row, probing.few(name)
    size = row.preprocessing(asked.weights, probing.PIXELS if row.any_size else None)
    nets = (backbones.build(row.name, len(data.classes), weights, seed=0) for weights in (asked.weights, "random"))
    with_it, without = (probing.accuracy(net, data, test, size) for net in nets)
    return with_it, without, len(test)
