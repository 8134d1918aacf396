"""A ZIP archive as entries, read without ever unpacking a name: what each guard here does stands beside it.

- The directory at the archive's end is measured before it is read: too long a one would fill the memory.
- Declared sizes and the ratio to what is stored are checked first, and the bytes that really come are counted after: a header
  may lie either way.
- A name that leads out of the folder, is absolute, too long or too deep makes its entry left out; no name becomes a path.
- Links are left out, whatever they point to; archives in the archive stay closed; encrypted entries are named.
- What is damaged, overlaps or was cut short is left out entry by entry; a damaged directory refuses the archive.
"""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from explorer import limits
from explorer.data.entries import Entry, shown
from explorer.errors import ExplorerError

MOST_DIRECTORY = 100_000_000
CHUNK = 1 << 18
_END, _END64_AT, _END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_OTHER = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG", 98: "PPMd"}
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError, struct.error)
"""What reading an entry of a damaged or odd archive raises: bzip2 faults come as OSError or ValueError, passwords and methods
that are not known as RuntimeError."""


class Archive:
    """An opened ZIP. `entries` names its files; `pieces` gives the bytes of one, counted. Raises ExplorerError for what is no
    whole ZIP or beyond the limits."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._compressed = 0
        _check_directory(path, name)
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:  # a damaged directory surfaces as nearly anything
            raise _damaged(name, error) from error
        self._members: dict[int, zipfile.ZipInfo] = {}
        self._check_sizes()

    def close(self) -> None:
        """Give the file back."""
        self._zip.close()

    def _check_sizes(self) -> None:
        """Refuse by what the archive says of itself."""
        infos = self._zip.infolist()
        most = limits.pictures() * 2 + 1000
        if len(infos) > most:
            raise ExplorerError(f"{self.name} has {len(infos)} entries; at most {most} are read. Pack a part of them.")
        total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
        if total > limits.set_bytes():
            raise _too_much(self.name)
        if total > limits.MOST_RATIO * packed + 1_000_000 * max(1, len(infos) // 100):
            raise ExplorerError(
                f"{self.name} says that it unpacks to {total / max(packed, 1):.0f} times its size; pictures do not, and at most "
                f"{limits.MOST_RATIO} times are taken. Pack the pictures as they are."
            )

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Every file in it; `prefix` (`a/`) goes before each name."""
        for number, info in enumerate(self._zip.infolist()):
            if info.is_dir():
                continue
            name, fault = cleaned(_text(info))
            mode = info.external_attr >> 16
            if not fault and stat.S_ISLNK(mode):
                fault = "it is a link, and links in archives are not followed"
            elif not fault and info.flag_bits & 0x41:
                fault = "it is encrypted"
            elif not fault and info.compress_type not in METHODS:
                kind = _OTHER.get(info.compress_type, f"method {info.compress_type}")
                fault = f"it is packed by {kind}, which is not read"
            elif not fault and name.lower().endswith((".zip", ".tar", ".gz", ".tgz", ".rar", ".7z", ".xz", ".bz2")):
                fault = "it is an archive within the archive, which stays closed"
            self._members[number] = info
            yield Entry(
                prefix + name,
                Path(str(number)),
                info.file_size,
                0,
                fault,
                inside=lambda n, info=info: self._first(info, n),
            )

    def _first(self, info: zipfile.ZipInfo, n: int) -> bytes:
        try:
            with self._zip.open(info) as stream:
                return stream.read(n)
        except BROKEN:
            return b""

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of an entry, as they unpack; more than `limits.MOST_RATIO` times what is stored ends it with an
        ExplorerError, since then the archive is made to fill a disk. Raises one of BROKEN where the entry is damaged."""
        info = self._members[int(str(entry.path))]
        came = 0
        with self._zip.open(info) as stream:
            while piece := stream.read(CHUNK):
                came += len(piece)
                if came > limits.MOST_RATIO * info.compress_size + 1_000_000:
                    raise ExplorerError(
                        f"{self.name}: {entry.id[:100]!r} unpacks to more than {limits.MOST_RATIO} times its size, as no picture "
                        f"does. Nothing of the archive was kept."
                    )
                yield piece


def cleaned(name: str) -> tuple[str, str]:
    """A name from outside as an id with / between folders, and why what it names is left out (or empty)."""
    plain = name.replace("\\", "/")
    parts = [shown(part) for part in plain.split("/") if part not in ("", ".")]
    fault = ""
    if plain.startswith("/") or ".." in parts or (len(plain) > 1 and plain[1] == ":" and plain[0].isalpha()):
        fault = "its name leads out of the folder"
    elif not parts:
        fault = "it has no name"
    elif len(name) > limits.MOST_NAME:
        fault = f"its name has {len(name)} characters, more than {limits.MOST_NAME}"
    elif len(parts) > limits.MOST_DEEP + 1:
        fault = f"it lies more than {limits.MOST_DEEP} folders deep"
    kept = "/".join(part if part != ".." else "(up)" for part in parts) or "(no name)"
    return (kept if len(kept) <= 200 or not fault else f"{kept[:200]}…"), fault


def _text(info: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: many write UTF-8 without saying so, which is then read as code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _check_directory(path: Path, name: str) -> None:
    """Raises ExplorerError for a file without a directory at its end, as one that was cut short, and for too long a one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - 66_000))
            tail = file.read()
    except OSError as error:
        raise _damaged(name, error) from error
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise _damaged(name, "its end is missing: it was cut short, or it is no ZIP")
    long = struct.unpack_from("<L", tail, at + 12)[0]
    if long == 0xFFFFFFFF and (there := tail.rfind(_END64)) >= 0 and len(tail) >= there + 48:
        long = struct.unpack_from("<Q", tail, there + 40)[0]
    if long > min(MOST_DIRECTORY, size):
        raise _damaged(name, f"its directory claims {long} bytes")


def _damaged(name: str, why: object) -> ExplorerError:
    return ExplorerError(f"{name} cannot be opened as a ZIP ({why}). Pack it again, and send it again.")


def _too_much(name: str) -> ExplorerError:
    return ExplorerError(
        f"{name} unpacks to more than {limits.set_bytes() / 1e9:g} GB, the most for one set (THAW_MAX_SET_GB). Make the pictures "
        f"smaller, or bring a part of them."
    )
