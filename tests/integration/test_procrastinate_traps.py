"""What procrastinate does not do, and what happens when it does it wrong: each trap, and that the engine avoids it.

The sweep comes late here (an hour), so that whatever is handled was woken by the queue.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from attrs import evolve
from click.testing import CliRunner
from procrastinate.manager import JobManager
from psycopg import sql

from orderdesk_devkit.testing.engines.shop import CONNECTIONS, Shop, import_orders
from orderdesk_devkit.testing.engines.suite import eventually
from orderdesk_devkit.testing.engines.worker import Worker, has_open_cases, open_worker
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, StorageError
from orderdesk_sdk.runtime.engines.procrastinate.queue import WakeQueue
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.queue_schema import create_queue, drop_queue, has_queue
from tests.support.engines import postgres_options
from tests.support.postgres import VERSIONS, PostgresServer
from tests.support.postgres_fixtures import shared_server

OPENER = "tests.support.engines:open_procrastinate"


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: f"postgres{version}")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    return shared_server(request.param, tmp_path_factory)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def options(server: PostgresServer, tmp_path: Path, shop: Shop) -> Iterator[Mapping[str, str]]:
    with postgres_options(server, tmp_path) as new_options, RawServer(responding(shop)) as served:
        yield {**new_options(), "shop": served.url, "slack": "3600"}
        shop.gate.set()


@pytest.fixture
def caller(options: Mapping[str, str]) -> Iterator[Worker]:
    """A process that records, and runs no worker; the queue is there."""
    with open_worker(OPENER, options) as made:
        queue_of(made.desk).ensure(made.desk.ledger)
        yield made


@pytest.fixture
def desk(caller: Worker) -> Desk:
    return caller.desk


@pytest.fixture
def queue(options: Mapping[str, str], desk: Desk) -> Iterator[psycopg.Connection[Any]]:
    """The tables of the queue, for whoever knows SQL."""
    assert isinstance(desk.ledger, PostgresLedger)
    with psycopg.connect(options["url"], autocommit=True) as connection:
        connection.execute("SET search_path = orderdesk_queue")
        yield connection


def queue_of(desk: Desk) -> WakeQueue:
    assert isinstance(desk.ledger, PostgresLedger)
    return WakeQueue(desk.ledger.pool)


@contextmanager
def working(options: Mapping[str, str], count: int = 1) -> Iterator[None]:
    """Workers at work, which stop after the block."""
    stop = threading.Event()
    with ExitStack() as stack:
        workers = [stack.enter_context(open_worker(OPENER, options, stop=stop)) for _ in range(count)]
        threads = [threading.Thread(target=worker.engine.run, daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)


def cancel(desk: Desk, count: int = 1, prefix: str = "o") -> list[str]:
    numbers = import_orders(desk, count, prefix)
    for number in numbers:
        desk.cancel(number, by="Ann", send_now=False)
    return numbers


def settled(desk: Desk) -> None:
    eventually(lambda: not has_open_cases(desk), "all cases settled")
    assert {case.state for case in desk.ledger.cases(CancelCase)} == {State.CANCELED}


def rows(queue: psycopg.Connection[Any], columns: str) -> list[tuple[Any, ...]]:
    query = sql.SQL("SELECT {} FROM procrastinate_jobs ORDER BY id")
    return queue.execute(query.format(sql.SQL(", ").join(map(sql.Identifier, columns.split(", "))))).fetchall()


# A job is an alarm


def test_a_job_is_the_case_and_the_attempt_and_has_no_lock(desk: Desk, queue: psycopg.Connection[Any]) -> None:
    cancel(desk, 2)
    cases = desk.ledger.cases(CancelCase)
    assert rows(queue, "queue_name, args, lock, queueing_lock, priority, scheduled_at") == [
        (case.connection, {"case_id": case.id, "attempt": 0}, None, None, 0, case.due_at) for case in cases
    ]


def test_a_job_is_there_when_its_transaction_is_and_not_before(desk: Desk, queue: psycopg.Connection[Any]) -> None:
    cancel(desk)
    (case,) = desk.ledger.cases(CancelCase)
    moved = evolve(case, version=1, due_at=desk.clock.now() + hours(1))
    lost = evolve(case, version=7)
    with pytest.raises(ConflictError):
        desk.ledger.write(CaseUpdate(case, moved), CaseUpdate(lost, evolve(lost, version=8, due_at=moved.due_at)))
    assert len(rows(queue, "id")) == 1
    desk.ledger.write(CaseUpdate(case, moved))
    assert [row[0] for row in rows(queue, "scheduled_at")] == [case.due_at, moved.due_at]


def test_finished_jobs_are_deleted(desk: Desk, queue: psycopg.Connection[Any], options: Mapping[str, str]) -> None:
    with working(options):
        cancel(desk, 6)
        settled(desk)
        eventually(lambda: not rows(queue, "id"), "no job is left")
    assert queue.execute("SELECT count(*) FROM procrastinate_events").fetchone() == (0,)


# Locks that would order jobs by their making


def test_a_wake_of_tomorrow_keeps_none_of_now_waiting(caller: Worker, options: Mapping[str, str], shop: Shop) -> None:
    desk = caller.desk
    desk.use_engine(None)
    numbers = cancel(desk)
    (case,) = desk.ledger.cases(CancelCase)
    caller.engine.wake(case.id, 0, desk.clock.now() + timedelta(days=1))
    caller.engine.wake(case.id, 0, desk.clock.now())
    with working(options):
        settled(desk)
    assert shop.asked == Counter(numbers)


def test_the_same_wake_may_be_there_many_times_also_while_one_is_tried_again(
    caller: Worker, options: Mapping[str, str], queue: psycopg.Connection[Any], shop: Shop
) -> None:
    numbers = cancel(caller.desk)
    (case,) = caller.desk.ledger.cases(CancelCase)
    for _ in range(5):
        caller.engine.wake(case.id, 0, caller.desk.clock.now())
    queue.execute("UPDATE procrastinate_jobs SET attempts = 3")
    with working(options, 2):
        settled(caller.desk)
        eventually(lambda: not rows(queue, "id"), "all of them are done with")
    assert shop.asked == Counter(numbers)


# Nobody is fenced


def test_a_job_that_another_finished_first_ends_no_worker(
    desk: Desk, options: Mapping[str, str], queue: psycopg.Connection[Any], shop: Shop
) -> None:
    shop.gate.clear()
    with working(options):
        first = cancel(desk)
        eventually(lambda: bool(shop.asked), "it is being sent")
        queue.execute("DELETE FROM procrastinate_jobs")
        shop.gate.set()
        second = cancel(desk, 3, "next")
        settled(desk)
    assert shop.asked == Counter(first + second)


def test_a_job_that_is_offered_again_while_it_runs_sends_nothing_twice(
    desk: Desk, options: Mapping[str, str], queue: psycopg.Connection[Any], shop: Shop
) -> None:
    shop.gate.clear()
    with working(options, 2):
        numbers = cancel(desk)
        eventually(lambda: bool(shop.asked), "it is being sent")
        for _ in range(3):
            queue.execute("UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL")
            queue.execute("SELECT pg_sleep(0.2)")
        shop.gate.set()
        settled(desk)
    assert shop.asked == Counter(numbers)


def test_a_pruned_worker_registers_anew_and_goes_on(
    desk: Desk, options: Mapping[str, str], queue: psycopg.Connection[Any], shop: Shop
) -> None:
    with working(options):
        numbers = cancel(desk)
        settled(desk)
        (known,) = queue.execute("SELECT array_agg(id) FROM procrastinate_workers").fetchone() or ([],)
        queue.execute("DELETE FROM procrastinate_workers")
        numbers += cancel(desk, 3, "next")
        settled(desk)
        (now,) = queue.execute("SELECT array_agg(id) FROM procrastinate_workers").fetchone() or ([],)
    assert not {*known} & {*now}
    assert shop.asked == Counter(numbers)


# What a dead worker leaves


@pytest.mark.parametrize("worker", ["whose heartbeat stopped", "that is gone"])
def test_a_stalled_job_comes_back(
    desk: Desk, options: Mapping[str, str], queue: psycopg.Connection[Any], shop: Shop, worker: str
) -> None:
    numbers = cancel(desk, 2)
    if worker == "that is gone":
        queue.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    else:
        queue.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        queue.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    with working(options):
        settled(desk)
    assert shop.asked == Counter(numbers)


def test_a_wake_that_could_not_be_handled_is_tried_again(
    desk: Desk, options: Mapping[str, str], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, fails = Desk.handle_wake, iter([True, True])

    def failing(self: Desk, case_id: str, attempt: int) -> bool:
        if next(fails, False):
            raise StorageError("the ledger is away")
        return handle(self, case_id, attempt)

    monkeypatch.setattr(Desk, "handle_wake", failing)
    with working(options):
        numbers = cancel(desk, 2)
        settled(desk)
    assert shop.asked == Counter(numbers)


# A queue that is lost


def test_a_lost_queue_costs_no_write_and_is_filled_from_the_ledger(
    desk: Desk, options: Mapping[str, str], shop: Shop
) -> None:
    assert isinstance(desk.ledger, PostgresLedger)
    drop_queue(desk.ledger.pool)
    numbers = cancel(desk, 4)
    assert len(desk.ledger.cases(CancelCase)) == 4
    assert queue_of(desk).rebuild(desk.ledger) == 4
    with working(options):
        settled(desk)
    assert shop.asked == Counter(numbers)


def test_a_worker_makes_the_queue_that_is_not_there(desk: Desk, options: Mapping[str, str], shop: Shop) -> None:
    assert isinstance(desk.ledger, PostgresLedger)
    with working(options):
        numbers = cancel(desk)
        settled(desk)
        drop_queue(desk.ledger.pool)
        numbers += cancel(desk, 3, "next")
        settled(desk)
        assert has_queue(desk.ledger.pool, "procrastinate_jobs")
    assert shop.asked == Counter(numbers)


def test_a_connection_that_is_lost_while_the_queue_is_written_costs_no_wake(
    caller: Worker, queue: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    defer, lost = JobManager.batch_defer_jobs, iter([True])

    def losing(self: JobManager, jobs: list[Any], connection: Any) -> object:
        if next(lost, False):
            queue.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        return defer(self, jobs, connection)

    monkeypatch.setattr(JobManager, "batch_defer_jobs", losing)
    cancel(caller.desk)
    assert next(lost, None) is None
    assert len(rows(queue, "id")) == len(caller.desk.ledger.cases(CancelCase)) == 1


def test_a_process_that_knew_the_old_queue_writes_into_the_new_one(desk: Desk, queue: psycopg.Connection[Any]) -> None:
    assert isinstance(desk.ledger, PostgresLedger)
    cancel(desk, 12)  # As many that statements are prepared.
    queue_of(desk).rebuild(desk.ledger)
    cancel(desk, 12, "next")
    assert len(rows(queue, "id")) == 24


def test_the_command_makes_the_queue_anew(
    desk: Desk, options: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel(desk, 4)
    monkeypatch.setenv("LEDGER_URL", options["url"])
    (tmp_path / "orderdesk.toml").write_text('[ledger]\nurl = { env = "LEDGER_URL" }\n', encoding="utf-8")
    command = ["ledger", "rebuild-queue", "--config", str(tmp_path / "orderdesk.toml"), "--json"]
    ran = CliRunner().invoke(orderdesk, command)
    assert (ran.exit_code, json.loads(ran.stdout)) == (0, {"wakes": 4})


def test_only_one_process_makes_the_queue(desk: Desk) -> None:
    assert isinstance(desk.ledger, PostgresLedger)
    assert not queue_of(desk).ensure(desk.ledger)
    assert not create_queue(desk.ledger.pool, "procrastinate_jobs", "SELECT 1")


# Fair shares


def test_wakes_of_a_service_that_does_not_answer_hold_up_no_other(
    desk: Desk, options: Mapping[str, str], shop: Shop
) -> None:
    waiting = threading.Event()
    shop.at_cancel = lambda number: waiting.wait(30) if int(number.split("-")[1]) % 2 == 0 else None
    with working(options):
        numbers = cancel(desk, 60)
        first, second = (desk.connections.bulkhead(name) for name in CONNECTIONS)
        assert first.size == second.size < 30

        def open_at(connection: str) -> int:
            return sum(case.is_open for case in desk.ledger.cases(CancelCase, connection=connection))

        eventually(lambda: open_at("second") == 0, "the other service's cases are settled")
        assert open_at("first") == 30
        waiting.set()
        settled(desk)
    assert shop.asked == Counter(numbers)


def test_an_early_sweep_is_not_what_wakes(desk: Desk, options: Mapping[str, str]) -> None:
    """The tests above would prove nothing, did the sweep do it."""
    desk.use_engine(None)
    cancel(desk)
    with working(options):
        threading.Event().wait(seconds(1.5).total_seconds())
    assert has_open_cases(desk)
