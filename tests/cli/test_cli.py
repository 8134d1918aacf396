"""The command line's contract: one JSON object on standard output, its keys, exit codes, and errors as objects."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins
from PIL import Image

from explorer import cli, jobs, runs
from explorer.answers import load
from explorer.catalogue import BACKBONES, DATASETS, STRATEGIES
from explorer.cli import asking, main
from explorer.cli.commands import COMMANDS
from explorer.cli.parser import parser
from explorer.cli.printing import lines
from explorer.errors import ExplorerError, Stopped
from explorer.evidence import Grouped, difference
from explorer.looks.images.question import Gallery
from explorer.question import every
from explorer.recipe import Recipe

pytestmark = pytest.mark.long(25)

ROOT = Path(__file__).parents[2]
TRAIN = {
    "run",
    "state",
    "recipe",
    "test",
    "train",
    "balanced",
    "seconds",
    "parameters",
    "steps",
    "kept_steps",
    "peak_memory",
    "audit",
}
SCORE = {"n", "correct", "accuracy", "low", "high"}
STAGE_AUDIT = {"stage", "declared", "learned", "max_change", "batchnorm_drift", "mode", "in_optimizer", "clean"}
COMPARE = {"n", "difference", "both_right", "fixed", "broken", "both_wrong", "p_value", "verdict", "stages", "majority"}


def strict(text: str) -> Any:
    """JSON as its standard has it: one object, and no NaN."""
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command with --json: exit code and object."""

    def asked(*arguments: str) -> tuple[int, Any]:
        code = main([*arguments, "--json"])
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        return code, strict(out)

    return asked


@pytest.fixture
def training(patterns: Path) -> list[str]:
    """The arguments of a training of a fraction of a second."""
    words = f"train --backbone squeezenet1_1 --weights random --dataset folder --data-dir {patterns} --per-class 4"
    return [*words.split(), "--epochs", "2", "--input-size", "32", "--device", "cpu"]


def test_backbones_lists_every_row(ask: Any) -> None:
    code, found = ask("backbones")
    assert code == 0
    rows = {row["name"]: row for row in found["backbones"]}
    assert rows.keys() == BACKBONES.keys()
    keys = {"name", "weights", "stages", "head", "parameters", "input_size", "available_offline"}
    assert all(row.keys() >= keys for row in rows.values())
    assert rows["resnet50"]["weights"] == ["IMAGENET1K_V1", "IMAGENET1K_V2"]
    assert rows["resnet50"]["available_offline"] is False and rows["resnet50"]["weights_here"] == ["random"]
    assert rows["resnet10"]["available_offline"] is True and rows["resnet10"]["weights_here"] == [
        "BUILT_IN", "matched:BUILT_IN", "random",
    ]  # fmt: skip
    assert rows["resnet18"]["stages"] == ["stem", "layer1", "layer2", "layer3", "layer4"]


def test_datasets_lists_every_row(ask: Any) -> None:
    code, found = ask("datasets")
    assert code == 0
    assert [row["name"] for row in found["datasets"]] == list(DATASETS)
    assert all(row.keys() >= {"name", "classes", "size", "available_offline", "note"} for row in found["datasets"])


def test_an_empty_store_has_no_runs(ask: Any) -> None:
    assert ask("runs") == (0, {"runs": []})


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage"])
def test_train_audit_runs_and_compare_keep_the_contract(ask: Any, training: list[str], strategy: str) -> None:
    code, trained = ask(*training, "--strategy", strategy)
    assert code == 0
    assert trained.keys() >= TRAIN and trained["state"] == "finished"
    assert trained["test"].keys() >= SCORE and trained["train"].keys() >= SCORE
    assert trained["seconds"].keys() >= {"total", "features", "training"}
    assert trained["parameters"].keys() >= {"learned", "total"}
    assert trained["audit"]["clean"] is True
    assert trained["recipe"]["strategy"] == strategy and trained["recipe"]["per_class"] == 4
    assert trained["train"]["n"] == 12
    assert Recipe(**trained["recipe"]).model_dump(mode="json") == trained["recipe"]

    trained.pop("cautions", None)  # a listing does not say them
    assert ask("runs") == (0, {"runs": [trained]})

    code, audit = ask("audit", trained["run"])
    assert code == 0 and audit.keys() >= {"run", "clean", "stages"}
    assert all(stage.keys() >= STAGE_AUDIT for stage in audit["stages"])
    assert {stage["declared"] for stage in audit["stages"]} == {"frozen", "learns"}
    assert ask("audit", "latest") == (0, audit)

    _, other = ask(*training, "--strategy", "linear_probe", "--seed", "1")
    code, compared = ask("compare", trained["run"], other["run"])
    assert code == 0 and compared.keys() >= COMPARE
    assert sum(compared[k] for k in ("both_right", "fixed", "broken", "both_wrong")) == compared["n"]
    assert compared["both_right"] + compared["broken"] == trained["test"]["correct"]
    assert compared["both_right"] + compared["fixed"] == other["test"]["correct"]
    assert all(stage.keys() >= {"stage", "cka", "knn_overlap", "weight_change"} for stage in compared["stages"])


def test_compare_says_what_holds_for_other_groups(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = stand_ins.comparison("a", "b")
    monkeypatch.setattr("explorer.looks.similarity.compute.distance_handlers.compare", lambda a, b: plain)
    assert "grouped" not in ask("compare", "a", "b")[1]
    others = Grouped(5, -0.1, 0.35, 9.0, 0.0625)
    grouped = replace(plain, paired=replace(plain.paired, fixed=14, broken=1, grouped=others))
    monkeypatch.setattr("explorer.looks.similarity.compute.distance_handlers.compare", lambda a, b: grouped)
    _, found = ask("compare", "a", "b")
    assert found["grouped"] | {"verdict": ""} == {
        "groups": 5, "low": -0.1, "high": 0.35, "effective": 9.0, "p_value": 0.0625, "verdict": "",
    }  # fmt: skip
    assert found["grouped"]["verdict"] == "No difference shown (p = 0.062, whole groups exchanged)."
    low, high = difference(14, 1, grouped.paired.n)
    assert found["difference"] == {"value": 13 / grouped.paired.n, "low": low, "high": high}


def test_compare_says_no_difference_shown_when_so(ask: Any, training: list[str]) -> None:
    run = ask(*training)[1]["run"]
    _, found = ask("compare", run, run)
    assert (found["fixed"], found["broken"], found["p_value"]) == (0, 0, 1.0)
    assert "No difference shown" in found["verdict"]
    assert all(stage["weight_change"] == 0 and stage["knn_overlap"] == 1 for stage in found["stages"])


def test_the_red_audit_is_told(ask: Any, training: list[str]) -> None:
    training[training.index("squeezenet1_1")] = "resnet10"
    _, trained = ask(*training, "--batchnorm", "moving")
    assert trained["state"] == "finished" and trained["audit"] == {"clean": False}
    code, audit = ask("audit", trained["run"])
    assert code == 0 and audit["clean"] is False
    assert all(stage["batchnorm_drift"] > 0 for stage in audit["stages"] if stage["declared"] == "frozen")


@pytest.mark.parametrize("text", ["all", "3"])
def test_per_class_takes_a_number_or_all(ask: Any, training: list[str], text: str) -> None:
    training[training.index("--per-class") + 1] = text
    assert ask(*training)[1]["train"]["n"] == {"all": 26, "3": 9}[text]


def test_custom_takes_its_stages(ask: Any, training: list[str]) -> None:
    _, found = ask(*training, "--strategy", "custom", "--stages", "fire8_9", "stem")
    _, audit = ask("audit", found["run"])
    assert [s["stage"] for s in audit["stages"] if s["declared"] == "learns"] == ["stem", "fire8_9", "head"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "command"),
        ("thaw", "thaw"),
        ("train --backbone resnet19", "'resnet19'"),
        ("train --weights V9", "'V9'"),
        ("train --dataset ants", "'ants'"),
        ("train --strategy thaw", "'thaw'"),
        ("train --strategy custom --stages layer9", "'layer9'"),
        ("train --batchnorm off", "'off'"),
        ("train --strategy full --unfreeze-every 2", "--unfreeze-every is read with --strategy gradual"),
        ("train --strategy linear_probe --unfreeze-every 0", "--unfreeze-every is read with --strategy gradual"),
        ("predict latest . --csv said", "--csv said has no ending"),
        ("export latest --to zip --out run", "--out run has no ending"),
        ("train --edits mine", "There are no edits 'mine'"),
        ("train --augmentation flip --views 1", "1 view does not fit the augmentation 'flip'"),
        ("train --strategy linear_probe --backbone-rate 0.1", "--backbone-rate"),
        ("train --strategy linear_probe --rate-decay 0.5", "--rate-decay"),
        ("train --strategy full --reads layer2", "--reads"),
        ("train --strategy from_scratch --weights BUILT_IN", "--weights"),
        ("train --labels table", "--labels table is read with --dataset folder"),
        ("train --device tpu", "'tpu'"),
        ("train --epochs 0", "epochs"),
        ("train --epochs many", "many"),
        ("train --epochs 501", "at most 500"),
        ("train --head-rate -1", "head_rate"),
        ("train --head-rate 0", "head_rate"),
        ("train --head-rate nan", "head_rate"),
        ("train --backbone-rate x", "'x'"),
        ("train --per-class some", "'some'"),
        ("train --per-class ²", "'²'"),
        ("train --per-class 0", "per_class"),
        ("train --dataset folder", "--data-dir"),
        ("train --data-dir pictures", "'folder'"),
        ("train --dataset folder --data-dir /no/such/folder --weights random", "does not exist"),
        ("train --backbone resnet18 --weights IMAGENET1K_V1", "resnet18-f37072fd.pth"),
        ("train --colour red", "--colour"),
        ("train --device cuda --weights random", "cuda"),
        ("audit", "run"),
        ("audit nope", "no run 'nope'"),
        ("audit latest", "no run"),
        ("compare nope", "b"),
        ("compare nope nope", "no run 'nope'"),
    ],
)
def test_a_visitor_s_mistake_is_an_object_with_an_error_and_exit_code_2(ask: Any, arguments: str, words: str) -> None:
    if "cuda" in arguments and has_gpu():
        pytest.skip("there is a GPU here")
    code, found = ask(*arguments.split())
    assert code == 2
    assert list(found) == ["error"] and words in found["error"]


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def test_a_run_that_is_not_finished_has_nothing_to_show(ask: Any) -> None:
    run = runs.create(Recipe())
    for arguments in (("audit", run), ("compare", run, run)):
        code, found = ask(*arguments)
        assert code == 2 and "queued" in found["error"] and "Choose a finished run" in found["error"]


def test_an_interrupted_run_is_listed_never_a_traceback(ask: Any) -> None:
    half = stand_ins.interrupted_run()
    whole = stand_ins.finished_run()
    code, found = ask("runs")
    assert code == 0
    assert {run["run"]: run["state"] for run in found["runs"]} == {half: "interrupted", whole: "finished"}
    assert ask("audit", half)[0] == 2


def test_a_failed_training_is_told_and_listed(ask: Any, training: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(*given: object) -> None:
        raise ExplorerError("There is no such device. Use 'cpu'.")

    monkeypatch.setattr("explorer.models.devices.choose", choose)
    code, found = ask(*training)
    assert code == 2 and "There is no such device" in found["error"]
    (run,) = ask("runs")[1]["runs"]
    assert run["state"] == "failed" and run["error"] == found["error"]


def test_without_json_people_read_it_and_errors_go_to_the_other_stream(
    capsys: pytest.CaptureFixture[str], training: list[str]
) -> None:
    assert main(training) == 0
    out = capsys.readouterr().out
    assert "finished" in out and "{" not in out
    for arguments in (["backbones"], ["datasets"], ["runs"], ["audit", "latest"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out
    assert main(["audit", "nope"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("Error: There is no run")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_help_names_what_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    words = capsys.readouterr().out
    assert all(name in words for name in (*BACKBONES, *DATASETS, *STRATEGIES))


@pytest.mark.parametrize("option", ["--corruption", "--spoilt"])
@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_corruption_goes_by_its_name_and_by_that_of_the_recipe_s_field(command: str, option: str) -> None:
    assert parser().parse_args([command, option, "blur-4"]).spoilt == "blur-4"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
def test_ctrl_c_ends_without_a_traceback(
    stop: type[BaseException], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(options: object) -> None:
        raise stop

    monkeypatch.setitem(cli.COMMANDS, "runs", stopped)
    assert main(["runs", "--json"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "Stopped.\n")


def test_ctrl_c_marks_the_run_stopped(training: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("explorer.training.compute.handlers.train", interrupted)
    assert main(training) == 1
    assert [run.state for run in runs.listing()] == ["stopped"]


def test_a_step_of_a_network_is_one_line_with_its_shape() -> None:
    steps = [{"step": 1, "path": "layer1", "shape": [64, 56, 56]}, {"step": 2, "path": "layer2", "shape": [9]}]
    assert lines({"stages": ["stem"], "steps": steps})[-2:] == [
        "  step=1  path=layer1  shape=64 × 56 × 56",
        "  step=2  path=layer2  shape=9",
    ]


def test_a_process_of_its_own_prints_one_object_and_nothing_else(training: list[str], home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "default", "-m", "explorer", *training, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert strict(done.stdout)["state"] == "finished"
    assert jobs.alive().state == "gone", "no worker is needed"


def test_a_fault_of_ours_exits_1() -> None:
    code = "import sys, explorer.cli as c; c.COMMANDS['runs'] = lambda o: 1 / 0; sys.exit(c.main(['runs', '--json']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == "" and "ZeroDivisionError" in done.stderr


def test_ask_lists_every_question_with_its_fields_and_help(ask: Any) -> None:
    code, found = ask("ask", "--list")
    rows = {row["name"]: row for row in found["questions"]}
    assert code == 0 and rows.keys() == every().keys() - {"train"}
    assert rows["rewind"]["fields"]["run"] == "str" and all(row["help"].endswith((".", "?")) for row in rows.values())


def test_ask_answers_by_the_fields_of_a_question(ask: Any) -> None:
    code, found = ask(
        "ask", "describe", "--strategy", "last_stage", "--backbone", "squeezenet1_1", "--weights", "random"
    )
    assert code == 0 and found["strategy"] == "last_stage" and found["stages"][-1]["stage"] == "head"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("galery", "Unknown question 'galery'"),
        ("train --run x", "Unknown question 'train'"),
        ("gallery", "--run"),
        ("gallery --run x --colour red", "--colour"),
        ("gallery --run nothing", "There is no run 'nothing'"),
        ("project --a x --b y --seed two", "seed"),
        ("check_truth --check 1b --language en --backbone resnet10 --weights BUILT_IN --runs {x --digest x", "--runs"),
    ],
)
def test_what_cannot_be_asked_is_an_error_in_words(ask: Any, words: str, told: str) -> None:
    code, found = ask("ask", *words.split())
    assert code == 2 and told in found["error"]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def trained(training: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(training) == 0
    capsys.readouterr()
    return runs.listing()[0].id


def test_answers_are_written_as_files(ask: Any, trained: str, tmp_path: Path) -> None:
    code, told = ask("ask", "gallery", "--run", "latest", "--out", str(tmp_path / "gallery.npz"))
    assert code == 0 and told["out"].endswith("gallery.npz")
    gallery = load(tmp_path / "gallery.npz")
    assert isinstance(gallery, Gallery) and len(gallery.ids) == len(runs.predictions(trained).ids)
    assert ask("ask", "separation", "--run", trained, "--out", str(tmp_path / "s.json"))[0] == 0
    assert json.loads((tmp_path / "s.json").read_text())["run"] == trained
    assert "Allowed: .json, .npz" in ask("ask", "separation", "--run", trained, "--out", "s.txt")[1]["error"]


def test_a_file_in_no_folder_is_refused_before_anything_is_computed(
    ask: Any, trained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.installation.check", lambda: pytest.fail("computes"))
    there = str(tmp_path / "none" / "x")
    commands = (["ask", "separation", "--run", trained, "--out", f"{there}.npz"],
                ["sweep", "--dataset", "digits", "--sizes", "1", "--out", f"{there}.csv"],
                ["card", "http://192.168.1.5:8501", "--out", f"{there}.html"])  # fmt: skip
    for words in commands:
        code, told = ask(*words)
        assert code == 2 and "in a folder that exists" in told["error"], words
    assert not (tmp_path / "none").exists()


def test_a_map_is_written_as_points_as_a_page_and_as_a_picture(ask: Any, trained: str, tmp_path: Path) -> None:
    for ending in ("json", "html", "png"):
        code, told = ask("project", trained, "latest", "--method", "pca", "--out", str(tmp_path / f"map.{ending}"))
        assert code == 0 and set(told["trust"]) == {"a", "b"}
    points = json.loads((tmp_path / "map.json").read_text())
    assert points["unmoved"] is True and {len(p["before"]) for p in points["points"]} == {2}
    assert [p["id"] for p in points["points"]] == list(runs.predictions(trained).ids)
    assert "Plotly" in (tmp_path / "map.html").read_text() and size_of(tmp_path / "map.png") == (1280, 640)
    assert "Allowed: .json, .html, .png" in ask("project", trained, trained, "--out", "map.svg")[1]["error"]
    assert (
        "There is no folder" in ask("project", trained, trained, "--out", str(tmp_path / "none" / "m.png"))[1]["error"]
    )


def test_where_a_run_looks_is_written_as_numbers_and_as_a_picture(
    ask: Any, trained: str, patterns: Path, tmp_path: Path
) -> None:
    code, told = ask("attribute", trained, "--image", "0", "--method", "saliency", "--out", str(tmp_path / "h.npy"))
    heat = np.load(tmp_path / "h.npy")
    assert code == 0 and heat.ndim == 2 and told["class"] in runs.predictions(trained).classes
    picture = next(patterns.rglob("*.png"))
    how = ("--image", str(picture), "--class", "lying", "--method", "saliency", "--out", str(tmp_path / "h.png"))
    assert ask("attribute", "latest", *how)[1]["class"] == "lying"
    assert min(size_of(tmp_path / "h.png")) >= 512


def test_a_slip_leaves_no_run_and_stages_are_for_custom_alone(ask: Any, tmp_path: Path) -> None:
    slips = "--dataset folder --data-dir /no/such", "--dataset pets-0123abcd", "--strategy linear_probe --stages layer4"
    for arguments in slips:
        assert ask("train", *arguments.split())[0] == 2
    assert ask("runs") == (0, {"runs": []})


def test_a_folder_is_brought_listed_and_forgotten(ask: Any, patterns: Path) -> None:
    code, found = ask("bring", str(patterns), "--name", "My patterns")
    assert (
        code == 0 and found["name"].startswith("my_patterns-") and found["sum"].startswith("42 pictures + 0 left out")
    )
    (row,) = [row for row in ask("datasets")[1]["datasets"] if row["own"]]
    assert (row["name"], row["title"], row["classes"], row["size"]) == (found["name"], "My patterns", 3, 42)
    assert ask("forget", found["name"]) == (0, {"deleted": found["name"], "runs": []})
    assert ask("forget", found["name"])[0] == 2 and ask("bring", str(patterns / "nothing"))[0] == 2


@pytest.mark.parametrize("where", ["file", "file/below", "lost"])
def test_a_home_that_cannot_be_made_is_told_in_words(
    where: str, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "lost").symlink_to(tmp_path / "file")
    monkeypatch.setenv("THAW_HOME", str(tmp_path / where))
    code, found = ask("train", "--weights", "random")
    assert code == 2 and "Set THAW_HOME" in found["error"]


@pytest.mark.parametrize("name", [name for name in every() if name not in asking.NOT_ASKED])
def test_help_says_what_each_field_may_be(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asking.asked(name, ["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert ended.value.code in (0, None) and "Annotated" not in told
    if "method" in every()[name].model_fields:
        assert "one of " in told and "default '" in told
    if "seed" in every()[name].model_fields:
        assert "from 0; to 2147483647" in told


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("check_truth", {"check": "1b", "runs": {}}),
        ("try_lines", {"check": "1b", "order": ()}),
        ("run_snippet", {"term": "x"}),
        ("run_step_snippet", {"step": "x"}),
    ],
)
def test_what_is_as_it_is_now_needs_no_digest(name: str, fields: dict[str, Any]) -> None:
    usual = {"language": "en", "backbone": "resnet10", "weights": "BUILT_IN"}
    assert every()[name](**usual, **fields).arguments()["digest"] == ""
