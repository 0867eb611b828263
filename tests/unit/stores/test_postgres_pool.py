"""Connections to PostgreSQL: bounded in every wait, made anew after a restart, and silent about the password."""

from __future__ import annotations

import logging
import os
import re
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from orderdesk_sdk.errors import ConfigurationError, StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import pool as pool_module
from orderdesk_sdk.stores.postgres.database_url import read_database_url
from orderdesk_sdk.stores.postgres.migrations import Migration, migrate, tables_version
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from tests.support.postgres import VERSIONS, open_server

PASSWORD = "canary-p:w/1@5%"
ENCODED = "canary-p%3Aw%2F1%405%25"
ONE = (Migration(("CREATE TABLE orderdesk.things (id bigint PRIMARY KEY, word text)",)),)


@pytest.fixture
def pool(postgres_url: str) -> Iterator[PostgresPool]:
    with closing(PostgresPool(Secret(postgres_url))) as opened:
        migrate(opened, "thing_schema", ONE)
        yield opened


def ids(pool: PostgresPool) -> list[int]:
    with pool.reading() as cursor:
        return [row[0] for row in cursor.execute("SELECT id FROM things ORDER BY id")]


def insert(pool: PostgresPool, number: int) -> None:
    with pool.transaction() as cursor:
        cursor.execute("INSERT INTO things (id, word) VALUES (?, ?)", (number, "100 %"))


class TestUrl:
    def test_what_is_no_url_is_refused_without_showing_it(self) -> None:
        for url in (f"postgresql://ann:{PASSWORD}/x@nowhere", f"mysql://{PASSWORD}", f"postgresql://a/b?{PASSWORD}=1"):
            with pytest.raises(ConfigurationError, match=r"\[ledger\]\.url: .* is not the URL") as told:
                read_database_url(Secret(url), "[ledger].url")
            assert "canary" not in "".join(traceback.format_exception(told.value))

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://ann:can/ary@db.example.com/desk",
            "postgresql://ann:x#can/ary@db.example.com:5432/desk",
            "postgresql://ann:can@ary@db.example.com/desk",
            "postgresql://ann:canary/desk",
        ],
    )
    def test_a_password_that_would_be_read_as_host_port_or_name_is_refused(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match=r"is not the URL .*%40 for @") as told:
            read_database_url(Secret(url), "[ledger].url")
        assert not {"can", "ary", "canary"} & set(re.findall(r"\w+", str(told.value)))

    @pytest.mark.parametrize("tail", ["a,b:5432,5433/desk", "/desk?host=/nowhere&user=ann@shop", "h:5432/d?user=a@b"])
    def test_several_hosts_a_socket_and_a_user_of_a_provider_are_fine(self, tail: str) -> None:
        assert "ann" not in read_database_url(Secret(f"postgresql://{tail}"), "x").place

    def test_nobody_without_a_log_is_shown_what_the_pool_logs(self) -> None:
        assert any(isinstance(one, logging.NullHandler) for one in logging.getLogger("psycopg.pool").handlers)

    def test_place_names_host_port_and_database_only(self) -> None:
        found = read_database_url(Secret(f"postgresql://ann:{ENCODED}@db.example.com:6432/desk?sslmode=require"), "x")
        assert found.place == "postgresql://db.example.com:6432/desk"
        assert "canary" not in repr(found)
        for form in (PASSWORD, ENCODED):
            assert found.redact(f"said {form}") == "said [hidden]"

    def test_statements_are_not_prepared_where_the_url_says_so(self, postgres_url: str) -> None:
        with closing(PostgresPool(Secret(f"{postgres_url}&prepared_statements=off"))) as pool, pool.reading() as cursor:
            for _ in range(10):
                cursor.execute("SELECT 1")
            assert cursor.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)


class TestErrors:
    def test_no_message_and_no_log_holds_the_password(
        self, postgres_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        user, _, rest = postgres_url.partition("@")
        for url in (f"{user}:{ENCODED}@{rest}", f"postgresql://ann:{ENCODED}@/none?host=/nowhere"):
            for name in ("none", "other"):
                with pytest.raises(StorageError) as told:
                    PostgresPool(Secret(url.replace("/test_", f"/{name}_test_")))
                shown = "".join(traceback.format_exception(told.value))
                assert told.value.__context__ is None, "its frames would hold the URL"
                assert "canary" not in shown + caplog.text

    def test_a_missing_database_and_a_server_that_is_away_are_told(self, postgres_url: str) -> None:
        with pytest.raises(StorageError, match=r"postgresql://.*nothing was changed.*does not exist.*database exists"):
            PostgresPool(Secret(postgres_url.replace("/test_", "/none_")))
        with pytest.raises(StorageError, match=r"could not be made; nothing was changed.*check that the server runs"):
            PostgresPool(Secret("postgresql://postgres@/x?host=/nowhere"))

    def test_a_closed_pool_says_so(self, pool: PostgresPool) -> None:
        pool.close()
        pool.close()
        with pytest.raises(StorageError, match=r"it is closed.*open it again"):
            ids(pool)

    def test_what_the_server_refuses_changes_nothing(self, pool: PostgresPool) -> None:
        insert(pool, 1)
        with pytest.raises(StorageError, match="nothing was changed"), pool.transaction() as cursor:
            cursor.executemany("INSERT INTO things VALUES (?, 'x')", [(0,), (1,)])
        assert ids(pool) == [1]

    def test_what_the_caller_raises_undoes_the_transaction(self, pool: PostgresPool) -> None:
        def fail() -> None:
            with pool.transaction() as cursor:
                cursor.execute("INSERT INTO things VALUES (1, 'x')")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert ids(pool) == []
        insert(pool, 2)
        assert ids(pool) == [2]


class TestWaits:
    def test_whoever_stands_still_in_a_transaction_holds_others_up_for_a_bounded_time(
        self, postgres_url: str, monkeypatch: pytest.MonkeyPatch, pool: PostgresPool
    ) -> None:
        session = dict(pool_module._SESSION) | {"idle_in_transaction_session_timeout": "100ms"}
        monkeypatch.setattr(pool_module, "_SESSION", tuple(session.items()))
        with closing(PostgresPool(Secret(postgres_url))) as sleeper:

            def stand_still() -> None:
                with sleeper.transaction() as cursor:
                    cursor.execute("LOCK TABLE things")
                    insert(pool, 1)  # Waits until the server has ended this one.
                    cursor.execute("SELECT 1")

            with pytest.raises(StorageError, match="stood still inside a transaction"):
                stand_still()
            assert ids(sleeper) == [1]

    def test_a_lock_that_stays_is_told(
        self, postgres_url: str, monkeypatch: pytest.MonkeyPatch, pool: PostgresPool
    ) -> None:
        session = dict(pool_module._SESSION) | {"lock_timeout": "50ms"}
        monkeypatch.setattr(pool_module, "_SESSION", tuple(session.items()))
        with closing(PostgresPool(Secret(postgres_url))) as waiting, pool.transaction() as cursor:
            cursor.execute("LOCK TABLE things")
            with pytest.raises(StorageError, match=r"held a lock for too long.*pg_stat_activity"):
                insert(waiting, 1)

    def test_every_session_is_durable_and_bounded(self, pool: PostgresPool) -> None:
        with pool.reading() as cursor:
            found = {
                name: cursor.execute("SELECT current_setting(?)", (name,)).fetchone()[0]
                for name, _ in pool_module._SESSION
            }
            name = cursor.execute("SELECT current_setting('application_name')").fetchone()[0]
        assert found["synchronous_commit"] == "on"
        assert {found[name] for name in found if name.endswith("timeout")} == {"5s", "15s", "30s"}
        assert name.startswith("orderdesk ")

    def test_a_session_is_named_after_its_program_once(
        self, postgres_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for program, beginning in (("/usr/bin/orderdesk", "orderdesk"), ("shop/serve.py", "orderdesk serve.py")):
            monkeypatch.setattr("sys.argv", [program])
            with closing(PostgresPool(Secret(postgres_url))) as pool, pool.reading() as cursor:
                name = cursor.execute("SELECT current_setting('application_name')").fetchone()[0]
            assert name.startswith(f"{beginning} {os.getpid()}@")


@pytest.mark.slow
class TestRestart:
    def test_connections_of_before_a_restart_are_made_anew(self, tmp_path: Path) -> None:
        server = open_server(tmp_path, VERSIONS[0])
        with server.database() as url, closing(PostgresPool(Secret(url), max_connections=4)) as pool:
            migrate(pool, "thing_schema", ONE)
            together = threading.Barrier(4)

            def work(number: int) -> None:
                with pool.reading() as cursor:
                    cursor.execute("SELECT 1")
                    together.wait()
                insert(pool, number)

            for restarts in range(2):
                threads = [threading.Thread(target=work, args=(restarts * 4 + one,)) for one in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                server.restart()
            assert ids(pool) == list(range(8)), "also for reading, at once"
            insert(pool, 8)

    def test_who_commits_while_the_server_dies_is_told_that_nobody_knows(self, tmp_path: Path) -> None:
        server = open_server(tmp_path, VERSIONS[0])
        with server.database() as url, closing(PostgresPool(Secret(url))) as pool:
            migrate(pool, "thing_schema", ONE)

            def insert_while_the_server_dies() -> None:
                with pool.transaction() as cursor:
                    cursor.execute("INSERT INTO things VALUES (1, 'x')")
                    server.restart()

            with pytest.raises(StorageError, match="whether the last change was written is not known"):
                insert_while_the_server_dies()
            assert ids(pool) == []


class TestMigrations:
    def test_tables_are_made_once_by_many_at_a_time(self, postgres_url: str) -> None:
        pools = [PostgresPool(Secret(postgres_url)) for _ in range(4)]
        together = threading.Barrier(4)
        found: list[int] = []

        def run(pool: PostgresPool) -> None:
            together.wait()
            found.append(migrate(pool, "thing_schema", ONE).found)

        threads = [threading.Thread(target=run, args=(pool,)) for pool in pools]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for pool in pools:
            pool.close()
        assert found == [1] * 4

    def test_a_migration_that_fails_leaves_the_old_version(self, pool: PostgresPool) -> None:
        broken = (*ONE, Migration(("CREATE TABLE orderdesk.extra (id bigint)", "NO SQL")))
        with pytest.raises(StorageError, match="syntax error"):
            migrate(pool, "thing_schema", broken)
        assert tables_version(pool, "thing_schema", ONE).found == 1
        with pool.reading() as cursor:
            assert cursor.execute("SELECT to_regclass('orderdesk.extra')").fetchone() == (None,)

    def test_an_older_program_works_beside_one_that_only_added(self, pool: PostgresPool) -> None:
        newer = (*ONE, Migration(("ALTER TABLE things ADD COLUMN color text",)))
        assert not tables_version(pool, "thing_schema", newer).is_usable
        migrate(pool, "thing_schema", newer)
        assert migrate(pool, "thing_schema", ONE).found == 2
        insert(pool, 1)

    def test_an_older_program_is_refused_where_it_cannot_work(self, pool: PostgresPool) -> None:
        newer = (*ONE, Migration(("ALTER TABLE things RENAME COLUMN word TO said",), breaks_older=True))
        with pytest.raises(StorageError, match="end them on every machine, then run `orderdesk ledger migrate`"):
            migrate(pool, "thing_schema", newer)
        insert(pool, 1)
        migrate(pool, "thing_schema", newer, breaks_older=True)
        with pytest.raises(
            StorageError, match=r"needs a program of version 2.*this program knows 1.*newer orderdesk-sdk"
        ):
            migrate(pool, "thing_schema", ONE)

    def test_tables_stand_in_a_schema_of_their_own(self, pool: PostgresPool, postgres_url: str) -> None:
        with psycopg.connect(postgres_url) as db:
            found = db.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'thing%'").fetchall()
        assert found == [("orderdesk",)]
