"""Salts: random bytes, of which many are asked of the system at once.

Each question is a system call, during which other threads run: of a cancel's five, four wake somebody in vain.
"""

from __future__ import annotations

import os
import threading
from typing import Final

__all__ = ["SALT_SIZE", "new_salt"]

SALT_SIZE: Final = 16
"""Bytes of a salt."""
_AT_ONCE: Final = 128
"""Salts that are asked for at once."""


class _Salts:
    """Salts that nobody has had yet. Safe from many threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Give none of those that are left: in a child process, where the parent has the same ones."""
        self._lock = threading.Lock()  # In a child, the one before may be held by a thread that is not there.
        self._unused: list[bytes] = []

    def take(self) -> bytes:
        """One that nobody else gets."""
        with self._lock:
            if not self._unused:
                drawn = os.urandom(SALT_SIZE * _AT_ONCE)
                self._unused = [drawn[at : at + SALT_SIZE] for at in range(0, len(drawn), SALT_SIZE)]
            return self._unused.pop()


_salts = _Salts()
if hasattr(os, "register_at_fork"):  # Where there is no fork, no process has what another has.
    os.register_at_fork(after_in_child=_salts.forget)


def new_salt() -> bytes:
    """Random bytes that no other call gives, in this process or in another."""
    return _salts.take()
