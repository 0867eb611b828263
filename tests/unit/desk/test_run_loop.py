"""The rounds of a worker: none of them ends it, and each problem is told once, when it comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from orderdesk_sdk.cli.worker import Worker
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.run_loop import RunLoop, run_until_stopped
from orderdesk_sdk.errors import OrderDeskError, StorageError
from orderdesk_sdk.runtime.scheduler import RunReport

FULL = StorageError("the disk is full", location="desk.db")
AWAY = OSError("the order store is away")
Round = Sequence[str] | BaseException


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(Config(tmp_path / "desk.db"), clock=VirtualClock()) as made:
        yield made


def coming(desk: Desk, monkeypatch: pytest.MonkeyPatch, *rounds: Round, stop: threading.Event | None = None) -> None:
    """What the next rounds of the desk come to: problems, or what one raises. Then `stop` is set."""
    left = list(rounds)

    def run_due(limit: int = 1000) -> RunReport:
        found = left.pop(0)
        if not left and stop is not None:
            stop.set()
        if isinstance(found, BaseException):
            raise found
        return RunReport(0, cast("datetime | None", None), tuple(found))

    monkeypatch.setattr(desk, "run_due", run_due)


def test_each_problem_is_told_when_it_comes_and_again_only_when_it_was_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming(desk, monkeypatch, ["a"], ["a", "b"], FULL, FULL, AWAY, [], ["a", "a"])
    told: list[str] = []
    rounds = RunLoop(desk, told.append)
    assert [rounds.run_once() is not None for _ in range(7)] == [True, True, False, False, False, True, True]
    assert told == ["a", "b", "desk.db: the disk is full", "OSError: the order store is away", "a"]


def test_a_worker_survives_every_round_and_whoever_it_tells(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    coming(desk, monkeypatch, FULL, AWAY, ["a"], RecursionError("deep"), MemoryError(), [], stop=stop)
    told: list[str] = []

    def tell(problem: str) -> None:
        told.append(problem)
        raise OSError("the log is full")

    run_until_stopped(desk, stop, tell, every=0.001)
    assert stop.is_set()
    assert len(told) == 5


def test_the_command_tells_at_once_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr("orderdesk_sdk.cli.worker._RETRY_PAUSE", 0.001)
    coming(desk, monkeypatch, FULL, FULL, ["a"], AWAY, [], stop=stop)
    told: list[str] = []
    assert Worker(desk, interval=0.001, stop=stop, report=told.append).run(until_idle=False) == (0, ())
    assert told == ["desk.db: the disk is full", "a", "OSError: the order store is away"]


def test_until_idle_gives_up_on_what_fails_again_and_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderdesk_sdk.cli.worker._RETRY_PAUSE", 0.001)
    coming(desk, monkeypatch, *[FULL] * 9)
    told: list[str] = []
    with pytest.raises(OrderDeskError, match="the disk is full"):
        Worker(desk, report=told.append).run(until_idle=True)
    assert told == ["desk.db: the disk is full"]
