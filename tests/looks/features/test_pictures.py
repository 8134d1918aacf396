"""A visitor's own picture: kept by its content, bounded, refused in words, and seen by both networks."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import uploads
from explorer.errors import ExplorerError


def png(value: int = 90, size: tuple[int, int] = (40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, 10, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_is_kept_under_its_content(home: Path) -> None:
    key = uploads.keep(png())
    assert uploads.keep(png()) == key != uploads.keep(png(91))
    assert uploads.read(key) == png()
    assert sorted(p.name for p in (home / "pictures").iterdir()) == sorted([key, uploads.keep(png(91))])


def test_the_oldest_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "KEPT", 2)
    keys = []
    for i in range(4):
        keys.append(uploads.keep(png(i)))
        os.utime(home / "pictures" / keys[-1], (i, i))
    assert {p.name for p in (home / "pictures").iterdir()} == set(keys[-2:])
    with pytest.raises(ExplorerError, match="not kept any more"):
        uploads.read(keys[0])


@pytest.mark.parametrize("key", ["", "../../state.db", "x" * 32, "0" * 31])
def test_a_key_is_never_a_path(key: str) -> None:
    with pytest.raises(ExplorerError, match="not kept"):
        uploads.read(key)


@pytest.mark.parametrize("size", [0, uploads.MOST_BYTES + 1])
def test_what_is_empty_or_too_large_is_refused(size: int) -> None:
    with pytest.raises(ExplorerError, match="15 MB are taken"):
        uploads.keep(bytes(size))


def test_both_networks_see_it(tiny: dict[str, object]) -> None:
    from explorer import runs
    from explorer.looks.features.compute.handlers import feature_maps
    from explorer.looks.images.compute import see
    from explorer.recipe import make
    from explorer.training.compute.handlers import train

    ids = [runs.create(make(**tiny, strategy=name)) for name in ("linear_probe", "last_stage")]
    for run in ids:
        train(run)
    seen = see(*ids, uploads.keep(png()))
    assert seen.picture.shape == (32, 32, 3) and (seen.picture == (90, 10, 200)).all()
    assert seen.classes == ("chequered", "lying", "standing")
    assert seen.probability_a.sum() == pytest.approx(1) and seen.probability_b.shape == (3,)
    test_image = see(*ids, 0)
    said = runs.predictions(ids[1]).probability[0]
    np.testing.assert_allclose(
        test_image.probability_b, said, atol=0.01
    )  # the run scored in bfloat16 where that is fast
    maps = feature_maps(*ids, stage="layer4", image=uploads.keep(png()))
    assert np.array_equal(maps.picture, seen.picture)
    with pytest.raises(ExplorerError, match="cannot be read: it is no picture"):
        see(*ids, uploads.keep(b"no picture"))
    with pytest.raises(ExplorerError, match="There is no test image 99"):
        see(*ids, 99)
