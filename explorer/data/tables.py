"""Tables that come with pictures: their cells, which column is which, and which picture a cell names.

People's tables differ in encoding, separator, quotes, first line, and in how they call a file; what the cells hold decides
before what the first line calls them.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from explorer.errors import ExplorerError

COLUMNS = {
    "file": "file filename file_name image image_name image_id imageid image_index img_name picture photo path filepath "
    "file_path img id id_code name",
    "label": "label labels class classname class_name class_id classid category target species breed diagnosis dx disease "
    "finding finding_labels kind label_name y",
    "split": "split set subset partition fold fold_name kfold usage",
    "group": "group group_id patient patient_id patientid subject subject_id person person_id lesion_id place site location "
    "camera film video video_id clip sequence scene session study study_id slide slide_id case case_id animal animal_id burst",
}
_MEANING = {word: column for column, words in COLUMNS.items() for word in words.split()}
_MARKS = ",;\t|"
_LOOKED_AT = 300  # rows that show what a column holds
_HOT = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False, "": False}
_ONE_CLASS = 0.9  # the least share of rows that are of exactly one class, where each class is a column


def rows(data: bytes, spaced: bool = False) -> list[list[str]]:
    """The cells of a table, by comma, semicolon, tab or bar, whichever the first line has most of, or, where `spaced` tables are
    known and it has none, as `_spaced` has them; UTF-8, UTF-16 with its mark, else Windows-1252. Raises ExplorerError for what
    cannot be one."""
    text = _text(data).replace("\0", "\N{REPLACEMENT CHARACTER}")
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\s*", first)  # what Excel writes above the first line
    text, mark = (rest, told[1]) if told else (text, max(_MARKS, key=first.count))
    if spaced and not told and mark not in first:
        return _spaced(text)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        return [[_bare(cell) for cell in row] for row in lines if any(cell.strip() for cell in row)]
    except (csv.Error, TypeError, ValueError) as error:  # the last two for a mark that cannot be one
        raise ExplorerError(
            f"The table cannot be read ({error}). Expected: a first line such as `file,label`."
        ) from error


def _spaced(text: str) -> list[list[str]]:
    """Cells between blanks, without lines that begin with #. Where lines differ in how many there are, what comes after the last
    blank is one cell and all before it another: names of files have blanks too."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    cells = [line.split() for line in lines]
    return cells if len({len(row) for row in cells}) == 1 else [line.rsplit(None, 1) for line in lines]


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == "'" else cell


def meaning(title: str) -> str:
    """What a column of that title holds: a key of COLUMNS, or nothing that is known."""
    return _MEANING.get(re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_"), "")


def names_of(pictures: Sequence[str]) -> dict[str, str]:
    """Whatever a cell may call a picture → its path: the path and each end of it, with and without the ending of the file, but
    for case; of what several pictures may be called, only whole paths."""
    called: dict[str, set[str]] = defaultdict(set)
    for picture in pictures:
        for part in _ends(picture):
            called[part].add(picture)
    unique = {word: next(iter(found)) for word, found in called.items() if len(found) == 1}
    return unique | {picture: picture for picture in pictures}


def _ends(path: str) -> list[str]:
    """`a/b/C.png` → a/b/c.png, a/b/c, b/c.png, b/c, c.png, c."""
    parts = path.casefold().split("/")
    whole = ["/".join(parts[i:]) for i in range(len(parts))]
    return [form for end in whole for form in (end, re.sub(r"(?<=[^/])\.[^./]*$", "", end))]


def find_picture(said: str, folders: Sequence[str], known: Mapping[str, str]) -> str | None:
    """The picture that a cell names, by `names_of`; paths in it may begin in one of the table's own `folders`, or anywhere
    on another machine (`C:\\\\pictures\\\\a\\\\0.png`)."""
    name = re.sub(r"^(\.{0,2}/)+", "", said.replace("\\", "/"))
    for tried in (*(f"{folder}/{name}" for folder in folders if folder), name):
        if tried in known:
            return known[tried]
    for folder in folders:
        for tried in _ends(f"{folder}/{name}")[:2] if folder and name else ():
            if tried in known:
                return known[tried]
    return next((known[end] for end in _ends(name) if end in known), None) if name else None


def columns(
    lines: Sequence[Sequence[str]], folders: Sequence[str], known: Mapping[str, str]
) -> tuple[dict[str, int], bool]:
    """(key of COLUMNS → place, whether the first line is one of titles). The column of files is the one whose cells name most
    pictures; that of labels goes by its title, else it is the only other one with few different cells."""
    head, body = lines[0], lines[1 : 1 + _LOOKED_AT]
    counts = [
        sum(find_picture(row[i], folders, known) is not None for row in body if i < len(row)) for i in range(len(head))
    ]
    if not counts or max(counts) == 0:
        return {}, True
    file = counts.index(max(counts))
    titled = find_picture(head[file], folders, known) is None
    places = {"file": file}
    for i, title in enumerate(head if titled else ()):
        if i != file and (column := meaning(title)) not in ("", "file"):
            places.setdefault(column, i)
    if "label" not in places and not hot(lines, places, titled):
        left = [i for i in range(len(head)) if i not in places.values() and not (titled and meaning(head[i]))]
        few = [
            i for i in left if 2 <= len({row[i] for row in body if i < len(row) and row[i]}) <= max(2, len(body) // 2)
        ]
        places |= {"label": few[0]} if len(few) == 1 else {}
    return places, titled


def hot(lines: Sequence[Sequence[str]], places: Mapping[str, int], titled: bool) -> dict[str, int]:
    """Class → its column, where a table has a column of 0 and 1 for each class (one-hot) and nearly all rows are of exactly one;
    else empty. Other columns of 0 and 1 make it none: which of them are classes would be a guess."""
    marks, once = _marked(lines, places, titled)
    return {lines[0][i]: i for i in marks} if len(marks) > 1 and once >= _ONE_CLASS * (len(lines) - 1) else {}


def _marked(lines: Sequence[Sequence[str]], places: Mapping[str, int], titled: bool) -> tuple[list[int], int]:
    """The columns of 0 and 1 that are nothing else, and how many rows have exactly one 1 in them."""
    if not titled or len(lines) < 2:
        return [], 0
    free = [i for i, title in enumerate(lines[0]) if title and i not in places.values() and not meaning(title)]
    whole = [row for row in lines[1:] if len(row) == len(lines[0])]
    marks = [i for i in free if whole and all(row[i].lower() in _HOT for row in whole)]
    return marks, sum(len(classes_of(row, marks)) == 1 for row in whole)


def lacking(lines: Sequence[Sequence[str]], places: Mapping[str, int], titled: bool) -> str:
    """What a table lacks that labels nothing, as the end of a sentence that begins with its name."""
    if len(lines) < 2:
        return "has no rows"
    if "file" not in places:
        return f"names none of these pictures (it begins: {_few(lines[0])}; {_few(lines[1])})"
    marks, once = _marked(lines, places, titled)
    if len(marks) > 1:
        return (
            f"has columns of 0 and 1 ({_few([lines[0][i] for i in marks])}), but in {len(lines) - 1 - once} of its "
            f"{len(lines) - 1} rows none or several of them are 1, and a picture has one class here"
        )
    return f"has no column of classes (it begins: {_few(lines[0])})"


def _few(cells: Sequence[str]) -> str:
    """Some cells, shortened."""
    return ", ".join(cell[:30] + "…" * (len(cell) > 30) for cell in cells[:5]) + " …" * (len(cells) > 5)


def classes_of(row: Sequence[str], columns: Collection[int]) -> list[int]:
    """The columns of these that hold a 1 in a row."""
    return [i for i in columns if i < len(row) and _HOT.get(row[i].lower(), False)]
