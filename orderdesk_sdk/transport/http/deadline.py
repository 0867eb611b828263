"""The times of one call: each phase's own, and one deadline over all of them.

httpx's timeouts are per phase and per read, so a service that sends one byte every few seconds is never too slow for
it. Here every read and write also ends at the call's deadline.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx

__all__ = ["DEADLINE", "CallTimes"]

DEADLINE = "orderdesk.deadline"
"""The key in a request's `extensions` of the moment, by `time.monotonic`, at which its call must have ended."""


class CallTimes:
    """The times of one call, out of its request's extensions: "timeout" as httpx has it, and DEADLINE."""

    def __init__(self, extensions: Mapping[str, object]) -> None:
        phases = extensions.get("timeout")
        self._phases: Mapping[str, float | None] = phases if isinstance(phases, Mapping) else {}
        deadline = extensions.get(DEADLINE)
        self._deadline = deadline if isinstance(deadline, float) else float("inf")

    def total(self, late: type[httpx.TimeoutException]) -> float | None:
        """Seconds until the call must have ended; None: whenever. Raises `late` where they are spent."""
        return self.left("total", late)

    def left(self, phase: str, late: type[httpx.TimeoutException]) -> float | None:
        """Seconds that a step of this phase ("pool", "connect", "read" or "write") may take; None: as long as it likes.

        Raises `late` where the call's whole time is spent.
        """
        own = self._phases.get(phase)
        if self._deadline == float("inf"):
            return own
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("the call's total time is spent")
        return left if own is None or left < own else own
