"""What answers looks on a node: a process that keeps networks warm, in a folder of its own within the node's."""

import os
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import explorer
from explorer.answers import save
from explorer.errors import ExplorerError
from explorer.home import runs_folder
from explorer.question import Question, restored
from explorer.worker.cluster.job import Ask, LookUpdate, Piece
from explorer.worker.cluster.node import ProgressReporter, folder, said_at_home, settle
from explorer.worker.cluster.parcels import missing, unpack
from explorer.worker.handlers import answer, loading

EVERY = 0.1  # seconds between two looks at how far an answer is
SHARED = ("datasets", "own_sets", "weights", "folders", "torch")  # what trainings of the node fetch too
KEPT = 32  # runs whose folders stay on the node


class Looker:
    """Answers one look after the other. What it imports and loads stays, so that the next one is quick; `get` fetches a piece."""

    def __init__(self, node: str, get: Callable[[Any], Piece]) -> None:
        self.node, self.get = node, get
        self.home = folder(node) / "looks"
        self.home.mkdir(exist_ok=True)
        for name in SHARED:
            (self.home.parent / name).mkdir(exist_ok=True)
            with suppress(FileExistsError):
                (self.home / name).symlink_to(self.home.parent / name)
        os.environ["THAW_HOME"] = str(self.home)
        for _ in loading():
            pass  # nobody waits for it yet

    def answer(self, ask: Ask) -> Iterator[LookUpdate]:
        """Answer a question, and say meanwhile how far it is."""
        if ask.version != explorer.__version__:
            words = f"The node {self.node[:8]} has Thaw {explorer.__version__}, the server {ask.version}."
            yield LookUpdate(0.0, words, ended=True)
            return
        try:
            settle(ask, self.home)
            for parcel in missing(ask.parcels, self.home.parent):
                yield LookUpdate(0.0, "Fetching runs, pictures and weights")
                unpack(parcel, self.home.parent, self.get)
            self._show(ask.runs)
            question = restored(ask.name, ask.fields)
        except ExplorerError as error:
            yield LookUpdate(0.0, said_at_home(ask, self.home, str(error)), ended=True)
            return
        telling, ended = ProgressReporter(), list[str]()
        thread = Thread(target=_answer, args=(question, telling, ended), name="look", daemon=True)
        thread.start()
        said = telling.latest
        while thread.is_alive():
            thread.join(EVERY)
            if telling.latest != said:
                said = telling.latest
                yield LookUpdate(*said)
        if ended:
            yield LookUpdate(1.0, said_at_home(ask, self.home, ended[0]), ended=True)
        else:
            yield LookUpdate(1.0, "", question.path.read_bytes(), ended=True)
            question.path.unlink(missing_ok=True)

    def _show(self, wanted: dict[str, str]) -> None:
        """Let the folders of runs be found under their names; of those that were wanted before the latest stay."""
        runs_folder().mkdir(exist_ok=True)
        for run, place in wanted.items():
            link = runs_folder() / run
            link.unlink(missing_ok=True)
            link.symlink_to(self.home / place)
        links = sorted(runs_folder().iterdir(), key=lambda link: link.lstat().st_mtime, reverse=True)
        for link in links[max(KEPT, len(wanted)) :]:
            shutil.rmtree(link.resolve(), ignore_errors=True)
            link.unlink(missing_ok=True)


def _answer(question: Question[Any], telling: ProgressReporter, ended: list[str]) -> None:
    """The look's thread: it sets on how many threads torch computes, and leaves why there is no answer, if so."""
    from explorer.models import devices  # here, since it loads torch

    try:
        devices.set_threads()
        save(answer(question, telling), question.path)
    except ExplorerError as error:
        ended.append(str(error))
    except BaseException as error:
        traceback.print_exc()
        ended.append(f"{type(error).__name__}: {error}")
