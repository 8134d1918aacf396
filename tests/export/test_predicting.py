"""Many pictures of one's own: all are looked at as the run's own test images are, the unreadable are named."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins_export
from PIL import Image
from scipy.special import softmax

from explorer import runs
from explorer.cli import main
from explorer.errors import ExplorerError
from explorer.export import batches
from explorer.export.compute.predicting import predict
from explorer.export.telling import table_csv
from explorer.looks.calibration.compute.reliability import temperature_of
from explorer.looks.neighbours.compute import neighbours
from explorer.recipe import make
from explorer.training.compute import handlers as training


@pytest.fixture
def run(tiny: dict[str, Any], narrow: str, float32: None) -> str:
    return training.train(runs.create(make(**tiny | {"backbone": narrow, "epochs": 1}))).id


def test_a_folder_says_what_the_run_said_of_its_test_images(run: str, patterns: Path) -> None:
    said = runs.predictions(run)
    found = predict(run, folder=str(patterns))
    assert len(found.files) == 42 and found.files == tuple(sorted(found.files)) and not found.skipped
    rows = [found.files.index(name) for name in said.ids]
    assert found.temperature == pytest.approx(temperature_of(run)[0])
    scaled = softmax(np.log(said.probability) / found.temperature, axis=1)
    assert np.allclose(found.probability[rows], scaled, atol=1e-4)
    assert np.array_equal(found.labels[rows], said.labels)
    usual = neighbours(run, image=3)
    of_it = found.files.index(said.ids[3])
    assert found.farther is not None and found.farther[of_it] == pytest.approx(usual.farther, abs=2 / len(said.ids))
    assert found.tested == len(said.ids) and predict(run, folder=str(patterns), distances=False).farther is None
    assert found.images.shape == (42, 96, 96, 3) and found.score is not None and found.score.n == 42


def test_what_cannot_be_read_is_named_and_the_rest_is_looked_at(run: str, tmp_path: Path) -> None:
    (tmp_path / "deep" / "lying").mkdir(parents=True)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / "words.png").write_text("words")
    Image.new("RGB", (50, 40), "red").save(tmp_path / "deep" / "lying" / "a.png")
    Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40).save(tmp_path / "deep.png")
    found = predict(run, folder=str(tmp_path))
    assert found.files == ("deep.png", "deep/lying/a.png") and found.labels.tolist() == [-1, 1]
    assert found.skipped[0] == ("empty.jpg", "it is empty (0 bytes)")
    assert found.skipped[1] == ("words.png", "it is no picture, or in an unknown format")
    with pytest.raises(ExplorerError, match="There is no folder"):
        predict(run, folder=str(tmp_path / "absent"))
    (tmp_path / "none").mkdir()
    with pytest.raises(ExplorerError, match="holds no picture"):
        predict(run, folder=str(tmp_path / "none"))
    (tmp_path / "none" / "a.png").touch()
    with pytest.raises(ExplorerError, match="None of the 1 pictures can be read"):
        predict(run, folder=str(tmp_path / "none"))


def test_a_batch_keeps_the_visitor_s_names_and_no_path(run: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "blue").save(buffer, "PNG")
    key = batches.keep([("../../a b.png", buffer.getvalue()), ("x.jpg", b"words")])
    found = predict(run, batch=key)
    assert found.files == ("../../a b.png",) and found.skipped[0][0] == "x.jpg"
    assert batches.keep([("../../a b.png", buffer.getvalue()), ("x.jpg", b"words")]) == key
    for wrong in ([], [("a", b"x")] * 1001, [("a", b"x" * 16_000_000)]):
        with pytest.raises(ExplorerError, match="Allowed: 1 to 1000|the most for one picture"):
            batches.keep(wrong)
    for i in range(batches.KEPT):
        batches.keep([("a.png", bytes([i]))])
    with pytest.raises(ExplorerError, match="not kept any more"):
        predict(run, batch=key)
    with pytest.raises(ExplorerError, match="not kept any more"):
        batches.pictures("../runs")


def test_a_changed_folder_is_another_question(tmp_path: Path) -> None:
    before = batches.seen(str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"1")
    after = batches.seen(str(tmp_path))
    assert before != after == batches.seen(str(tmp_path)) and batches.seen(str(tmp_path / "absent")) == ""


def test_the_command_prints_every_picture_and_writes_a_table(
    run: str, patterns: Path, tmp_path: Path, capsys: Any
) -> None:
    assert main(["predict", run, str(patterns / "lying"), "--json", "--csv", str(tmp_path / "t.csv")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 14 and found["skipped"] == [] and set(found["predictions"][0]["probabilities"]) == {
        "chequered", "lying", "standing"}  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["file"] for row in rows] == [row["file"] for row in found["predictions"]]
    assert float(rows[0]["probability"]) == pytest.approx(found["predictions"][0]["probability"], abs=1e-5)


def test_the_csv_holds_all_pictures_and_why_others_are_left_out() -> None:
    found = stand_ins_export.predicted()
    rows = list(csv.DictReader(io.StringIO(table_csv(found))))
    assert [row["file"] for row in rows] == [*found.files, "broken.jpg"]
    assert [row["perhaps none of these"] for row in rows[:2]] == ["yes", ""] and rows[0][
        "test images as far"
    ] == "0.0400"
    assert rows[-1]["left out because"] == "it is empty (0 bytes)" and rows[0]["class"] == "brick"
    assert found.score is not None and (found.score.n, found.score.correct) == (4, 4)


def test_the_state_of_a_folder_is_that_of_its_first_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.png").touch()
    (tmp_path / "deep" / "b.png").touch()
    whole = batches.seen(str(tmp_path))
    monkeypatch.setattr(batches, "MOST_SEEN", 1)
    assert batches.seen(str(tmp_path)) not in ("", whole) and batches.seen(str(tmp_path / "absent")) == ""
    first = batches.seen(str(tmp_path))
    (tmp_path / "deep" / "b.png").write_bytes(b"x")
    assert batches.seen(str(tmp_path)) == first, "beyond the first files nobody looks"
