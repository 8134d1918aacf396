"""The views of the attribution page by name, each told what its method has nothing to show for."""

from collections.abc import Callable

import streamlit as st

from explorer.app.words import safe_md
from explorer.catalogue.backbones import find as row_of
from explorer.looks.attribution.view.look import Look
from explorer.looks.attribution.view.maps import one_picture, sixteen
from explorer.looks.attribution.view.trust import faithful, randomised, seeded
from explorer.looks.images.question import Gallery

View = Callable[[Look, Gallery, int | str], None]


def _unless_obstructed(view: View) -> View:
    """The view, or why the method has nothing to show at the chosen stage, and what to do."""

    def shown(look: Look, gallery: Gallery, image: int | str) -> None:
        why = look.method.obstacle(row_of(look.backbone), look.stage)
        if why:
            st.info(f"**{look.method.title} at *{safe_md(look.stage)}*:** {why}.", icon=":material/block:")
        else:
            view(look, gallery, image)

    return shown


ATTRIBUTION_VIEWS = {
    "One picture": _unless_obstructed(one_picture),
    "Sixteen pictures": _unless_obstructed(sixteen),
    "A with other seeds": _unless_obstructed(seeded),
    "Is the map faithful?": _unless_obstructed(faithful),
    "Randomise the weights": _unless_obstructed(randomised),
}
