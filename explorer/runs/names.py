"""What people call a run: its name, a note and a star. Kept beside the run folders, so that runs which ship stay as they are."""

import hashlib
import json
import time
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer import workspaces
from explorer.errors import ExplorerError
from explorer.home import names_folder, write_aside

LONGEST, LONGEST_NOTE = 40, 500  # characters

_ADJECTIVES = (
    "amber ashen azure blue bold brave bright bronze calm clear clever cobalt coral cosy crimson daring dawn dusky early "
    "fair fleet fond frosty gentle glad golden grand green happy hazel humble indigo ivory jade jolly keen kind lilac lively "
    "lucky lunar maple mellow merry mild misty noble ochre olive opal pale patient pearl plum proud quick quiet rosy ruby "
    "rustic sage sandy scarlet serene silver sleek snowy solar steady stout sunny swift tawny teal tidy velvet violet warm "
    "wise"
)
_ANIMALS = (
    "adder badger bat bear beaver bee bison bittern boar bream buzzard camel carp cat cicada cod condor coot crab crane "
    "cricket crow curlew deer dingo dove duck eagle eel egret elk falcon fawn ferret finch firefly fox frog gecko gibbon goose "
    "grouse gull hare hawk heron hornet ibex ibis jackdaw jay kestrel kite koala lark lemur linnet lizard llama loach lynx "
    "magpie marten merlin mink mole moose moth newt ocelot orca oriole osprey otter owl panda perch pika pike plover puffin "
    "quail rabbit raven robin rook salmon seal shrew shrike siskin skua sloth snipe sparrow squid stoat stork swan swift tapir "
    "teal tern thrush tiger toad trout turtle viper vole walrus warbler wasp weasel whale wolf wombat wren yak zebra"
)
_FIRST, _SECOND = _ADJECTIVES.split(), _ANIMALS.split()


@dataclass(frozen=True)
class Naming:
    """What somebody gave a run; an empty `name` means that it goes by its generated one."""

    name: str = ""
    note: str = ""
    starred: bool = False


def moment(now: float) -> str:
    """How the id of a run begins that was made then, so that ids sort by time."""
    seconds, thousandths = divmod(round(now * 1000), 1000)
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(seconds))}{thousandths:03d}"


def generated(run: str) -> str:
    """A name that is easy to say, e.g. `amber heron`; drawn by the run's id, so that it is the same wherever the run is read."""
    number = int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big")
    return f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST) % len(_SECOND)]}"


def file_of(run: str) -> Path:
    """Where the naming of a run lies, if anybody gave it one: beside the runs for their owner, in the visitor's own workspace for
    a run that they may only look at."""
    me = workspaces.viewer()
    if me is not None and not workspaces.changes("runs", run):
        own = workspaces.folder(me) / "names" / f"{run}.json"
        if own.is_file() or not workspaces.published("runs", run):
            return own
    return names_folder() / f"{run}.json"


def _own_file(run: str) -> Path:
    """Where who is looking may write the naming of a run."""
    me = workspaces.viewer()
    if me is None or workspaces.changes("runs", run):
        return names_folder() / f"{run}.json"
    return workspaces.folder(me) / "names" / f"{run}.json"


def naming(run: str) -> Naming:
    """What a run was given; nothing where nobody gave it anything, or where the file is damaged."""
    try:
        found = json.loads(file_of(run).read_text(encoding="utf-8"))
        return Naming(str(found["name"]), str(found["note"]), bool(found["starred"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Naming()


def name(run: str) -> str:
    """What a run goes by: its given name, else its generated one."""
    return naming(run).name or generated(run)


def keep(run: str, wanted: Naming) -> None:
    """Give a run a name, a note, a star, or take them away. Raises ExplorerError for a name that it cannot go by."""
    called, note = one_line(wanted.name), wanted.note.strip()
    if not run or Path(run).name != run:
        raise ExplorerError(f"There is no run {run[:80]!r} that could be named.")
    if called and (called == "latest" or not called[0].isalnum() or len(called) > LONGEST):
        raise ExplorerError(
            f"A run cannot go by the name {called[: 2 * LONGEST]!r}. Allowed: up to {LONGEST} characters, the first a letter "
            f"or a digit, and not 'latest'. An empty name gives back the generated one."
        )
    if len(note) > LONGEST_NOTE:
        raise ExplorerError(f"The note has {len(note)} characters. Allowed: up to {LONGEST_NOTE}. Shorten it.")
    text = json.dumps(asdict(Naming("" if called == generated(run) else called, note, wanted.starred)))
    path = _own_file(run)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(path, lambda part: part.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise workspaces.refused("The name cannot be kept", path.parent, error) from error


def one_line(text: str) -> str:
    """Without line breaks, control or direction-changing characters, and double spaces."""
    return " ".join(
        "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C").split()
    )
