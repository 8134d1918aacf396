"""What the name of a folder says of its part in a set: train, val, test, or pictures without labels. A hint, never a proof:
`tree` asks what the folder holds."""

import re
from collections.abc import Collection
from difflib import get_close_matches

_WORDS = {
    "train": "train training trainset trainingset traindata trainimages trn tr trainval learn learning",
    "val": "val valid validation validate valset validset validationset valdata dev devset eval evaluation",
    "test": "test testing tests testset testingset testdata testimages tst holdout",
    "unlabelled": "pred predict prediction predictions unlabelled unlabeled extra sample samples demo submission query inference",
}
_ROLE = {word: role for role, words in _WORDS.items() for word in words.split()}
_WITHIN = {
    "train": re.compile(
        "train|trein|entren|entrai?n|apprent|addestr|trén|trening|træning|träning|lern|e[gğ]itim|develop|обуч|трен|训练|訓練|学習"
    ),
    "val": re.compile("(?<!in)(?<!inter)val(?!ue|ve|ley)|walid|do[gğ]rulama|валид|провер|验证|驗證|検証"),
    "test": re.compile("test|prueba|prüf|prova|collaudo|essai|тест|测试|測試|テスト|試験"),
}
"""Parts of names, in some languages, that say so of folders which look like splits by what they hold."""
_SLIPS = {word: role for role, words in (("train", "train training"), ("val", "valid validation"), ("test", "test testing"))
          for word in words.split()}  # fmt: skip
_SHORT = {"tr": "train", "va": "val", "vl": "val", "te": "test", "ts": "test"}
_IMAGES = "images image imgs img jpegimages jpg jpeg png pictures photos pics bilder fotos"
IMAGES = frozenset(_IMAGES.split())
"""Names of folders that say no more than that there are pictures in them."""
_PARTS = IMAGES | {"part", "batch", "chunk", "shard"}
_ONE = "patient subject subj person case study series scan film video clip sequence site camera session slide"
_WHO = re.compile(rf"(?<![a-z])({_ONE.replace(' ', '|')})s?[ _.\-]*(\d+)", re.IGNORECASE)


def role(name: str) -> str:
    """`train`, `val`, `test` or `unlabelled` where one of the name's words says so and no other contradicts; else empty.

    `seg_train`, `Training Set`, `TrainSet`, `images-val`, `test1`, `val2017` have one; `trainer`, `invalid`, `test_train` none.
    """
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    whole = "".join(re.findall(r"[a-z]+", name.lower()))
    found = {_ROLE[word.lower()] for word in (*words, whole) if word.lower() in _ROLE}
    return found.pop() if len(found) == 1 else ""


def hidden_role(name: str) -> str:
    """As `role`, but anywhere in the name (`mytraindata`): for siblings that look like splits by what they hold."""
    found = {part for part, within in _WITHIN.items() if within.search(name.lower())}
    near = [word for word in get_close_matches(name.lower(), _SLIPS, n=1, cutoff=0.78) if word[0] == name[:1].lower()]
    slip = _SLIPS[near[0]] if near else ""
    return role(name) or (found.pop() if len(found) == 1 else _SHORT.get(name.lower(), "" if found else slip))


def are_parts(names: Collection[str]) -> bool:
    """Whether folders of these names are parts of one heap (`images_001`, `images_002`; `part1`, `part2`): alike but for numbers,
    and named like pictures or parts."""
    alike = {re.sub(r"\d+", "#", name.lower()) for name in names}
    return len(names) > 1 and len(alike) == 1 and not _PARTS.isdisjoint(re.findall(r"[a-z]+", alike.pop()))


def names_one(name: str) -> bool:
    """Whether a folder is named like one patient, film or place (`patient_003`, `Video 7`)."""
    return _WHO.match(name) is not None


def who(name: str) -> str:
    """The patient, film or place that a file's name tells (`left_Patient-003_2.png`: `patient 3`), the first of several; else
    empty."""
    found = _WHO.search(name)
    return f"{found[1].lower()} {int(found[2])}" if found else ""


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts names as people do: numbers in them by their value (0, 1, 2, 10)."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(p), p) if p.isdecimal() and len(p) < 19 else (1, 0, p) for p in parts if p)


def plainly(name: str) -> str:
    """A name without case, spaces and dashes: `Fire Truck` and `fire_truck` are alike."""
    return re.sub(r"[\s_\-]+", "", name.casefold())


def near_miss(name: str, among: Collection[str]) -> str:
    """The name among these that `name` may be a slip of (`ant`, `ants`); numbers in both must be equal. Else empty."""
    numbers = re.findall(r"\d+", name)
    by_case = {other.casefold(): other for other in among if re.findall(r"\d+", other) == numbers}
    near = get_close_matches(name.casefold(), by_case, n=1, cutoff=0.75)
    return by_case[near[0]] if near else ""


def spelled_alike(name: str, among: Collection[str]) -> str:
    """The one name among these that differs from `name` in case, spaces and dashes only; else empty."""
    found = [other for other in among if plainly(other) == plainly(name)]
    return found[0] if len(found) == 1 else ""
