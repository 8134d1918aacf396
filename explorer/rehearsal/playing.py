"""What participants do, each by a session of their own: open pages, walk the lesson, start a probe, compare, bring pictures."""

import io
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from explorer.rehearsal.session import LONGEST as PATIENCE
from explorer.rehearsal.session import Closed, Lost, VisitorSession

PICTURES = 20
RUSH = 10.0
"""Seconds within which all participants arrive."""
MOST = 200
"""Participants that one machine is asked to play at most."""
LONGEST = 1800.0
"""Seconds that a class may be played at most."""


@dataclass
class Tally:
    """What all sessions saw, filled from many threads: seconds of each rerun by page, what failed, after how long sessions
    that were cut off had their page again, probes started, files sent."""

    reruns: list[tuple[str, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: set[int] = field(default_factory=set)
    returned: list[float] = field(default_factory=list)
    probes: int = 0
    refused: int = 0
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rerun(self, page: str, seconds: float) -> None:
        """A rerun came to its end."""
        self.reruns.append((page, seconds))

    def failure(self, who: int, why: str) -> None:
        """A session was lost."""
        with self.lock:
            self.failed.add(who)
            self.failures.append(why)


class Class:
    """A class on the server at a port: `play` lets each participant act until the time is over, then all leave."""

    def __init__(self, port: int, participants: int, base: str = "", think: tuple[float, float] = (2.0, 6.0)) -> None:
        if not 1 <= participants <= MOST:
            raise ValueError(f"{participants} participants: allowed are 1 to {MOST}")
        self.tally = Tally()
        self._port, self._base, self._think = port, base, think
        self._over = threading.Event()
        self._end = 0.0
        self._threads = [threading.Thread(target=self._live, args=(n,), daemon=True) for n in range(participants)]

    def start(self, seconds: float) -> None:
        """Let them come, within a few seconds, and act for that long."""
        self._end = time.monotonic() + min(seconds, LONGEST)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End it early; those who wait for an answer wait it out."""
        self._over.set()

    def join(self, longest: float = 120.0) -> int:
        """Wait until all have left; how many have not within that many seconds."""
        until = max(self._end, time.monotonic()) + longest
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return sum(thread.is_alive() for thread in self._threads)

    def _live(self, who: int) -> None:
        """A participant's time: acts in turn, each beginning with another. Who is cut off tries again, as a browser does, and is
        lost after a minute without an answer."""
        chance = random.Random(who)
        self._over.wait(chance.uniform(0, RUSH))
        browser, page, turn, cut = f"thaw_browser={chance.getrandbits(128):032x}; thaw_width=1280", "home", who, 0.0
        while not self._done() or cut:
            session = VisitorSession(self._port, self._base, self.tally.rerun)
            try:
                session.connect(browser)
                session.open(page)
                if cut:
                    self.tally.returned.append(time.monotonic() - cut)
                    cut = 0.0
                while not self._done():
                    ACTS[turn % len(ACTS)](Participant(session, self.tally, chance, self._pause(session, chance)))
                    turn += 1
            except Lost as lost:
                page, now = session.page or page, time.monotonic()
                cut = cut or now
                if not isinstance(lost, Closed) or now - cut > PATIENCE:
                    self.tally.failure(who, str(lost))
                    cut = 0.0
                time.sleep(1.0)
            finally:
                session.close()

    def _done(self) -> bool:
        return self._over.is_set() or time.monotonic() > self._end

    def _pause(self, session: VisitorSession, chance: random.Random) -> Callable[[], None]:
        def pause() -> None:
            left = self._end - time.monotonic()
            session.stay(0.0 if self._over.is_set() else max(0.0, min(chance.uniform(*self._think), left)))

        return pause


@dataclass(frozen=True)
class Participant:
    """One of the class at work."""

    session: VisitorSession
    tally: Tally
    chance: random.Random
    pause: Callable[[], None]


def learn(one: Participant) -> None:
    """Read a step of the lesson, and go on to the next."""
    step = one.chance.randint(1, 7)
    one.session.open("lessons", f"step={step}")
    one.pause()
    if one.session.shows(f"lesson_to_{step + 1}"):
        one.session.press(f"lesson_to_{step + 1}")
        one.pause()


def train(one: Participant) -> None:
    """Start a linear probe, the recipe as it stands, and watch it for a while."""
    one.session.open("training")
    one.pause()
    one.session.press("train_start")
    with one.tally.lock:
        one.tally.probes += 1
    for _ in range(3):
        one.pause()
    one.session.again()


def compare(one: Participant) -> None:
    """Look at two runs: which images changed, how far the stages moved, another picture."""
    for page in ("images", "similarity", "features"):
        one.session.open(page)
        one.pause()
    one.session.again(f"image={one.chance.randint(0, 40)}")
    one.pause()


def bring(one: Participant) -> None:
    """Send twenty pictures, look at what they would be as a data set, and throw them away again."""
    one.session.open("bring")
    one.pause()
    for n in range(PICTURES):
        status = one.session.send(f"{'lying' if n % 2 else 'standing'}/{n}.jpg", picture(one.chance, n % 2 == 0))
        with one.tally.lock:
            one.tally.sent += status == 200
            one.tally.refused += status != 200
    one.session.again()
    one.pause()
    if one.session.shows("bring_clear"):
        one.session.press("bring_clear")


ACTS = (learn, train, compare, bring)


def picture(chance: random.Random, standing: bool, size: int = 96) -> bytes:
    """A noisy JPEG of stripes."""
    rng = np.random.default_rng(chance.getrandbits(32))
    stripes = (np.arange(size) // 8 % 2 * 120).astype(np.uint8)
    pixels = (
        rng.integers(0, 120, (size, size, 3), dtype=np.uint8) + (stripes if standing else stripes[:, None])[..., None]
    )
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()
