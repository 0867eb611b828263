"""A worker's heartbeat: recorded while it works, taken back when it ends, and in nobody's way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.cli.worker import Worker
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk import heartbeat
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.heartbeat import Heartbeat
from orderdesk_sdk.desk.run_loop import RunLoop, run_until_stopped
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from tests.support.waiting import eventually


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def desk(tmp_path: Path, clock: VirtualClock) -> Iterator[Desk]:
    shop = ConnectionConfig("shop", "bdlinx", {}, "[connections.shop]")
    with Desk(Config(tmp_path / "orderdesk.db", {"shop": shop}), clock=clock) as desk:
        yield desk


def said(desk: Desk) -> WorkerHeartbeat:
    (only,) = desk.ledger.heartbeats()
    return only


def test_a_round_says_who_works_since_when_and_how_its_connections_stand(desk: Desk, clock: VirtualClock) -> None:
    began = clock.now()
    rounds = RunLoop(desk, print)
    clock.advance(seconds(7))
    rounds.run_once()
    assert (said(desk).process, said(desk).started_at, said(desk).last_round_at) == (os.getpid(), began, clock.now())
    assert said(desk).host
    condition = said(desk).connections["shop"]
    assert (condition.has_stuck_threads, condition.last_done_at, condition.deferred_until) == (False, None, None)
    rounds.end()
    assert desk.ledger.heartbeats() == ()


def test_many_rounds_are_one_entry(desk: Desk, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = RunLoop(desk, print)
    first = clock.now()
    for _ in range(3):
        rounds.run_once()
        clock.advance(seconds(1))
    assert said(desk).last_round_at == first
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.0)
    other = RunLoop(desk, print)
    other.run_once()
    clock.advance(seconds(1))
    other.run_once()
    assert desk.ledger.heartbeats()[0].last_round_at == clock.now()


def test_work_that_was_done_and_threads_that_hang_are_told(desk: Desk, clock: VirtualClock) -> None:
    bulkhead = desk.connections.bulkhead("shop")
    assert bulkhead.submit(lambda _: None).done.wait(120)
    held = threading.Event()
    bulkhead.run_isolated(lambda: held.wait(120), timeout=0.05)
    Heartbeat(desk).beat()
    held.set()
    condition = said(desk).connections["shop"]
    assert condition.has_stuck_threads
    assert condition.last_done_at is not None
    assert seconds(0) <= clock.now() - condition.last_done_at < seconds(5)


def test_a_job_that_fails_is_not_done(desk: Desk) -> None:
    def fail(_: object) -> None:
        raise ValueError

    assert desk.connections.bulkhead("shop").submit(fail).done.wait(120)
    assert desk.connections.bulkhead("shop").last_done is None


@pytest.mark.parametrize("error", [StorageError("the disk is full"), RuntimeError("the ledger is closed")])
def test_a_heartbeat_that_cannot_be_recorded_does_not_end_the_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(desk.ledger, "record_heartbeat", fail)
    monkeypatch.setattr(desk.ledger, "remove_heartbeat", fail)
    rounds = RunLoop(desk, print)
    assert rounds.run_once() is not None
    rounds.end()


def test_workers_take_leave(desk: Desk) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def end_soon() -> None:
        try:
            eventually(lambda: bool(desk.ledger.heartbeats()), "the worker's heartbeat")
            seen.append(len(desk.ledger.heartbeats()))
        finally:
            stop.set()

    thread = threading.Thread(target=end_soon)
    thread.start()
    run_until_stopped(desk, stop, print, every=0.1)
    thread.join()
    assert (seen, desk.ledger.heartbeats()) == ([1], ())


def test_the_worker_of_the_command_line_takes_leave(desk: Desk) -> None:
    Worker(desk).run(until_idle=True)
    assert desk.ledger.heartbeats() == ()
