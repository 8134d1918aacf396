"""What takes a run away and brings things in, on the pages: each control is there and does what it says."""

import pytest
import stand_ins
import stand_ins_export
from opening import opened, store, words  # noqa: F401  (store is a fixture)
from streamlit.testing.v1 import AppTest

from explorer.answers import save
from explorer.export import batches, kept
from explorer.export.question import BringQuestion, Exported, ExportQuestion, PredictQuestion
from explorer.export.view.predicting import NONE
from explorer.recipe import make
from explorer.runs import read


def test_a_run_is_made_into_a_file_and_saved() -> None:
    run = stand_ins.finished_run()
    app = opened("training")
    app.selectbox(key="train_away_format").set_value("weights").run()
    assert "loads strictly" in words(app) and any(f"export {run} --to weights" in code.value for code in app.code)
    wanted = ExportQuestion(run=run, to="weights")
    (kept.room() / "a.safetensors").write_bytes(b"x" * 2000)
    save(
        Exported(
            run=run,
            to="weights",
            stored="a.safetensors",
            file="weights-a.safetensors",
            size=2000,
            notes=("3 parameters.",),
        ),
        wanted.path,
    )
    app.run()
    assert not app.exception and "3 parameters" in words(app)
    assert "Save the file (2 kB)" in [button.label for button in app.get("download_button")]


def test_the_script_changes_with_the_form() -> None:
    stand_ins.finished_run()
    app = opened("training")

    def shown() -> str:
        return next(code.value for code in app.code if "HEAD_RATE" in code.value)

    assert "BACKBONE_RATE" not in shown()
    app.selectbox(key="strategy").set_value("full").run()
    assert "BACKBONE_RATE" in shown() and "SEED, BATCH, EPOCHS = 0, 32, 10" in shown()


def test_a_checkpoint_is_reported_and_taken() -> None:
    from explorer.catalogue import own

    found = stand_ins_export.brought()
    own.keep("resnet10", found.weights, b"x", found.source)
    app = opened("training")
    app.text_input(key="own_checkpoint_path").set_value("mine.pth").run()
    save(found, BringQuestion(backbone="resnet10", file="mine.pth", seen="0").path)
    app.run()
    said = words(app).replace("\\", "")
    assert (
        "122 tensors taken" in said
        and "Its head was left out" in said
        and "inside state_dict under the prefix 'module.'" in said
    )
    app.button(key="own_checkpoint_use").click().run()
    assert not app.exception and app.selectbox(key="weights_resnet10").value == found.weights
    assert make(weights=found.weights).weights == found.weights
    run = stand_ins.finished_run(weights=found.weights)
    app.run()
    assert "1 run began from them" in words(app) and app.button(key="own_checkpoint_delete").disabled
    app.checkbox(key=f"own_checkpoint_sure_{found.weights}").check().run()
    app.button(key="own_checkpoint_delete").click().run()
    assert not app.exception and not own.files(found.weights) and read(run).test
    assert app.selectbox(key="weights_resnet10").value == "BUILT_IN"


def test_pictures_of_one_s_own_are_a_table_that_can_be_filtered() -> None:
    run = stand_ins.finished_run()
    key = batches.keep([("a.png", b"1")])
    save(stand_ins_export.predicted(), PredictQuestion(run=run, batch=key).path)
    app = opened("predict", run=run, batch=key)
    assert not app.exception and "6 pictures" in words(app).replace("*", "")
    assert len(app.dataframe[0].value) == 6 and list(app.dataframe[0].value["Class"])[:2] == ["brick", "grass"]
    assert app.dataframe[0].value["unlike"].tolist() == [True] + [False] * 5
    assert "Perhaps none of these: 1 of 6" in words(app) and "hardly one would be marked" in words(app)
    app.selectbox(key="predict_kind").set_value(NONE).run()
    assert len(app.dataframe[0].value) == 1
    app.selectbox(key="predict_kind").set_value(0).run()
    assert set(app.dataframe[0].value["Class"]) == {"brick"}
    assert "Left out broken" in words(app).replace("\\", "")


def test_an_address_of_a_run_or_batch_that_is_not_there_is_told() -> None:
    run = stand_ins.finished_run()
    app = opened("predict", run="nope", batch="0" * 32)
    assert not app.exception and "not among the finished runs" in words(app)
    assert app.selectbox(key="predict_run").value == run == read(run).id


def test_where_folders_of_the_server_are_switched_off_no_page_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins.finished_run()
    for page, key in (("predict", "predict_way"), ("training", "own_checkpoint_path")):
        monkeypatch.delenv("THAW_SERVER_FOLDERS", raising=False)
        assert key in keys(opened(page))
        monkeypatch.setenv("THAW_SERVER_FOLDERS", "0")
        assert key not in keys(opened(page))


def keys(app: AppTest) -> set[str | None]:
    return {part.key for kind in ("button_group", "text_input") for part in app.get(kind)}
