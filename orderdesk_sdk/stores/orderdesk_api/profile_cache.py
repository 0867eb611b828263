"""The store's profile, read when it is first asked for, and again when it is old or lacks what was looked for."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Final

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.store_profile import StoreProfile, read_store_profile

__all__ = ["ProfileCache"]

_MAX_AGE: Final = 600.0
"""Seconds for which names of folders and the time zone are believed, where nothing is moved."""


class ProfileCache:
    """Keeps a store's profile. Safe from many threads."""

    def __init__(self, api: OrderDeskApi, clock: Clock, timezone: str = "") -> None:
        """timezone: as configured; empty: as the store says."""
        self._timezone = timezone
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, StoreProfile] | None = None

    def get(self) -> StoreProfile:
        """The profile, perhaps as it was some minutes ago. Raises what the API raises."""
        with self._lock:
            kept = self._kept
        if kept is not None and time.monotonic() - kept[0] < _MAX_AGE:
            return kept[1]
        return self.read()

    def read(self) -> StoreProfile:
        """The profile as it is now. Raises what the API raises."""
        profile = read_store_profile(self._api, self._timezone)
        with self._lock:
            self._kept = (time.monotonic(), profile)
        return profile

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock.now()
