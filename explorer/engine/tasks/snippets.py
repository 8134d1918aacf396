"""A snippet of the glossary on a backbone."""

import numpy as np

from explorer import texts
from explorer.catalogue.backbones import backbone as catalogued
from explorer.engine import snippets
from explorer.errors import ExplorerError, unknown
from explorer.results import Snippet


def run_snippet(term: str, language: str, backbone: str, weights: str, digest: str) -> Snippet:
    """Carry out the snippet of a term on a backbone. The code comes from the glossary's own file, never from the caller.

    `digest` is that of the code (`texts.digest`), so that an edited snippet is a new question.
    """
    if language not in texts.languages():
        raise unknown("language", language, texts.languages())
    known = texts.terms(language).by_name
    if term not in known:
        raise unknown("term", term, known)
    found = known[term]
    if texts.digest(found.snippet.code) != digest:
        raise ExplorerError(f"The snippet of {found.title!r} was changed a moment ago. Load the page again.")
    if misfit := found.misfit(catalogued(backbone)):
        raise ExplorerError(misfit)
    scene = snippets.scene(backbone, weights)
    ran = snippets.run(found.snippet.code, texts.shown(found.file), found.snippet.line, scene)
    step = max(1, scene.pictures.shape[1] // snippets.SMALL)
    batch = snippets.beside(np.ascontiguousarray(scene.pictures[:, ::step, ::step]), snippets.SMALL)
    lines = snippets.opening(scene.row, scene.weights)
    return Snippet(term, backbone, scene.weights, opening=lines, batch=batch, **vars(ran))
