"""What the lesson's runs did: their scores, how far their stages moved, what is lost when one is rewound."""

from explorer.course.compute.truths import probing
from explorer.course.compute.truths.asked import TruthContext, number, percent, picked, whole
from explorer.course.question.checks import Truth
from explorer.evidence import Score
from explorer.evidence.many import p_digits
from explorer.looks.pair import comparison, compute
from explorer.looks.similarity.compute import similarity
from explorer.looks.similarity.compute.rewind_handlers import rewind as set_back
from explorer.models import backbones
from explorer.models.network import Network
from explorer.runs import RunOrId


def score(asked: TruthContext, word: str) -> Score:
    """The test score of a run."""
    said = asked.run(word).predictions
    return Score(len(said.labels), int((said.predicted == said.labels).sum()))


def interval(found: Score) -> str:
    """`78.4 to 86.8 %`."""
    return f"{100 * found.low:.1f} to {100 * found.high:.1f} %"


def on(asked: TruthContext, word: str) -> str:
    """Where a run was tested: backbone, number of images."""
    run = asked.run(word)
    return f"{compute.finished(run).row.title}, n = {len(run.predictions.labels)} test images"


def accuracy(asked: TruthContext, word: str, beside: str) -> Truth:
    """How many of a hundred test images a run names right; another run beside it, on the same images."""
    said, other = compute.same_images(asked.run(word), asked.run(beside)), asked.run(beside).predictions
    one, two = score(asked, word), score(asked, beside)
    gap = comparison.paired(said, other)
    words = f"Read just now from the predictions of the two runs: {on(asked, word)}."
    return number(100 * one.accuracy, words, this=percent(one.accuracy), other=percent(two.accuracy), n=str(one.n),
                  interval=interval(one), other_interval=interval(two), classes=str(len(said.classes)),
                  chance=percent(1 / len(said.classes)), fixed=str(gap.fixed), broken=str(gap.broken),
                  p=p_digits(gap.p_value))  # fmt: skip


def train_accuracy(asked: TruthContext, word: str) -> Truth:
    """How many of a hundred of its own training images a run names right."""
    run, test = asked.run(word), score(asked, word)
    train = run.train or Score(0, 0)
    words = f"Read just now from the run: scored in eval mode on its n = {train.n} training images."
    return number(100 * train.accuracy, words, train=percent(train.accuracy), train_n=str(train.n), test=percent(test.accuracy),
                  interval=interval(test), n=str(test.n),
                  gap=f"{100 * (train.accuracy - test.accuracy):.1f}")  # fmt: skip


def moved_most(asked: TruthContext, word: str) -> Truth:
    """The stage whose weights moved most, as a share of their size, from the pre-trained ones."""
    changes = stage_changes(asked.run(word))
    answer = max(changes, key=lambda stage: changes[stage])
    listed = ", ".join(f"{stage} {percent(change)}" for stage, change in changes.items())
    words = f"Computed just now from the weights before and after: {asked.run(word).settled.row.title}."
    return picked(answer, words, stage=answer, listed=listed, most=percent(changes[answer]),
                  least=percent(min(changes.values())))  # fmt: skip


def stage_changes(run: RunOrId) -> dict[str, float]:
    """‖after - before‖ / ‖before‖ of each stage's weights."""
    start, tuned = start_of(run), compute.network(run)
    old, new = dict(start.model.named_parameters()), dict(tuned.model.named_parameters())
    return {
        stage: similarity.weight_change({n: old[n] for n in tuned.names(stage) if n in old}, new)
        for stage in tuned.row.stage_names
    }


ELSEWHERE = "digits"
"""Images that none of the lesson's runs was trained on: what their features are still worth there shows what was forgotten."""


def too_hot(asked: TruthContext, cool: str, hot: str) -> Truth:
    """`accuracy` of a run at too large a rate, with how far the weights of both went, and what a new head on the features
    of either makes of another data set, beside the features they began from."""
    found = accuracy(asked, hot, cool)
    far = {word: max(stage_changes(asked.run(word)).values()) for word in (cool, hot)}
    data, test = probing.few(ELSEWHERE)
    size = asked.run(hot).settled.preprocessing
    nets = (start_of(asked.run(hot)), compute.network(asked.run(cool)), compute.network(asked.run(hot)))
    old, gentle, wrecked = (percent(probing.accuracy(net, data, test, size)) for net in nets)
    facts = {"cool_far": percent(far[cool]), "hot_far": percent(far[hot]), "elsewhere_n": str(len(test)),
             "old_elsewhere": old, "cool_elsewhere": gentle, "hot_elsewhere": wrecked}  # fmt: skip
    words = f"{found.words} A new head on frozen features was fitted to {probing.EACH} {ELSEWHERE} of each class."
    return number(found.value, words, **dict(found.facts), **facts)


def start_of(run: RunOrId) -> Network:
    """The network that a run began from."""
    wanted = compute.finished(run)
    return backbones.build(wanted.backbone, compute.network(run).classes, wanted.weights, wanted.seed)


def rewound(asked: TruthContext, word: str, stage: str) -> Truth:
    """What is left of a run's accuracy when a stage gets random weights; and when it gets its pre-trained ones."""
    found = set_back(asked.run(word), [stage])
    at = {reset.to: reset for reset in found.resets}
    base, left = found.base, at["random"].plain
    settled, control = at["random"].settled or left, at["random"].control
    lost = base.accuracy - left.score.accuracy
    answer = "stays" if left.p_value >= 0.05 else "most" if lost > base.accuracy / 2 else "some"
    back = at["start"].plain
    words = f"Computed just now on a copy of the run: {on(asked, word)}."
    return picked(answer, words, stage=stage, base=percent(base.accuracy), left=percent(left.score.accuracy),
                  interval=interval(left.score), settled=percent(settled.score.accuracy),
                  control=percent((control.score if control else base).accuracy), n=str(base.n),
                  chance=percent(found.chance), start=percent(back.score.accuracy),
                  changed=whole(back.fixed + back.broken),
                  identical="not a single bit" if at["start"].identical else "something")  # fmt: skip
