"""Where A and B look."""

from explorer.catalogue.backbones import stage_of
from explorer.engine import attribution
from explorer.engine.tasks import lent
from explorer.errors import unknown
from explorer.results import Attribution


def attribute(
    a: str,
    b: str,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
) -> Attribution:
    """Where A and B look for one pinned class in one picture, of the test set or a visitor's own."""
    said = lent.same_images(a, b)
    if target not in said.classes:
        raise unknown("class", target, said.classes)
    index, maps, likely = said.classes.index(target), [], []
    for run in (a, b):
        net = lent.network(run)
        picture, x = lent.one(run, image)
        where = stage or net.row.stage_names[-1]
        maps.append(attribution.attribute(net, x, index, method, stage_of(net.row, where).name)[0])
        likely.append(float(attribution.probabilities(net, x)[0, index]))
    return Attribution(method, where, image, target, picture, maps[0], maps[1], likely[0], likely[1])
