"""The stand-in for the set `shapes` that tests of whole runs share."""

from stand_ins_data import few_shapes

from explorer import recipe
from explorer.looks.pair import compute


def test_few_shapes_hide_the_whole_set_from_whoever_asked_for_it_before_and_give_it_back() -> None:
    """Which files run before in the same process depends on how fast others are."""
    source = recipe.make(dataset="shapes").source
    whole = len(compute._data(source).test)
    with few_shapes():
        assert len(compute._data(source).test) == 8 * 8
    assert len(compute._data(source).test) == whole == 8 * 50
