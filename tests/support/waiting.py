"""Waiting for another thread or process, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["eventually"]

WITHIN = 120.0
"""Real seconds after which a test gives up; none waits so long where all is well."""


def eventually(condition: Callable[[], bool], what: str, within: float = WITHIN, pause: float = 0.002) -> None:
    """Return when a condition holds. Raises AssertionError, which says what never came, where it does not.

    Args:
        within: seconds after which it gives up.
        pause: seconds between two looks.
    """
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, f"never: {what}"
        time.sleep(pause)
