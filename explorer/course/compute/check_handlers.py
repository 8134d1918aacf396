"""What the lesson's checks ask: the truth of a question on the live model, and what lines of code really do."""

import time

from explorer.catalogue.backbones import backbone as catalogued
from explorer.course import texts
from explorer.course.compute.snippets import scenes
from explorer.course.compute.snippets.running import Failed, carry_out
from explorer.course.compute.truths import TRUTHS
from explorer.course.compute.truths.asked import TruthContext
from explorer.course.question.checks import Trial, Truth
from explorer.course.texts import Check
from explorer.errors import ExplorerError, unknown
from explorer.models import devices


def check_truth(check: str, language: str, backbone: str, weights: str, runs: dict[str, str], digest: str) -> Truth:
    """The right answer of a check of kind choice, guess or order; `runs` are ids by the lesson's word for them.

    What is asked comes from the check's own file; `digest` is that of the check's case, so that an edited one is a new question;
    empty: the first case as it is now.
    """
    found = _found(check, language, digest)
    if not found.truth:
        raise ExplorerError(f"The check {check} is decided by running code. Ask with `try_lines`.")
    name, *words = found.truth
    if name not in TRUTHS:
        raise unknown("truth", name, TRUTHS, f"Correct the fact `truth` in {texts.shown(found.file)}.")
    with devices.seeded(0):
        return TRUTHS[name](TruthContext(catalogued(backbone), weights, dict(runs)), *words)


def try_lines(check: str, language: str, backbone: str, weights: str, order: list[int], digest: str) -> Trial:
    """Carry out the lines of a check of kind bug (`order` empty: the wrong version; else the right one) or lines, in the
    reader's `order` (places in the shuffled list that the page shows), and then its test."""
    found = _found(check, language, digest)
    if found.right is None or found.test is None:
        raise ExplorerError(f"The check {check} has no lines to run. Ask with `check_truth`.")
    lines, first = _lines(found, order)
    scene, file = scenes.scene(backbone, weights), texts.shown(found.file)
    names, start = scene.names(), time.perf_counter()
    try:
        printed, _ = carry_out("\n".join(lines), file, first, names)
        tested, holds = carry_out(found.test.code, file, found.test.line, names)
    except Failed as error:
        place = f"Line {error.line - first + 1}: " if first <= error.line < first + len(lines) else ""
        return Trial(
            output=error.printed.strip(),
            passed=False,
            error=f"{place}{error.reason}",
            seconds=time.perf_counter() - start,
        )
    return Trial(output=(printed + tested).strip(), passed=bool(holds), error="", seconds=time.perf_counter() - start)


def _found(check: str, language: str, digest: str) -> Check:
    if language not in texts.languages("checks"):
        raise unknown("language", language, texts.languages("checks"))
    known = texts.checks(language).by_name
    if check not in known:
        raise unknown("check", check, known)
    case = next((case for case in known[check].cases if digest in ("", case.digest)), None)
    if case is None:
        raise ExplorerError(f"The check {check} was changed a moment ago. Load the page again.")
    return case


def _lines(found: Check, order: list[int]) -> tuple[list[str], int]:
    """What to carry out, and the number of its first line in the file."""
    if found.kind == "bug":
        version = found.right if order else found.wrong
        return version.code.split("\n"), version.line  # type: ignore[union-attr]  (a bug has both)
    lines = texts.shuffled(found)
    if sorted(order) != list(range(len(lines))):
        raise ExplorerError(
            f"The order {order} does not hold each of the {len(lines)} lines once. Put them in order again."
        )
    return [lines[i] for i in order], found.right.line  # type: ignore[union-attr]  (tested above)
