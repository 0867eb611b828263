"""What several processes know together of a connection: one bucket, one pause, one turn at a refresh token."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from fractions import Fraction

import psycopg
import pytest

from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.errors import ConfigurationError, StorageError
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import rate_buckets, stored_tokens
from orderdesk_sdk.stores.postgres.connection_state import shared_connection_state
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.stored_tokens import postgres_token_store
from orderdesk_sdk.stores.sealed_secret import seal, unseal
from orderdesk_sdk.transport.http.rate_limit import RateBucket

HEAD = """
import sys, time
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import stored_tokens
from orderdesk_sdk.stores.postgres.connection_state import shared_connection_state
from orderdesk_sdk.stores.postgres.pool import PostgresPool
clock = SystemClock()
state = shared_connection_state(PostgresPool(Secret(sys.argv[1])), clock)("acme")
"""
TAKE = """
bucket = state.bucket("cancel", Limit(40, burst=5))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    moment = bucket.reserve_within(60, 60)
    clock.sleep_until(moment)
    print(moment, flush=True)
"""
CLOSE = """
bucket = state.bucket("cancel", Limit(40, burst=5))
bucket.close_for(600)
print("closed", flush=True)
"""
RENEW = """
stored_tokens.ACCESS_SECONDS = float(sys.argv[2])
with state.token_store(Secret("configured")) as kept:
    print("mine", flush=True)
    sys.stdin.readline()
    kept.save(Secret("renewed by the child"))
"""


class Children:
    """Processes of their own, ended with the test."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        self._stack, self._url = stack, url

    def __call__(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one, and wait for its first line."""
        command = [sys.executable, "-c", HEAD + code, self._url, *arguments]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._stack.enter_context(child)
        self._stack.callback(child.kill)
        assert child.stdout is not None
        assert child.stdout.readline().strip(), "it failed"
        return child


@pytest.fixture
def children(postgres_url: str) -> Iterator[Children]:
    with ExitStack() as stack:
        yield Children(stack, postgres_url)


@pytest.fixture
def pool(postgres_url: str) -> Iterator[PostgresPool]:
    with closing(PostgresPool(Secret(postgres_url))) as opened:
        yield opened


@pytest.fixture
def bucket(pool: PostgresPool) -> RateBucket:
    return shared_connection_state(pool, SystemClock())("acme").bucket("cancel", Limit(40, burst=5))


class TestBuckets:
    @pytest.mark.slow
    def test_processes_together_keep_one_bucket(self, children: Children) -> None:
        started = [children(TAKE) for _ in range(3)]
        outputs = []
        for child in started:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outputs = [child.communicate()[0].split() for child in started]
        moments = sorted(Fraction(float(text)) for output in outputs for text in output)
        assert len(moments) == 60
        tokens, seen = Fraction(5), moments[0]
        for moment in moments:
            tokens = min(Fraction(5), tokens + (moment - seen) * 40)
            seen = moment
            tokens -= 1
            assert tokens > Fraction(-1, 2), "one more than the service allows, and no lag of a few milliseconds"
        assert float(moments[-1] - moments[0]) < 55 / 40 * 1.5, "and all of what it allows is used"

    def test_a_pause_that_one_met_holds_for_all(self, bucket: RateBucket, children: Children) -> None:
        assert bucket.reserve_within(1, 1) is not None
        before = bucket.is_closed
        children(CLOSE)
        assert bucket.reserve_within(900, 1) is None
        time.sleep(0.25)
        assert (before, bucket.is_closed) == (False, True)
        moment = bucket.reserve_within(900, 900)
        assert moment is not None
        assert moment - time.monotonic() > 590

    def test_a_bucket_that_the_server_has_lost_is_full_again(self, bucket: RateBucket, pool: PostgresPool) -> None:
        with pool.immediate() as cursor:
            cursor.execute("DELETE FROM rate_buckets")
        assert bucket.reserve_within(1, 1) is not None
        with pool.immediate() as cursor:
            cursor.execute("DELETE FROM rate_buckets")
        assert bucket.defer() >= 0

    def test_another_declared_rate_takes_the_place_of_one_that_was_told(self, pool: PostgresPool) -> None:
        state = shared_connection_state(pool, SystemClock())("acme")
        state.bucket("poll", Limit(5, burst=1)).adapt(2.5)
        rate = "SELECT per_second FROM rate_buckets WHERE operation = 'poll'"
        for declared, holds in ((5, 2.5), (7, 7.0)):
            state.bucket("poll", Limit(declared, burst=1))
            with pool.reading() as cursor:
                assert cursor.execute(rate).fetchone() == (holds,)

    def test_without_the_database_nothing_is_sent_and_no_response_is_lost(
        self, bucket: RateBucket, pool: PostgresPool
    ) -> None:
        pool.close()
        bucket.close_for(60)
        bucket.adapt(1)
        assert bucket.reserve_within(900, 1) is None, "what was said is known here"
        with pytest.raises(StorageError):
            bucket.reserve_within(900, 900)

    def test_taking_a_token_does_not_wait_for_the_disk(self, bucket: RateBucket, postgres_url: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as db:
            db.execute("SET search_path = orderdesk")
            changed = f"UPDATE rate_buckets SET full_at = 0 FROM {rate_buckets._RELAXED}"  # noqa: S608 - our own words
            assert db.execute(f"{changed} RETURNING current_setting('synchronous_commit')").fetchall() == [("off",)]
            assert db.execute("SHOW synchronous_commit").fetchone() == ("on",)


class TestTokens:
    def test_neither_the_row_nor_a_log_of_its_parameters_holds_the_token(
        self, pool: PostgresPool, bucket: RateBucket, postgres_url: str
    ) -> None:
        keeper = postgres_token_store(pool, "acme")
        with keeper(Secret("configured-canary")) as kept:
            assert kept.secret is None
            kept.save(Secret("renewed-canary"))
        with psycopg.connect(postgres_url) as db:
            (row,) = db.execute("SELECT * FROM orderdesk.refresh_tokens").fetchall()
        assert "canary" not in repr(row)
        with keeper(Secret("configured-canary")) as kept:
            assert kept.secret == Secret("renewed-canary")
        with keeper(Secret("another")) as kept:
            assert kept.secret is None, "of another consent"

    def test_a_killed_holder_keeps_nobody_waiting(
        self, pool: PostgresPool, bucket: RateBucket, children: Children
    ) -> None:
        holder = children(RENEW, "60")
        holder.send_signal(signal.SIGKILL)
        began = time.monotonic()
        with postgres_token_store(pool, "acme")(Secret("configured")) as kept:
            assert kept.secret is None
        assert time.monotonic() - began < 10, "and not the minute for which it might stand still"

    @pytest.mark.slow
    def test_one_that_stands_still_keeps_others_waiting_for_a_bounded_time_and_undoes_nothing(
        self, pool: PostgresPool, bucket: RateBucket, children: Children
    ) -> None:
        holder = children(RENEW, "1")
        holder.send_signal(signal.SIGSTOP)
        with postgres_token_store(pool, "acme")(Secret("configured")) as kept:
            kept.save(Secret("renewed here"))
        holder.send_signal(signal.SIGCONT)
        assert holder.stdin is not None
        holder.stdin.write("go\n")
        holder.stdin.flush()
        holder.wait(30)
        with postgres_token_store(pool, "acme")(Secret("configured")) as kept:
            assert kept.secret == Secret("renewed here")

    def test_a_turn_that_does_not_come_is_told(
        self, pool: PostgresPool, bucket: RateBucket, children: Children, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        children(RENEW, "60")
        monkeypatch.setattr(stored_tokens, "WAIT_SECONDS", 0.1)
        with (
            pytest.raises(ConfigurationError, match="cannot be kept: another process held a lock for too long"),
            postgres_token_store(pool, "acme")(Secret("configured")),
        ):
            pass


class TestSealing:
    def test_only_the_key_opens_what_was_sealed(self) -> None:
        secret, key = Secret("refresh " * 40 + "ü"), Secret("the configured one")
        sealed = seal(secret, key)
        assert unseal(sealed, key) == secret
        assert seal(secret, key) != sealed, "two of one secret do not look alike"
        assert unseal(sealed, Secret("another")) is None
        changed = ("B" if sealed[30] == "A" else "A").join((sealed[:30], sealed[31:]))
        for text in (changed, sealed[:-8], "", "no base64!"):
            assert unseal(text, key) is None
