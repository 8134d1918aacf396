"""A class played on this machine: sessions without a browser, behind a proxy's path too; the verdict; cards to print."""

import json
import random
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from explorer import cli, jobs, runs
from explorer.app.card import cards
from explorer.bundle import ASSETS
from explorer.own_sets import parcels
from explorer.rehearsal import measuring, playing
from explorer.rehearsal.measuring import Measurements
from explorer.rehearsal.playing import Class, picture
from explorer.rehearsal.server import Server, server
from explorer.rehearsal.session import Closed, Lost, VisitorSession
from explorer.rehearsal.verdict import spoken, verdict

pytestmark = pytest.mark.long(40)
BASE = "/class/thaw"


class Shaky:
    """A session whose first answer breaks off, and whose server is then away `away` times."""

    away, opened, cookies = 2, 0, []

    def __init__(self, *_: object) -> None:
        self.page = ""

    def connect(self, cookie: str) -> None:
        Shaky.cookies.append(cookie)
        if Shaky.opened and Shaky.away:
            Shaky.away -= 1
            raise Closed("no session: refused")

    def open(self, page: str, query: str = "") -> None:
        self.page, Shaky.opened = page, Shaky.opened + 1
        if Shaky.opened in (2, 4):
            raise (
                Closed("images: ConnectionClosedError") if Shaky.opened == 2 else Lost("the page images shows an error")
            )

    def stay(self, seconds: float) -> None: ...

    def close(self) -> None: ...


def test_who_is_cut_off_comes_back_to_the_page_and_who_meets_an_error_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "VisitorSession", Shaky)
    monkeypatch.setattr(playing, "RUSH", 0.0)
    monkeypatch.setattr(playing, "ACTS", (lambda one: one.session.open("images"),))
    monkeypatch.setattr(playing.time, "sleep", lambda seconds: None)
    played = Class(1, 1)
    monkeypatch.setattr(played, "_done", lambda: Shaky.opened > 3)
    played.start(60)
    assert played.join(30) == 0
    assert len(played.tally.returned) == 1 and played.tally.failures == ["the page images shows an error"]
    assert len({*Shaky.cookies}) == 1 and len(Shaky.cookies) >= 4, "the same browser, as often as it takes"


@pytest.fixture
def running(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server behind a path, with the sample runs; without a worker, since the test holds its lock."""
    monkeypatch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
    with jobs.worker_lock(), server(home=home, STREAMLIT_SERVER_BASE_URL_PATH=BASE.strip("/")) as started:
        jobs.beat("worker", "ready")
        yield started


def status(running: Server, path: str) -> int:
    try:
        with urllib.request.urlopen(f"{running.address}{path}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_session_does_what_a_participant_does_behind_a_path(running: Server, home: Path) -> None:
    heard: list[bytes] = []
    session = VisitorSession(running.port, BASE)
    take_in = session._hear
    session._hear = lambda raw, found: heard.append(raw) or take_in(raw, found)
    session.connect(f"thaw_browser={'0' * 32}; thaw_width=1280")
    session.open("home")
    session.open("lessons", "step=2")
    session.press("lesson_to_3")
    session.open("images")
    session.open("training")
    session.press("train_start")
    session.open("bring")
    assert session.send("lying/1.jpg", picture(random.Random(0), False)) == 200
    session.send("lying/2.jpg", b"x" * 200_000, part=0.5)
    session.again()
    said = b"".join(heard)
    with pytest.raises(Lost, match="no button 'no such'"):
        session.press("no such")
    session.close()
    (run,) = (run for run in runs.listing() if not run.sample)
    assert run.state == "queued" and run.recipe is not None and run.recipe.strategy == "linear_probe"
    assert [one.name for one in parcels.contents(session.parcel)] == ["lying/1.jpg"], "half a file is no file"
    ours = {found[1] + found[2] for found in re.finditer(rb"(.)(/(?:api/\w+|glossary\?term=))", said)}
    assert b"/glossary?term=" in {one[1:] for one in ours}, "terms are links"
    assert all(re.search(re.escape(BASE.encode()) + re.escape(one[1:]), said) for one in ours)
    if sys.platform == "linux":
        mapped = {Path(file.path).parent.name for file in running.process.memory_maps()}
        assert "uvloop" in mapped, "asyncio's own loop is woken through a socket for each part of a page"
    bare = re.findall(rb"[\"'(](/(?:api/\w+|glossary\?)[^\"')]{0,20})", said)
    assert not bare, f"an address without the path: {bare[:3]}"
    for path in ("/healthz", f"{BASE}/healthz", f"{BASE}/api/handout/en/1", f"{BASE}/images"):
        assert status(running, path) == 200, path
    jobs.beat("worker", "ready")
    assert status(running, f"{BASE}/readyz") == 200
    assert status(running, "/images") == 404, "what is not beneath the path is another's"


def test_a_small_class_acts_and_leaves(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "RUSH", 1.0)  # else two of the three arrive when it is over
    played = Class(running.port, 3, BASE, think=(0.1, 0.3))
    played.start(5)
    assert played.join(60) == 0
    tally = played.tally
    assert not tally.failures and tally.reruns and not tally.refused
    with pytest.raises(ValueError, match="allowed are 1 to"):
        Class(running.port, 0)


WELL = Measurements(
    participants=30, seconds=60, reruns=(("home", 0.1), ("images", 0.4), ("images (part)", 9.0)), sessions_failed=0,
    failures=(), probes=2, finished=2, lost=0, waits=(1.0, 3.0), memory_before=200, memory_most=290, memory_after=210,
    queue_left=0, files_left=0, sent=20, refused=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reruns": (("home", 2.0),)}, "95 in 100 within 2.00 s"),
        ({"sessions_failed": 1, "failures": ("home: gone",)}, "1 of 30 participants lost their session: home: gone"),
        ({"lost": 1, "finished": 1}, "2 probes were started, 1 finished, 1 lost"),
        ({"waits": (30.0,)}, "waited at most 30.0 s"),
        ({"memory_most": 500}, "took 10.0 MB"),
        ({"memory_after": 260}, "held 260 MB"),
        ({"files_left": 3}, "3 files were left behind"),
        ({"reruns": ()}, "0 clicks"),
    ],
)
def test_the_verdict_names_what_does_not_hold(change: dict[str, object], words: str) -> None:
    assert all(line.holds for line in verdict(WELL)) and spoken(WELL)["holds"]
    found = replace(WELL, **change)
    (wrong,) = (line for line in verdict(found) if not line.holds)
    assert words in wrong.words and not spoken(found)["holds"]


def test_the_rehearsal_says_by_its_exit_code_whether_it_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.setattr(measuring, "rehearse", lambda n, seconds, say: asked.append((n, seconds)) or WELL)
    assert cli.main(["rehearse", "--participants", "12", "--minutes", "0.5"]) == 0
    assert asked == [(12, 30.0)] and "30 participants will work well here" in capsys.readouterr().out
    monkeypatch.setattr(measuring, "rehearse", lambda n, seconds, say: replace(WELL, lost=1))
    assert cli.main(["rehearse", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["holds"] is False
    for wrong in (["--participants", "0"], ["--participants", "201"], ["--minutes", "0"], ["--minutes", "31"]):
        assert cli.main(["rehearse", *wrong]) == 2
        assert "Allowed" in capsys.readouterr().err


def test_a_card_holds_the_address_as_text_and_as_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address, file = "http://192.168.1.5:8501/?a=x&b=y", tmp_path / "card.html"
    assert cli.main(["card", address, "--out", str(file), "--copies", "3", "--title", "A <b>workshop</b>"]) == 0
    page = file.read_text(encoding="utf-8")
    assert page.count("<section>") == page.count("<svg") == 3
    assert re.findall(r'<svg [^>]*viewBox="0 0 (\d+) \1"', page) and not re.search(r"<svg [^>]*width=", page), "cut off"
    assert "http://192.168.1.5:8501/?a=x&amp;b=y" in page and "A &lt;b&gt;workshop&lt;/b&gt;" in page
    assert not re.search(r"(src|href)=", page), "nothing is fetched"
    assert cards("http://a", copies=1).count("<section>") == 1
    capsys.readouterr()
    for wrong in (["javascript:x"], ["192.168.1.5"], ['http://a"b'], [address, "--copies", "9"]):
        assert cli.main(["card", *wrong, "--out", str(tmp_path / "no.html")]) == 2
    assert not (tmp_path / "no.html").exists()
    capsys.readouterr()
    assert cli.main(["card", address, "--out", "-", "--copies", "3", "--title", "A <b>workshop</b>"]) == 0
    assert capsys.readouterr().out == f"{page}\n", "what is piped into a file is the page alone"
    assert cli.main(["card", address, "--out", "-", "--copies", "3", "--title", "A <b>workshop</b>", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"address": address, "page": page}
