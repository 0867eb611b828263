"""The usage plan: a token bucket per operation, by the clock."""

from __future__ import annotations

__all__ = ["BURST", "RATE", "Quota"]

RATE = 2.0
"""Requests per second; the same for every operation simulated here (model, usage plan tables)."""
BURST = 30.0


class Quota:
    """What each operation may still take. Guarded by its caller's lock."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, operation: str, now: float) -> bool:
        """True when the request is within the plan; `now` is the monotonic time in seconds.

        A refused request costs nothing: the simulator's choice.
        """
        left, since = self._left.get(operation, (BURST, now))
        left = min(BURST, left + (now - since) * RATE)
        # A whole token within the error of adding up many fractions of one.
        granted = left >= 1.0 - 1e-9
        self._left[operation] = (left - 1.0 if granted else left, now)
        return granted
