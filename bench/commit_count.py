"""How many durable commits a cancel takes, counted by a recorder of spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bench.loopback import Loopback
from bench.store import open_store, simulator_settings
from orderdesk_sdk.plugin.telemetry import Span, record_with

__all__ = ["commits_per_cancel"]

CALLS = 20


class _Counted:
    is_recorded = False

    def set(self, name: str, value: str | float | None) -> None:
        """Only that it was is counted."""


class _Counter:
    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()

    @contextmanager
    def span(self, name: str) -> Iterator[Span]:
        """Count it."""
        self.spans[name] += 1
        yield _Counted()

    def context(self) -> object:
        """Nothing hangs together."""
        return None

    @contextmanager
    def attached(self, context: object) -> Iterator[None]:  # noqa: ARG002 - the recorder's signature
        """As without."""
        yield


def commits_per_cancel() -> float:
    """Commits of the ledger per `desk.cancel`, on one thread, once the connection is open."""
    counter = _Counter()
    with Loopback() as loopback, open_store(CALLS + 1, simulator_settings(loopback.url)) as store:
        store.desk.cancel(store.numbers[0], by="bench", reason="measured")
        before = record_with(counter)
        try:
            for number in store.numbers[1:]:
                store.desk.cancel(number, by="bench", reason="measured")
        finally:
            record_with(before)
    return counter.spans["commit"] / CALLS
