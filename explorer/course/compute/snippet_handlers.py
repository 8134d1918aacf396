"""Snippets of the glossary and of the lesson on a backbone."""

from pathlib import Path

import numpy as np

from explorer.catalogue.backbones import backbone as catalogued
from explorer.course import texts
from explorer.course.compute.snippets import scenes
from explorer.course.compute.snippets.running import SMALL, beside, run
from explorer.course.compute.snippets.scenes import opening
from explorer.course.question.snippets import Snippet, SnippetPictures
from explorer.course.texts import Code
from explorer.errors import ExplorerError, unknown


def run_snippet(term: str, language: str, backbone: str, weights: str, digest: str) -> Snippet:
    """Carry out the snippet of a term on a backbone. The code comes from the glossary's own file, never from the caller.

    `digest` is that of the code (`texts.digest`), so that an edited snippet is a new question; empty: as it is now.
    """
    if language not in texts.languages():
        raise unknown("language", language, texts.languages())
    known = texts.terms(language).by_name
    if term not in known:
        raise unknown("term", term, known)
    found = known[term]
    _same(found.snippet, digest, found.title)
    if misfit := found.misfit(catalogued(backbone)):
        raise ExplorerError(misfit)
    return _carried_out(term, found.snippet, found.file, backbone, weights)


def run_step_snippet(step: str, language: str, backbone: str, weights: str, digest: str) -> Snippet:
    """The same for the snippet of a step of the lesson."""
    if language not in texts.languages("lessons"):
        raise unknown("language", language, texts.languages("lessons"))
    known = {name: row for name, row in texts.lessons(language).by_name.items() if row.snippet is not None}
    if step not in known:
        raise unknown("step with a snippet", step, known)
    _same(known[step].snippet, digest, known[step].title)
    return _carried_out(step, known[step].snippet, known[step].file, backbone, weights)


def snippet_pictures(backbone: str, weights: str) -> SnippetPictures:
    """The batch of the snippets on a backbone, for those who run them elsewhere."""
    pictures = scenes.scene(backbone, weights).pictures
    return SnippetPictures(backbone, np.concatenate(list(pictures), axis=1))


def _same(code: Code, digest: str, title: str) -> None:
    if digest and texts.digest(code.code) != digest:
        raise ExplorerError(f"The snippet of {title!r} was changed a moment ago. Load the page again.")


def _carried_out(name: str, code: Code, file: Path, backbone: str, weights: str) -> Snippet:
    scene = scenes.scene(backbone, weights)
    ran = run(code.code, texts.shown(file), code.line, scene)
    step = max(1, scene.pictures.shape[1] // SMALL)
    batch = beside(np.ascontiguousarray(scene.pictures[:, ::step, ::step]), SMALL)
    lines = opening(scene.row, scene.weights)
    return Snippet(
        term=name, backbone=backbone, weights=scene.weights, opening=lines, batch=batch,
        output=ran.output, seconds=ran.seconds, picture=ran.picture, low=ran.low, high=ran.high,
    )  # fmt: skip
