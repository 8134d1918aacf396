"""The presenter: whose workspace showed the token that the server printed at its start."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress

from explorer.home import home
from explorer.workspaces import places

_FILE = "presenter"


def token() -> str:
    """The token that makes a workspace the presenter's: $THAW_PRESENTER, else one that is drawn once and kept in Thaw's folder,
    readable for its owner alone; who deletes that file and restarts gets another, and ends all presenters' rights."""
    given = os.environ.get("THAW_PRESENTER", "").strip()
    if given:
        return given
    return _drawn(_FILE)


def seal(mark: str, text: str) -> str:
    """What shows that the server itself gave this text to that workspace: an address with it opens for nobody else. 32
    hexadecimal digits (HMAC, RFC 2104)."""
    return hmac.new(_drawn("seal").encode(), f"{mark} {text}".encode(), hashlib.sha256).hexdigest()[:32]


def _drawn(file: str) -> str:
    """A secret of this server: drawn once, kept in Thaw's folder."""
    path = home() / file
    with suppress(OSError):
        if kept := path.read_text(encoding="utf-8").strip():
            return kept
    home().mkdir(parents=True, exist_ok=True)
    drawn = secrets.token_hex(16)
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as kept_file,
    ):
        kept_file.write(drawn)
        return drawn
    return path.read_text(encoding="utf-8").strip()


def appoint(mark: str, shown: str) -> bool:
    """Make the workspace a presenter's where it shows the token; whether it did."""
    if not secrets.compare_digest(shown.encode(), token().encode()):
        return False
    place = places.folder(mark)
    place.mkdir(parents=True, exist_ok=True)
    (place / _FILE).write_text(_digest(), encoding="utf-8")
    return True


def is_presenter(mark: str) -> bool:
    """Whether the workspace is a presenter's, by the token that holds now."""
    try:
        kept = places.folder(mark).joinpath(_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return secrets.compare_digest(kept.encode(), _digest().encode())


def _digest() -> str:
    return hashlib.sha256(f"presenter {token()}".encode()).hexdigest()
