"""How many streams there may be: of one caller, and in all."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

__all__ = ["StreamAdmission"]

RETRY_AFTER = 10
"""Seconds that a caller who has as many streams as allowed is asked to wait."""


class StreamAdmission:
    """Counts the streams of a process.

    Args:
        per_caller: streams that one person or program may have at once.
        in_all: streams that there may be at once.
    """

    def __init__(self, per_caller: int, in_all: int) -> None:
        self._per_caller = per_caller
        self._in_all = in_all
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def admitted(self, caller: str) -> Iterator[None]:
        """Count a caller's stream within the block. Raises HTTPException 429 where there are as many as may be."""
        with self._lock:
            if self._counts[caller] >= self._per_caller or self._counts.total() >= self._in_all:
                raise HTTPException(429, headers={"Retry-After": str(RETRY_AFTER)})
            self._counts[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[caller] -= 1
                self._counts += Counter()  # Forgets callers who have none.
