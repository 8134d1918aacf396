"""What a widget asks of the session: one value, for which Streamlit 1.67 makes a copy of all of them.

Each select box and each field does so to see whether its own value is None: 0.6 ms of the server's processor each, a tenth of a
page.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState


class OneByOne(Mapping[str, Any]):
    """The session's values by the keys of scripts and widgets, each looked up when it is asked for."""

    def __init__(self, session: SafeSessionState) -> None:
        self._session = session

    def __getitem__(self, key: str) -> Any:
        return self._session[key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._session

    def __iter__(self) -> Iterator[str]:
        return iter(_WHOLE.__get__(self._session))

    def __len__(self) -> int:
        return len(_WHOLE.__get__(self._session))


_WHOLE: Any = SafeSessionState.filtered_state
"""Streamlit's own property."""


def ask_one_by_one() -> None:
    """From now on, in this process."""
    kind: Any = SafeSessionState
    kind.filtered_state = property(OneByOne)
