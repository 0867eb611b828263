"""Where the histories of cases end that this process wrote last, so that the next change need not read it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, NamedTuple

from orderdesk_sdk.cases.case import Case

__all__ = ["KnownLinks", "RowLink"]

_MOST: Final = 4096
"""Cases that are remembered, the latest ones."""


class RowLink(NamedTuple):
    """A case's row as it was written: its number, its version, and the last link of its history."""

    case_id: str
    version: int
    number: int
    link: bytes


class KnownLinks:
    """The links that this process has written. Safe from many threads.

    They are what a change expects, not what it relies on: it is made only where the row still has that link.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, RowLink] = {}

    def of(self, case: Case) -> RowLink | None:
        """The row of a case as it was read; None where another version, or none, was written here."""
        found = self._found.get(case.id)
        return found if found is not None and found.version == case.version else None

    def remember(self, written: Iterable[RowLink]) -> None:
        """Remember rows whose transaction is durable."""
        with self._lock:
            for link in written:
                self._found.pop(link.case_id, None)
                self._found[link.case_id] = link
            while len(self._found) > _MOST:
                del self._found[next(iter(self._found))]
