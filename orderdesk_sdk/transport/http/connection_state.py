"""What is to be known of a connection beyond one call: how fast it may be called, and which refresh token is in use.

Kept in this process, it holds for this process. Where several work on one database, `stores.postgres` keeps it there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orderdesk_sdk.cases.call_counts import CallCounts, LocalCallCounts
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.transport.http.rate_limit import RateBucket, TokenBucket

__all__ = ["ConnectionState", "LocalConnectionState", "StateOfConnection"]


class ConnectionState(Protocol):
    """What every call of one connection goes by."""

    @property
    def token_store(self) -> TokenStore | None:
        """Keeps the refresh tokens that the service gives; None keeps none longer than the process."""

    @property
    def call_counts(self) -> CallCounts:
        """Counts the calls of operations that have a daily quota."""

    def bucket(self, operation: str, limit: Limit) -> RateBucket:
        """The bucket of an operation's calls, full where there was none. Asked for once by each client."""


class LocalConnectionState:
    """The state of a connection in this process alone."""

    def __init__(
        self, clock: Clock, token_store: TokenStore | None = None, call_counts: CallCounts | None = None
    ) -> None:
        """call_counts: those of all processes; None counts for this one."""
        self.token_store = token_store
        self.call_counts = call_counts or LocalCallCounts()
        self._clock = clock

    def bucket(self, operation: str, limit: Limit) -> TokenBucket:  # noqa: ARG002 - whoever asks keeps it by operation
        """A full bucket."""
        return TokenBucket(limit, self._clock)


StateOfConnection = Callable[[str], ConnectionState]
"""Gives the state of the connection of a name."""
