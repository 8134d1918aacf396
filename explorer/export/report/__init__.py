"""A run's report: one HTML page that prints well and loads nothing from elsewhere."""

from collections.abc import Sequence
from html import escape
from string import Template

import numpy as np

from explorer import __version__
from explorer.catalogue.datasets import dataset
from explorer.catalogue.shifts import behind
from explorer.catalogue.strategies import BATCHNORM_MODES, strategy
from explorer.catalogue.weights import source
from explorer.evidence import Score, share_words
from explorer.export.report.drawing import confusion, curves
from explorer.palette import INK, QUIET, RULE, WHITE
from explorer.runs import FinishedRun, Predictions, cautions
from explorer.runs.records import Audit

STYLE = Template("""
body { font: 15px/1.5 system-ui, sans-serif; color: $ink; background: $white; max-width: 52rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid $rule }
table { border-collapse: collapse; width: 100%; font-size: .9rem } th, td { text-align: left; padding: .2rem .6rem .2rem 0 }
th { border-bottom: 1px solid $rule } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.big { font-size: 2rem; font-weight: 600 } .small { color: $quiet; font-size: .88rem } svg { width: 100%; height: auto }
.caution { border-left: 4px solid $ink; padding-left: .7rem; font-weight: 600 }
.pictures { display: flex; flex-wrap: wrap; gap: .5rem } figure { margin: 0; width: 6rem } figure img { width: 100% }
figcaption { font-size: .75rem; overflow-wrap: anywhere } .scroll { overflow-x: auto }
@media print { body { margin: 0; max-width: none; font-size: 11pt } h2, figure, tr, svg { break-inside: avoid } }
""").substitute(ink=INK, white=WHITE, rule=RULE, quiet=QUIET)
SHOWN = 40  # classes of which a confusion table is drawn


def report(run: FinishedRun, predictions: Predictions, audit: Audit, pictures: Sequence[str] = ()) -> str:
    """The page. `pictures` are data addresses, one a class that occurs in the test images, in the order of the classes."""
    parts = [
        _title(run),
        _result(run, predictions),
        _learning(run),
        _classes(predictions),
        _shown(predictions, pictures),
        _recipe(run),
        _audit(audit),
        _limits(run, predictions),
        _origin(run),
    ]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(run.title)}</title>'
    )
    return f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


def _learning(run: FinishedRun) -> str:
    drawn = curves(run.epochs, run.facts.get("chosen_epoch"), run.majority_on_validation) if run.epochs else ""
    return drawn and f"<h2>Training</h2>{drawn}"


def _title(run: FinishedRun) -> str:
    where = (run.recipe.data_dir or dataset(run.recipe.dataset).title) + behind(run.recipe.spoilt)
    return f"<h1>{escape(run.title)}</h1><p>{escape(where)} · {escape(run.id)}</p>"


def _result(run: FinishedRun, predictions: Predictions) -> str:
    """The accuracy with its interval, what always naming the commonest class would give, what holds for other groups, and what it
    should not be read without."""
    if run.test is None:
        return ""
    lines = [
        f'<p><span class="big">{share_words(run.test.accuracy)}</span> of {run.test.n} test images are named rightly '
        f"(95 % interval {share_words(run.test.low)} to {share_words(run.test.high)}).</p>",
        f"<p>Always naming the commonest class would be right on {share_words(predictions.majority)}.",
    ]
    if run.balanced:
        found = run.balanced
        lines.append(
            f"Balanced accuracy, every class counting the same: {share_words(found.value)} ({share_words(found.low)} to "
            f"{share_words(found.high)}, {found.classes} classes)."
        )
    if run.grouped:
        lines.append(
            f"For other groups than these {run.grouped.groups} (photos, patients): {share_words(run.grouped.low)} to "
            f"{share_words(run.grouped.high)}."
        )
    said = "".join(f'<p class="caution">{escape(words)}</p>' for words in cautions(run, predictions.majority))
    return "<h2>Result</h2>" + " ".join(lines) + "</p>" + said


def _classes(predictions: Predictions) -> str:
    """For each class: images, recall with its interval, precision; then who is taken for whom."""
    rows = []
    for k, name in enumerate(predictions.classes):
        mine, named = predictions.labels == k, predictions.predicted == k
        recall = Score(int(mine.sum()), int((mine & named).sum()))
        precision = Score(int(named.sum()), recall.correct)
        interval = f"{share_words(recall.low)} to {share_words(recall.high)}" if recall.n else ""
        right = share_words(recall.accuracy) if recall.n else "no image"
        exact = share_words(precision.accuracy) if precision.n else "never named"
        rows.append((escape(name), str(recall.n), right, interval, exact))
    table = _table(("Class", "Images", "Recall", "95 % interval", "Precision"), rows)
    drawn = confusion(predictions) if len(predictions.classes) <= SHOWN else ""
    return f"<h2>Classes</h2>{table}{drawn}"


def _shown(predictions: Predictions, pictures: Sequence[str]) -> str:
    if not pictures:
        return ""
    kinds = np.unique(predictions.labels)
    figures = [
        f'<figure><img src="{escape(address)}" alt=""><figcaption>{escape(predictions.classes[int(k)])}</figcaption></figure>'
        for k, address in zip(kinds, pictures, strict=False)
    ]
    return f'<h2>A test image of each class</h2><div class="pictures">{"".join(figures)}</div>'


def _recipe(run: FinishedRun) -> str:
    rows = [
        (escape(name), escape(str(value))) for name, value in run.recipe.model_dump().items() if value not in (None, ())
    ]
    plan = strategy(run.recipe.strategy)
    drawn = (
        f" The weights {run.recipe.weights} were drawn by the seed, each tensor with the mean and spread of the pre-trained one: "
        f"they had learned nothing before."
    ) * bool(source(run.recipe.weights))
    words = f"<p>{escape(plan.meaning)}{escape(drawn)} {escape(BATCHNORM_MODES[run.recipe.batchnorm])}</p>"
    return f"<h2>Recipe</h2>{words}{_table(('Field', 'Value'), rows)}"


def _audit(audit: Audit) -> str:
    """Declared against observed, stage by stage."""
    rows = [
        (
            escape(row.stage),
            escape(row.declared),
            f"{row.learned:,}",
            f"{row.max_change:.3g}",
            f"{row.batchnorm_drift:.3g}",
            "as declared" if row.clean else "not as declared",
        )
        for row in audit.stages
    ]
    verdict = "Everything is as the recipe declared." if audit.clean else "Something is not as the recipe declared."
    head = ("Stage", "Declared", "Trainable", "Largest change", "BatchNorm drift", "Verdict")
    return f"<h2>Freeze audit</h2><p>{verdict}</p>{_table(head, rows)}"


def _limits(run: FinishedRun, predictions: Predictions) -> str:
    """What the numbers cannot tell."""
    rows = [
        "The interval is for more images drawn like these test images. It says nothing of other cameras, places or times.",
        "It is one run with one seed: another seed gives another number, often by a point or two.",
        "The network knows its classes only: a picture of anything else is still given one of them.",
        "A probability is the softmax of the network, not a measured frequency.",
    ]
    if predictions.groups is not None:
        rows.insert(
            1,
            f"The test images come in {len(set(predictions.groups.tolist()))} groups, which are not independent within.",
        )
    if dataset(run.recipe.dataset).overlap:
        rows.append(
            "The pictures are, or are like, those that ImageNet weights were trained on: expect less elsewhere."
        )
    if run.facts.get("note"):
        rows.append(str(run.facts["note"]))
    skipped = run.facts.get("skipped") or ()
    if skipped:
        rows.append(f"{len(skipped)} files could not be used, {skipped[0][0]} for one ({skipped[0][1]}).")
    return "<h2>What this cannot tell</h2><ul>" + "".join(f"<li>{escape(row)}</li>" for row in rows) + "</ul>"


def _origin(run: FinishedRun) -> str:
    versions = ", ".join(f"{name} {value}" for name, value in (run.facts.get("versions") or {}).items())
    counts = ", ".join(f"{n} {name}" for name, n in (run.facts.get("counts") or {}).items())
    began = f" It began from weights with the fingerprint {run.facts['began']}." if run.facts.get("began") else ""
    seconds = (run.facts.get("seconds") or {}).get("total")
    took = f" It took {seconds:.1f} s on {run.facts.get('device', 'an unknown device')}." if seconds else ""
    words = f"Images: {counts or 'not recorded'}. {versions or 'Versions were not recorded'}.{took}{began}"
    return f'<h2>Origin</h2><p class="small">{escape(words)} Report by Thaw {__version__}.</p>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of escaped cells; columns of numbers (but for the second of two) are set to the right."""
    numbers = [len(head) > 2 and all(row[i][:1].isdigit() for row in rows) for i in range(len(head))]

    def line(kind: str, cells: Sequence[str]) -> str:
        marks = [' class="n"' if number else "" for number in numbers]
        return "<tr>" + "".join(f"<{kind}{m}>{cell}</{kind}>" for m, cell in zip(marks, cells, strict=True)) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    top = line("th", [escape(name) for name in head])
    return f'<div class="scroll"><table><thead>{top}</thead><tbody>{body}</tbody></table></div>'
