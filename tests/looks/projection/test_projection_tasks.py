"""The map of two runs that were really made: tuned lies between unmoved and unrelated, and the controls say so."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trained

from explorer import runs
from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.looks.projection.compute import handlers
from explorer.looks.projection.compute.handlers import map_controls, project, project_epochs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """Thaw's folder with a probe and a run that tuned all stages, on digits at 32 pixels."""
    yield from trained.two(tmp_path_factory.mktemp("thaw"), "full", dataset="digits", per_class=10, epochs=3)


def test_a_tuned_network_lies_between_unmoved_and_unrelated(pair: tuple[str, str]) -> None:
    found, controls = project(*pair, "pca"), map_controls(*pair, "pca")
    assert (found.others, found.axes) == (250, 50)
    assert 0.02 < found.agreement.left < controls.random.left - 0.1
    assert controls.shuffled.left == pytest.approx(1, abs=0.1) and controls.random.left < controls.shuffled.left
    assert found.agreement.twins > controls.random.twins > 0.5
    assert controls.shuffled.twins == pytest.approx(0.5, abs=0.06)


def test_the_rotation_is_fitted_on_images_that_the_map_does_not_show(pair: tuple[str, str]) -> None:
    shown, others = (compute.pictures(pair[0]), compute.training_pictures(pair[0], 250))
    assert len(others) == 250 and np.array_equal(others, compute.training_pictures(pair[1], 250))
    assert not {x.tobytes() for x in shown} & {x.tobytes() for x in others}


def test_a_run_with_itself_has_not_moved_and_its_controls_have(pair: tuple[str, str]) -> None:
    found = project(pair[0], pair[0], "pca")
    assert found.unmoved and (found.others, found.agreement.left, found.agreement.twins) == (0, 0.0, 1.0)
    assert map_controls(pair[0], pair[0], "pca").shuffled.left > 0.9


def test_without_other_images_nothing_is_rotated(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> np.ndarray:
        raise ExplorerError("The folder is gone.")

    handlers._other_features.cache_clear()
    monkeypatch.setattr(compute, "training_pictures", gone)
    found = project(*pair, "pca")
    assert (found.others, found.axes) == (0, 0) and found.agreement.left > 0
    assert map_controls(*pair, "pca").shuffled.left == pytest.approx(1, abs=0.1)


def test_the_epochs_are_turned_by_the_images_that_are_not_drawn(pair: tuple[str, str]) -> None:
    found, n = project_epochs(pair[1], "pca"), len(runs.predictions(pair[1]).labels)
    assert len(found.images) <= n // 2 and found.others == n - len(found.images) and found.axes == found.others // 5
    still = project_epochs(pair[0], "pca")
    assert not still.moved and len(still.images) == n and still.others == 0
    few = handlers._drawn(np.arange(30) % 3, 4)
    assert few.tolist() == list(range(30))
