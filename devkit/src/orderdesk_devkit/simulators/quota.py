"""The usage plan of a simulator: a token bucket per operation, by the clock. What comes in over it is to answer 429."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.plugin.integration import Limit

__all__ = ["Quota"]


class Quota:
    """What each operation may still take. `limits` by operation, "*" for every other; guarded by its caller's lock."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self._limits = limits
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, operation: str, now: float) -> bool:
        """True when the request is within the plan; `now` is the monotonic time in seconds.

        A refused request costs nothing: the simulator's choice. An operation without a limit is always within.
        """
        limit = self._limits.get(operation) or self._limits.get("*")
        if limit is None:
            return True
        left, since = self._left.get(operation, (float(limit.burst), now))
        left = min(float(limit.burst), left + (now - since) * limit.per_second)
        # A whole token within the error of adding up many fractions of one.
        granted = left >= 1.0 - 1e-9
        self._left[operation] = (left - 1.0 if granted else left, now)
        return granted
