"""What was found out, as sentences and tables: the same on a page and on the command line."""

import csv
import io

from explorer.export.question import Brought, Predicted


def report_lines(found: Brought) -> list[str]:
    """Sentences on where the weights stood in the file and what was left there."""
    lines = []
    where = " → ".join(found.wrappers)
    if where or found.prefix:
        inside = f" inside {where}" if where else ""
        under = f" under the prefix {found.prefix}" if found.prefix else ""
        lines.append(f"Found{inside}{under}.")
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
    """All pictures as CSV: file, class, probability, then the probability of each class; those left out with the reason."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["file", "class", "probability", *found.classes, "left out because"])
    for name, k, row in zip(found.files, found.predicted, found.probability, strict=True):
        writer.writerow([name, found.classes[k], f"{row[k]:.6f}", *(f"{p:.6f}" for p in row), ""])
    blank = [""] * (2 + len(found.classes))
    for name, reason in found.skipped:
        writer.writerow([name, *blank, reason])
    return out.getvalue()
