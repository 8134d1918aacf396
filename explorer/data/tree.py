"""Which folders of a tree are splits and which are classes: judged by what they hold, names are a hint.

A split is a folder of class folders whose name says train, val or test; siblings that hold the same sub-folders and have such
a word anywhere in their names are splits too. A folder of pictures among folders of pictures is a class, whatever its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from explorer.data import doubts
from explorer.data.roles import IMAGES, are_parts, hidden_role, natural, near_miss, role, spelled_alike
from explorer.errors import ExplorerError

SPLITS = ("train", "val", "test")
FORM = "Expected: one sub-folder per class with pictures in it, or train/ and val/ or test/ with such sub-folders."
NO_FOLDERS = "lies beside the splits and is none of them, or has no class folders"
_TWICE = "holds folders named like the classes beside it"
_BESIDE = "it lies beside the class folders, in none of them"


class Unlabelled(ExplorerError):
    """A tree whose folders do not tell the classes: a table, or the files' names, may."""


@dataclass
class Folder:
    """A folder of pictures: `path` below the set's own folder, sub-folders by name, pictures directly in it."""

    path: str = ""
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]

    def below(self) -> Iterator[str]:
        """All pictures in it, at any depth."""
        waiting: list[Folder] = [self]
        while waiting:
            here = waiting.pop()
            yield from here.files
            waiting.extend(here.folders.values())

    @property
    def holds_folders(self) -> bool:
        """Whether most of its pictures lie in folders of its own."""
        return bool(self.folders) and 2 * len(self.files) < sum(1 for _ in self.below())


@dataclass
class Plan:
    """Picture → (split, class); left out → reason; and what to know."""

    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, pictures: Iterable[str], split: str, kind: str) -> None:
        """These are pictures of that class in that split."""
        self.places.update(dict.fromkeys(pictures, (split, kind)))

    def leave(self, pictures: Iterable[str], reason: str) -> None:
        """These are not used."""
        self.left_out.update(dict.fromkeys(pictures, reason))

    @property
    def classes(self) -> tuple[str, ...]:
        """In natural order."""
        return tuple(sorted({kind for _, kind in self.places.values()}, key=natural))


def plan(pictures: Sequence[str], name: str = "The folder") -> Plan:
    """Where each picture belongs, by its path (`a/b.jpg`); `name` is the folder's in messages.

    Raises ExplorerError for a tree that is no set of classes, `Unlabelled` where something else may tell them.
    """
    top = _tree(pictures)
    start = _unwrapped(top)
    made = Plan()
    made.leave(set(top.below()) - set(start.below()), f"it lies outside of {start.path}, which holds the classes")
    made.leave(start.files, _BESIDE)
    splits = _splits(start)
    if splits:
        _take_splits(made, start, splits)
        _match_classes(made)
    elif _upside_down(start):
        for kind in start.folders.values():
            made.leave(kind.files, _BESIDE)
            for part in kind.folders.values():
                if (split := role(part.name)) in SPLITS:
                    made.put(part.below(), split, kind.name)
                else:
                    made.leave(part.below(), "it lies in a class folder, in none of its splits")
        made.notes.append("The splits lie inside of the class folders.")
    else:
        _refuse(start, name)
        for kind in _once(made, start):
            made.put(kind.below(), "train", kind.name)
        made.notes += doubts.of_folders({name: set(kind.folders) for name, kind in start.folders.items() if kind.holds_folders},
                                        len(start.folders))  # fmt: skip
        made.notes += doubts.of_names(start.folders)
    return made


def _tree(pictures: Iterable[str]) -> Folder:
    top = Folder()
    for picture in pictures:
        here = top
        *folders, _ = picture.split("/")
        for i, part in enumerate(folders):
            here = here.folders.setdefault(part, Folder("/".join(folders[: i + 1])))
        here.files.append(picture)
    return top


def _unwrapped(folder: Folder) -> Folder:
    """The folder, or the only one in it, and so on, down to where folders lie side by side."""
    while len(folder.folders) == 1:
        only = next(iter(folder.folders.values()))
        same = only.name == folder.name
        if not (only.holds_folders or same) or len(folder.files) > sum(1 for _ in only.below()):
            break
        folder = only
    return folder


def _once(made: Plan, start: Folder) -> list[Folder]:
    """The class folders, without those that hold the set once more: folders named like at least two, and most, of the others."""
    shared = {name: (set(child.folders) & set(start.folders)) - {name} for name, child in start.folders.items()}
    again = [name for name, twins in shared.items() if len(twins) > 1 and 2 * len(twins) >= len(shared) - 1]
    again = again if len(shared) - len(again) > 1 else []
    for name in again:
        made.leave(start.folders[name].below(), f"it lies in {name}, which {_TWICE}")
        made.notes.append(f"{name} {_TWICE}, and was left out.")
    return [child for name, child in start.folders.items() if name not in again]


def _flat(folder: Folder) -> bool:
    """Whether nothing tells classes apart in it: loose pictures, or one folder called images."""
    return not folder.holds_folders or (len(folder.folders) == 1 and next(iter(folder.folders)).lower() in IMAGES)


def _splits(start: Folder) -> dict[str, str]:
    """Name of a sub-folder → its split, or `unlabelled`; empty where the sub-folders are classes."""
    inner = {name: _unwrapped(child) for name, child in start.folders.items()}
    holding = {name: set(child.folders) for name, child in inner.items() if not _flat(child)}
    roles = {name: role(name) for name in start.folders}
    for name, kinds in holding.items():
        if not roles[name] and any(_overlap(kinds, other) for twin, other in holding.items() if twin != name):
            roles[name] = hidden_role(name)
    if "train" not in {roles[name] for name in holding}:
        return {}
    known = {name for name in holding if roles[name] in SPLITS}
    kinds = set().union(*(holding[name] for name in known if roles[name] == "train"))
    strangers = [name for name in start.folders if not roles[name]]
    alike = len({roles[name] for name in known}) > 1 and any(
        _overlap(kinds, holding[name]) for name in known if roles[name] != "train"
    )
    if strangers and not alike and len(set(roles.values()) - {""}) < 2:
        return {}  # `car`, `plane` and `train`, the last one with folders of its own
    return {name: roles[name] if name in known else "unlabelled" for name in start.folders}


def _overlap(one: set[str], other: set[str]) -> bool:
    """Whether at least half of the smaller set of names is in the other, but for case."""
    one, other = {name.casefold() for name in one}, {name.casefold() for name in other}
    return 2 * len(one & other) >= min(len(one), len(other)) > 0


def _take_splits(made: Plan, start: Folder, splits: Mapping[str, str]) -> None:
    for name, split in splits.items():
        child = _unwrapped(start.folders[name])
        if split == "unlabelled" or _flat(child):
            made.leave(start.folders[name].below(), f"{name} {NO_FOLDERS}")
            continue
        made.leave(start.folders[name].below(), "it lies in a split, in no class folder")
        for kind in child.folders.values():
            for picture in kind.below():
                made.left_out.pop(picture, None)
            made.put(kind.below(), split, kind.name)


def _match_classes(made: Plan) -> None:
    """Give classes of val and test the names that they have in train; what is no class there is left out, or a slip."""
    learned = {kind for split, kind in made.places.values() if split == "train"}
    others = sorted({(split, kind) for split, kind in made.places.values() if split != "train" and kind not in learned})
    for split, kind in others:
        inside = [picture for picture, place in made.places.items() if place == (split, kind)]
        if twin := spelled_alike(kind, learned):
            made.put(inside, split, twin)
            made.notes.append(f"{kind!r} in {split} was taken as {twin!r}, as it is spelled in train.")
            continue
        if twin := near_miss(kind, learned):
            raise ExplorerError(
                f"The class {kind!r} has 0 readable training pictures: {split} has it, train does not. Did you mean {twin!r}, "
                f"which train has? Give both folders one name, or remove one."
            )
        for picture in inside:
            del made.places[picture]
        made.leave(inside, f"{kind!r} in {split} is no class of the training pictures")
        made.notes.append(f"{kind!r} in {split} is no class of train: its {len(inside)} pictures were left out.")


def _upside_down(start: Folder) -> bool:
    """Whether each folder is a class with the splits inside."""
    parts = [[role(part) for part in child.folders] for child in start.folders.values()]
    flat = all(not part.folders for child in start.folders.values() for part in child.folders.values())
    inside = all(child.holds_folders for child in start.folders.values())
    known = all("train" in roles for roles in parts) and any({*roles} & {"val", "test"} for roles in parts)
    return len(parts) > 1 and flat and inside and known


def _refuse(start: Folder, name: str) -> None:
    """Raises ExplorerError where the sub-folders are no classes either."""
    where = f"{name}{f' ({start.path})' if start.path else ''}"
    if not start.folders:
        loose = f" but {len(start.files)} loose pictures" if start.files else ""
        raise Unlabelled(f"{where} has no sub-folders{loose}. {FORM} Sort the pictures into one sub-folder per class.")
    roles = {child: role(child) for child in start.folders}
    if all(roles.values()) and len(start.folders) > 1:
        listed = " and ".join(start.folders)
        if "train" in roles.values():
            raise Unlabelled(
                f"{where} has {listed}, which look like splits, but hold pictures without class folders. {FORM} Sort each into "
                f"one sub-folder per class; if these two are the classes, give them other names."
            )
        if any(not _flat(child) for child in start.folders.values()):
            raise ExplorerError(
                f"{where} has {', '.join(start.folders)} but no train. {FORM} Add a train folder, or give a folder with "
                f"classes only, then all splits are drawn from it."
            )
    if are_parts(start.folders) and all(map(_flat, start.folders.values())):
        raise Unlabelled(
            f"{where} has {', '.join(list(start.folders)[:3])}, which look like parts of one heap, not like classes. {FORM} "
            f"Sort the pictures into one sub-folder per class."
        )
    for child in start.folders.values():
        if _splits(child) and not _flat(child):
            raise ExplorerError(
                f"{where} seems to hold whole data sets, not classes: {child.name} has a train folder. {FORM} Give "
                f"{child.path!r} instead."
            )
    if len(start.folders) == 1:
        only = next(iter(start.folders))
        raise Unlabelled(
            f"{where} has one class only ({only!r}). {FORM} Add a class; or, if the classes lie deeper, give the folder that "
            f"holds them."
        )
