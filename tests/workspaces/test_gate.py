"""Two workspaces on one server: what is another's is, in every word, what does not exist."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import stand_ins
from PIL import Image

from explorer import edits, jobs, limits, own_sets, runs, uploads, workspaces
from explorer.answers import save
from explorer.app import asking, mine
from explorer.arriving import removing
from explorer.arriving.compute.keeping import arrive
from explorer.arriving.question import PreviewQuestion
from explorer.catalogue import named, own
from explorer.catalogue.backbones import backbone
from explorer.catalogue.datasets import offered
from explorer.errors import ExplorerError
from explorer.experiments import kept
from explorer.experiments.plan import Plan
from explorer.export import archive, batches, incoming
from explorer.export.question import ExportQuestion
from explorer.jobs import expiry, permission
from explorer.looks.images.question import GalleryQuestion
from explorer.own_sets import parcels
from explorer.question import Question, every
from explorer.recipe import make, sources
from explorer.runs import FinishedRun, Naming, names
from explorer.runs.question import TrainQuestion
from explorer.workspaces import gate

A, B, PRESENTER = (workspaces.mark_of(c * 32) for c in "abc")
ABSENT = "20200101-000000000-resnet10-linear_probe-0000"


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("THAW_SHARED", "1")
    monkeypatch.setattr(gate, "_asks", [])
    assert workspaces.appoint(PRESENTER, workspaces.token()) and not workspaces.appoint(B, "guess")
    with workspaces.everything():
        yield


def run_of(mark: str, **recipe: Any) -> str:
    with workspaces.acting(mark):
        return stand_ins.finished_run(strategy="linear_probe", **recipe)


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(ExplorerError) as found:
        work()
    return str(found.value)


def brought(mark: str, title: str = "Pets", first: str = "red") -> str:
    """A set of two colours; the same pictures for everybody who names the same."""
    with workspaces.acting(mark):
        parcel = parcels.open_parcel()
        for kind, colour in (("cat", first), ("dog", "blue")):
            for i in range(6):
                file = io.BytesIO()
                image = Image.new("RGB", (40, 40), colour)
                image.putpixel((i, i), (i, 9, 9))
                image.save(file, "PNG")
                parcels.put(parcel, f"{kind}/{i}.png", [file.getvalue()])
    return arrive(parcel, title, "folders", "", lambda share, words: None).name


DEEDS: dict[str, Callable[[str], object]] = {
    "read": runs.read,
    "folder": runs.folder,
    "predictions": runs.predictions,
    "audit": runs.audit,
    "tensors": lambda run: runs.tensors(run, "learned"),
    "checkpoint": runs.checkpoint,
    "update": lambda run: runs.update(run, note="mine"),
    "move": lambda run: runs.move(run, "queued"),
    "delete": runs.delete,
    "close": lambda run: runs.close(run, "stopped"),
    "resume": jobs.resume,
    "cancel": lambda run: jobs.cancel(TrainQuestion(run=run)),
    "status": lambda run: jobs.status(TrainQuestion(run=run)),
    "export": lambda run: jobs.result(ExportQuestion(run=run, to="zip")),
    "pages' predictions": asking.predictions,
}
"""What takes a run → the same with the run's id."""


def test_what_is_anothers_run_does_not_exist() -> None:
    of_a, own_run = run_of(A), run_of(B, seed=1)
    with workspaces.acting(B):
        for name, deed in DEEDS.items():
            there, absent = refusal(lambda deed=deed: deed(of_a)), refusal(lambda deed=deed: deed(ABSENT))
            assert there.replace(of_a, ABSENT) == absent, name
        assert runs.called(of_a[:30]) == of_a[:30] and runs.find(make(strategy="linear_probe", seed=0)) is None
        listed = [*runs.listing(), *runs.finished(), *asking.all_runs()]
        assert {run.id for run in listed} == {own_run} and not runs.deleted()
        names.keep(of_a, Naming("mine"))
    assert runs.read(of_a).named == Naming() and {run.id for run in asking.all_runs()} == {of_a, own_run}
    with workspaces.acting(A):
        runs.delete(of_a)
    with workspaces.acting(B):
        there, absent = (refusal(lambda run=run: runs.restore(run)) for run in (of_a, ABSENT))
        assert there.replace(of_a, ABSENT) == absent and not runs.deleted()
    with workspaces.acting(A):
        assert runs.deleted() == [(of_a,)]
        runs.restore(of_a)
        assert runs.read(of_a).id == of_a


FREE = {
    "distances",
    "against", "arm", "at", "backbone", "baseline", "check", "classes", "digest", "first", "images", "kind", "labels",
    "language", "library", "method", "min_dist", "neighbours", "order", "per_class", "pixels", "rather_than", "seed",
    "seen", "settle", "source", "stage", "stages", "step", "target", "term", "times", "title", "to",
}  # fmt: skip
"""Fields of questions that name nothing which anybody owns."""


def nothing(kind: type[Question[Any]]) -> dict[str, Any]:
    """Fields of a question that name nothing: its defaults, and empty ones."""
    empty = {"image": 0, "runs": {}, "recipe": make()}
    return {
        name: empty.get(name, "") if info.is_required() else info.default for name, info in kind.model_fields.items()
    }


def test_every_question_about_what_is_anothers_is_refused() -> None:
    of_a, pets = run_of(A), brought(A)
    with workspaces.acting(A):
        picture, batch = uploads.keep(b"a"), batches.keep([("a", b"a")])
        file, parcel = incoming.keep(io.BytesIO(b"a")), parcels.open_parcel()
        edited = edits.keep(edits.Edits(pets, changes={"cat/0.png": edits.Change(split="out")}))
    workspaces.take("weights", "own:" + "1" * 16, A)
    with workspaces.everything():
        recipe = make(dataset=pets)
    anothers = {
        "run": of_a, "a": of_a, "b": of_a, "runs": {"probe": of_a}, "recipe": recipe, "dataset": pets, "image": picture,
        "batch": batch, "file": file, "parcel": parcel, "folder": "/etc", "weights": "own:" + "1" * 16,
    }  # fmt: skip
    asked = set()
    for name, kind in every().items():
        fields = kind.model_fields
        assert set(fields) <= FREE | set(anothers), (
            f"{name}: say in jobs/permission.py whether its fields name something owned"
        )
        for field in set(fields) & set(anothers):
            question = kind.model_construct(**(nothing(kind) | {field: anothers[field]}))
            with workspaces.acting(B), pytest.raises(ExplorerError):
                permission.require(question)
            if field != "folder":
                with workspaces.acting(A):
                    permission.require(question)
            asked.add(field)
    assert asked == set(anothers)
    with workspaces.acting(B):
        assert edits.known(edited) is None and own.known("resnet10") == [] and not parcels.alive(parcel)
        for key, read in ((picture, uploads.read), (file, incoming.path), (batch, batches.pictures)):
            absent = "0" * 32
            there, not_there = (refusal(lambda k=k, read=read: read(k)) for k in (key, absent))
            assert there.replace(key, absent) == not_there
    with workspaces.acting(A):
        assert edits.known(edited) is not None and parcels.alive(parcel) and uploads.read(picture) == b"a"


def test_a_set_that_two_visitors_brought_stays_until_both_gave_it_up() -> None:
    pets = brought(A)
    with workspaces.acting(B):
        assert pets not in offered() and own_sets.find(pets) is None and not own_sets.listing()
        there, absent = refusal(lambda: removing.remove(pets)), refusal(lambda: removing.remove("pets-00000000"))
        assert there.replace(pets, "pets-00000000") == absent
        there, absent = (refusal(lambda n=n: sources.require(make(dataset=n))) for n in (pets, "pets-00000000"))
        assert there.replace(pets, "pets-00000000") == absent
    assert brought(B) == pets
    with workspaces.acting(A):
        removing.remove(pets)
        assert pets not in offered()
    with workspaces.acting(B):
        assert own_sets.files(own_sets.listing()[0])
        removing.remove(pets)
    assert not own_sets.listing()


def test_other_pictures_of_the_same_name_are_another_set(monkeypatch: pytest.MonkeyPatch) -> None:
    real = own_sets.digest
    monkeypatch.setattr(own_sets, "digest", lambda rows, labels: "3f2a9c1d" + real(rows, labels)[8:])
    of_a = brought(A)
    assert brought(A) == of_a == "pets-3f2a9c1d" and brought(B, first="green") == "pets_2-3f2a9c1d"
    with workspaces.acting(B):
        assert own_sets.find(of_a) is None and [kept.name for kept in own_sets.listing()] == ["pets_2-3f2a9c1d"]
        recipe = make(dataset="pets_2-3f2a9c1d")
        sources.require(recipe)


def test_a_set_is_deleted_or_stays_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with workspaces.everything():
        nobodys = brought("")
    with workspaces.acting(PRESENTER):
        workspaces.publish("sets", nobodys)
        removing.remove(nobodys)
    assert not own_sets.listing() and not workspaces.published("sets", nobodys)
    pets = brought(A)

    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with workspaces.acting(A), monkeypatch.context() as patched:
        patched.setattr(Path, "rename", read_only)
        assert "cannot be deleted" in refusal(lambda: removing.remove(pets))
    assert workspaces.owners("sets", pets) == [A]
    with workspaces.acting(PRESENTER):
        assert own_sets.find(pets) is None
    monkeypatch.setenv("THAW_VISITOR_GB", "0.000001")
    assert "this one takes" in refusal(lambda: brought(B, first="green"))
    assert [kept.name for kept in own_sets.listing()] == [pets]


def test_the_presenter_publishes_and_has_what_is_nobodys(home: Path) -> None:
    nobodys, of_a = stand_ins.finished_run(strategy="full"), run_of(A)
    with workspaces.acting(A):
        assert "Only the presenter" in refusal(lambda: workspaces.publish("runs", of_a))
    with workspaces.acting(PRESENTER):
        assert [run.id for run in runs.listing()] == [nobodys]
        workspaces.publish("runs", nobodys)
    with workspaces.acting(B):
        assert [run.id for run in asking.all_runs()] == [nobodys] == [run.id for run in runs.finished()]
        assert "published" in refusal(lambda: runs.delete(nobodys))
        names.keep(nobodys, Naming(starred=True))
        assert runs.read(nobodys).named.starred
    assert not runs.read(nobodys).named.starred, "a star is whose it is"
    (home / "presenter").unlink()
    assert not workspaces.is_presenter(PRESENTER), "another token ends it"


def test_a_published_run_that_a_lesson_counts_stays_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    of_a = run_of(A)
    workspaces.note(workspaces.PUBLISHED, "runs", of_a)
    monkeypatch.setattr(mine, "mark", lambda: B)
    mine.note_own(of_a)
    with workspaces.acting(B):
        assert runs.read(of_a).id == of_a and "published" in refusal(lambda: runs.delete(of_a))
    assert workspaces.owners("runs", of_a) == [A] and mine.own_runs() == []
    monkeypatch.delenv("THAW_SHARED")
    mine.note_own(of_a)
    assert mine.own_runs() == [of_a], "in local use a browser remembers what it counts"


def test_a_run_from_a_zip_takes_nothing_that_is_anothers(tmp_path: Path) -> None:
    of_a, file = run_of(A), tmp_path / "run.zip"
    runs.store_tensors(of_a, "learned", {"head.weight": np.zeros((2, 2), np.float32)})
    archive.pack(runs.finished()[0], file)
    with workspaces.acting(B):
        here = archive.bring(file)
        assert here != of_a and [run.id for run in runs.listing()] == [here]
    with workspaces.acting(A):
        assert [run.id for run in runs.listing()] == [of_a]
    weights = "own:" + "2" * 16
    own.folder().mkdir(parents=True)
    own.path("resnet10", weights).write_bytes(b"theirs")
    own.note("resnet10", weights).write_text('{"source": "secret.pt"}', encoding="utf-8")
    with workspaces.acting(B):
        own.keep("resnet10", weights, b"forged", "x")
        assert own.known("resnet10") == [] and own.words("resnet10", weights) == "own weights (222222)"
        own.keep("resnet10", weights, b"theirs", "x")
        assert [row.name for row in own.known("resnet10")] == [weights]
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(tmp_path / "forged.zip", "w") as new:
        for name in old.namelist():
            text = old.read(name)
            forged = re.sub(rb'"data_dir": null', b'"data_dir": "/etc"', text).replace(b'"photo_patches"', b'"folder"')
            new.writestr(name, forged if name == "run.json" else text)
    with workspaces.acting(B):
        assert "folder of a server" in refusal(lambda: archive.bring(tmp_path / "forged.zip"))
    assert not limits.server_folders()


def packed(file: Path, mark: str, **recipe: Any) -> tuple[str, Path]:
    """A visitor's run of this recipe and its archive."""
    run = run_of(mark, **recipe)
    runs.store_tensors(run, "learned", {"head.weight": np.zeros((2, 2), np.float32)})
    found = runs.read(run)
    assert isinstance(found, FinishedRun)
    archive.pack(found, file)
    return run, file


def test_a_run_from_a_zip_brings_neither_its_set_nor_its_old_name(tmp_path: Path) -> None:
    pets = brought(A)
    of_a, file = packed(tmp_path / "run.zip", A, dataset=pets)
    with workspaces.acting(A):
        runs.delete(of_a)
        here = archive.bring(file)
        assert here not in (of_a, ABSENT) and runs.read(here).recipe == make(strategy="linear_probe", dataset=pets)
    with workspaces.acting(B):
        anothers = refusal(lambda: archive.bring(file))
    with workspaces.acting(A):
        runs.delete(here)
        removing.remove(pets)
    with workspaces.acting(B):
        assert refusal(lambda: archive.bring(file)) == anothers and "Bring its pictures" in anothers
        assert not runs.listing() and not workspaces.owned(B, "runs")
        assert brought(B) == pets
        here = archive.bring(file)
    assert workspaces.owners("runs", here) == [B] and workspaces.owners("runs", of_a) == [A]


def test_a_run_from_a_zip_plants_no_weights_and_no_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = "own:" + "3" * 16
    own.folder().mkdir(parents=True)
    own.path("resnet10", weights).write_bytes(b"theirs")
    workspaces.take("weights", weights, A)
    _, file = packed(tmp_path / "run.zip", A, weights=weights)
    with workspaces.acting(B):
        assert archive.bring(file) and workspaces.sees("weights", weights), "who has the very file has the weights"
        monkeypatch.setenv("THAW_VISITOR_GB", "0")
        assert "THAW_VISITOR_GB" in refusal(lambda: archive.bring(file))
        monkeypatch.delenv("THAW_VISITOR_GB")
    workspaces.give_up("weights", weights)
    own.path("resnet10", weights).unlink()
    with workspaces.acting(B):
        assert "start.safetensors" in refusal(lambda: archive.bring(file))
        assert not own.files(weights) and not workspaces.sees("weights", weights)
    row = replace(backbone("resnet18"), name="torchvision:resnet18", library="torchvision", builder="resnet18")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(tmp_path / "row.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("backbone.json", json.dumps(asdict(row)))
    with workspaces.acting(B):
        assert "Another backbone" in refusal(lambda: archive.bring(tmp_path / "row.zip"))
    assert not named.known()


def test_two_who_brought_the_same_weights_read_their_own_files_names() -> None:
    weights = "own:" + "5" * 16
    own.folder().mkdir(parents=True)
    own.path("resnet10", weights).write_bytes(b"theirs")
    own.note("resnet10", weights).write_text('{"source": "whoever came last.pt"}', encoding="utf-8")
    for mark, name in ((A, "a.pt"), (B, "b.pt"), (PRESENTER, "shown.pt")):
        workspaces.take("weights", weights, mark, name)
        workspaces.take("weights", weights, mark)
    for mark, name in ((A, "a.pt"), (B, "b.pt")):
        with workspaces.acting(mark):
            assert own.words("resnet10", weights).startswith(name) and own.known("resnet10")[0].source == name
    with workspaces.acting(PRESENTER):
        workspaces.publish("weights", weights)
    with workspaces.acting(workspaces.mark_of("d" * 32)):
        assert own.words("resnet10", weights) == "shown.pt (555555)"


def test_experiments_are_found_again_by_whose_they_are() -> None:
    plan = Plan(kind="budget", sizes=(1, 2))
    with workspaces.acting(A):
        kept.keep(plan)
        assert kept.started() == [plan]
    with workspaces.acting(B):
        assert kept.started() == []


BRING: dict[str, tuple[Callable[[int], str], Callable[[str], object]]] = {
    "pictures": (lambda i: uploads.keep(bytes([i])), uploads.read),
    "incoming": (lambda i: incoming.keep(io.BytesIO(bytes([i]))), incoming.path),
    "batches": (lambda i: batches.keep([("a", bytes([i]))]), batches.pictures),
    "experiments": (lambda i: (kept.keep(plan := Plan(kind="budget", sizes=(1, 2 + i))), plan.key)[1],
                    lambda key: [plan for plan in kept.started() if plan.key == key][0]),
}  # fmt: skip
"""Kind of what is kept for a while → what brings the i-th, and what reads it."""


@pytest.mark.parametrize("kind", BRING)
def test_what_one_visitor_brings_costs_nobody_elses_its_place(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_VISITOR_PICTURES", "10")
    monkeypatch.setattr(kept, "MOST", 10)
    bring, read = BRING[kind]
    with workspaces.acting(A):
        first = bring(0)
    with workspaces.acting(B):
        keys = [bring(i) for i in range(12)]
        assert read(keys[-1]) and len(workspaces.owned(B, kind)) <= 10
        with pytest.raises((ExplorerError, IndexError)):
            read(keys[0])
    monkeypatch.setattr(uploads, "KEPT", 1)
    monkeypatch.setattr(kept, "MOST", 1)
    if kind in ("pictures", "experiments"):  # which the command line brings too
        bring(20), bring(21)
    with workspaces.acting(A):
        assert read(first), "both brought it, and one gave it up"


def test_what_expires_leaves_nothing_but_what_others_have_or_see(home: Path) -> None:
    pets, published, shown = brought(A), brought(A, first="green"), brought(PRESENTER, first="pink")
    for mark in (A, B):
        with workspaces.acting(mark):
            shared_keys = [bring(0) for bring, _ in BRING.values()]
    with workspaces.acting(A):
        keys = [bring(1) for bring, _ in BRING.values()]
        run = stand_ins.finished_run(strategy="linear_probe")
        own_answer, others = GalleryQuestion(run=run), GalleryQuestion(run=run_of(B))
    for wanted in (own_answer, others):
        jobs.result(wanted)
        save(np.zeros(2), wanted.path)
    workspaces.note(workspaces.PUBLISHED, "sets", published)
    workspaces.note(workspaces.PUBLISHED, "sets", shown)
    for mark in (A, PRESENTER):
        expiry.remove(mark)
    left = "\n".join(map(str, (path for path in home.rglob("*") if "own_sets/" not in str(path.relative_to(home)))))
    assert run not in left and not any(key in left for key in keys) and all(key in left for key in shared_keys)
    assert not own_answer.path.is_file() and others.path.is_file()
    assert {kept.name for kept in own_sets.listing()} == {published, shown} and own_sets.find(pets) is None


def test_a_visitors_tabs_send_no_more_together_than_one_set_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_MAX_UPLOAD_GB", "0.000002")
    with workspaces.acting(A):
        first, second = parcels.open_parcel(), parcels.open_parcel()
    with workspaces.acting(B):
        of_b = parcels.open_parcel()
    parcels.put(first, "a.jpg", [b"x" * 1500])
    assert "your other tabs count too" in refusal(lambda: parcels.put(second, "b.jpg", [b"x" * 1000]))
    parcels.put(of_b, "b.jpg", [b"x" * 1000])
    parcels.put(first, "a.jpg", [b"x" * 1900]), parcels.take_back(first, "a.jpg")
    with parcels.receiving(second, "b.jpg") as one, parcels.receiving(second, "c.jpg") as two:
        one.write(b"x" * 1000)
        two.write(b"x" * 900)
        assert "2e-06 GB were sent" in refusal(lambda: two.write(b"x" * 200))
        two.drop()
        one.write(b"x" * 900)
        monkeypatch.setattr(two, "finish", lambda: None)
    assert [file.size for file in parcels.contents(second)] == [1900]


def test_starting_over_leaves_other_visitors_previews(home: Path) -> None:
    asked = []
    for mark in (A, B):
        with workspaces.acting(mark):
            asked.append(PreviewQuestion(parcel=parcels.open_parcel(), at="1"))
            jobs.result(asked[-1])
            save(np.zeros(2), asked[-1].path)
    with workspaces.acting(A):
        removing.close(asked[1].parcel)
        assert asked[1].path.is_file() and parcels.there(asked[1].parcel), "not theirs to close"
        removing.close(asked[0].parcel)
    assert not asked[0].path.is_file() and asked[1].path.is_file()


def test_an_upload_needs_its_ticket_which_is_not_in_the_pages_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with workspaces.acting(A):
        key = parcels.open_parcel()
    assert parcels.opened(parcels.ticket(key)) == key != parcels.ticket(key)
    absent = refusal(lambda: parcels.opened("0" * 32))
    for shown in (key, f"{key}-", f"{key}-{workspaces.seal(B, key)}", "", "é"):
        assert refusal(lambda shown=shown: parcels.opened(shown)) == absent
    monkeypatch.delenv("THAW_SHARED")
    local = parcels.open_parcel()
    assert parcels.ticket(local) == local == parcels.opened(local)


def test_local_use_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAW_SHARED")
    with workspaces.acting(A):
        run = stand_ins.finished_run(strategy="linear_probe")
    workspaces.install(lambda: B)
    before = gate._acting.set(None)  # not the fixture's everything()
    assert workspaces.viewer() is None and runs.read(run).id == run and limits.server_folders()
    monkeypatch.setenv("THAW_SHARED", "1")
    assert workspaces.viewer() == B and "no run" in refusal(lambda: runs.read(run))
    gate._acting.reset(before)


def test_the_token_is_shown_for_one_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A presenter's browser that opens a participant's workspace to help does not make it a presenter's."""
    helper, helped, token = "d" * 32, "e" * 32, workspaces.token()
    for name, cookie, presents in (
        (helped, f"{token}:{helper}", False), (helped, token, False), (helped, f"guess:{helped}", False),
        (helper, f"{token}:{helper}", True), (helper, "", True),
    ):  # fmt: skip
        browser = SimpleNamespace(cookies={mine.COOKIE: name, mine.TOKEN: cookie})
        monkeypatch.setattr(mine, "st", SimpleNamespace(context=browser, session_state={}))
        mine.enter()
        assert mine.presents() is presents, cookie
    assert not workspaces.is_presenter(workspaces.mark_of(helped))


def test_a_sealed_address_opens_for_one_workspace() -> None:
    assert workspaces.seal(A, "key") == workspaces.seal(A, "key") != workspaces.seal(B, "key")
    for text in ("", "x", "../" * 11, "g" * 32, "A" * 32):
        with pytest.raises(ValueError):
            workspaces.mark_of(text)
