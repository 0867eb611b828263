"""The database's clock: carried on by this machine's monotonic clock, whatever its wall clock does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.clock import SYNCHRONIZED_SECONDS, DatabaseClock
from orderdesk_sdk.stores.postgres.pool import PostgresPool

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Server:
    """Stands for a pool: tells the time, or is away. delays: what each answer takes."""

    def __init__(self) -> None:
        self.time = NOON
        self.elapsed = 100.0
        self.delays = [0.0]
        self.asked = 0
        self.is_away = False

    def monotonic(self) -> float:
        return self.elapsed

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.elapsed += seconds

    @contextmanager
    def reading(self) -> Iterator[Server]:
        if self.is_away:
            raise StorageError("the server is gone")
        yield self

    def execute(self, _: str) -> Server:
        self.asked += 1
        return self

    def fetchone(self) -> tuple[datetime]:
        delay = self.delays[self.asked % len(self.delays)]
        self.passes(delay / 2)
        found = self.time
        self.passes(delay / 2)
        return (found,)


def clock_of(server: Server) -> DatabaseClock:
    return DatabaseClock(cast("PostgresPool", server), server.monotonic)


def test_it_runs_on_between_two_looks_and_while_the_server_is_away() -> None:
    server = Server()
    clock = clock_of(server)
    asked = server.asked
    server.passes(30)
    assert (clock.now(), server.asked) == (NOON + timedelta(seconds=30), asked)
    server.is_away = True
    server.passes(10 * SYNCHRONIZED_SECONDS)
    assert clock.now() == server.time
    assert clock.monotonic() == server.elapsed


def test_it_follows_the_server_and_not_this_machine() -> None:
    server = Server()
    clock = clock_of(server)
    server.time += timedelta(hours=1)  # Somebody has put the server's clock right.
    server.passes(SYNCHRONIZED_SECONDS + 1)
    assert clock.now() == server.time


def test_the_quickest_answer_counts() -> None:
    server = Server()
    server.delays = [2.0, 0.0, 1.0]
    clock = clock_of(server)
    assert clock.now() == server.time


def test_a_server_that_is_away_at_the_start_is_told() -> None:
    server = Server()
    server.is_away = True
    with pytest.raises(StorageError):
        clock_of(server)


def test_it_tells_the_time_of_a_real_server(postgres_url: str) -> None:
    with closing(PostgresPool(Secret(postgres_url))) as pool:
        clock: Any = DatabaseClock(pool)
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
        before = clock.monotonic()
        clock.sleep_until(before + 0.01)
        assert clock.monotonic() >= before + 0.01
