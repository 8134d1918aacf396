"""What was found out, as sentences and tables: the same on a page and on the command line."""

import csv
import io

from explorer.export.question import BroughtWeights, Predicted


def report_lines(found: BroughtWeights) -> list[str]:
    """Sentences on where the weights stood in the file and what was left there."""
    lines = []
    where = " → ".join(found.wrappers)
    if where or found.prefix:
        inside = f" inside {where}" if where else ""
        under = f" under the prefix {found.prefix!r}" if found.prefix else ""
        lines.append(f"Found{inside}{under}.")
    if found.renamed:
        lines.append(f"The file names the same parts otherwise: {found.renamed[1]} for {found.renamed[0]}.")
    if found.unread:
        lines.append(
            f"Beside the weights it holds Python objects of which nothing was read ({', '.join(found.unread)})."
        )
    if found.others:
        lines.append(f"The file holds more weights ({', '.join(found.others)}), which were not taken.")
    if found.head:
        lines.append(f"Its head was left out, since the run gets a new one: {_some(found.head)}.")
    if found.unexpected:
        lines.append(f"Left out, since the backbone has no such tensor: {_some(found.unexpected)}.")
    if found.counters:
        lines.append("BatchNorm's counters of batches were missing and start at 0; nothing depends on them.")
    lines.append(f"In recipes and runs these weights are called {found.weights}, by their fingerprint.")
    return lines


def _some(names: tuple[str, ...], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def table_csv(found: Predicted) -> str:
    """All pictures as CSV: file, class, probability, how many of the test images are as far from the training pictures (empty:
    not measured) and whether that is few, then the probability of each class; those left out with the reason."""
    out = io.StringIO()
    writer = csv.writer(out)
    far = ["" if found.farther is None else f"{found.farther[i]:.4f}" for i in range(len(found.files))]
    beside = ["test images as far", "perhaps none of these"]
    writer.writerow(["file", "class", "probability", *beside, *found.classes, "left out because"])
    rows = zip(found.files, found.predicted, found.probability, far, found.unlike, strict=True)
    for name, k, row, share, unlike in rows:
        marks = [share, "yes" if unlike else ""]
        writer.writerow([name, found.classes[k], f"{row[k]:.6f}", *marks, *(f"{p:.6f}" for p in row), ""])
    blank = [""] * (4 + len(found.classes))
    for name, reason in found.skipped:
        writer.writerow([name, *blank, reason])
    return out.getvalue()
