"""What engines call: a wake does what is due of its attempt, and a sweep what is overdue, whatever became of wakes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.engines.shop import Shop, connections_to, import_orders, shop_registry
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.clock import VirtualClock, minutes, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.runtime.listeners import Listeners

WITHIN = 120.0
"""Real seconds after which a test gives up waiting for another thread; none of them waits that long."""


class KeepingEngine:
    """An engine that only keeps what it is told. fails: it cannot be reached."""

    def __init__(self) -> None:
        self.wakes: list[tuple[str, int, datetime]] = []
        self.fails = False

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:
        if self.fails:
            raise ConnectionError("the broker is away")
        self.wakes.append((case_id, attempt, at))

    def run(self) -> None:
        """Nobody runs it."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def desk(tmp_path: Path, clock: VirtualClock, shop: Shop) -> Iterator[Desk]:
    with RawServer(responding(shop)) as server:
        config = Config(tmp_path / "orderdesk.db", connections_to(server.url))
        with Desk(config, clock=clock, registry=shop_registry()) as made:
            yield made


@pytest.fixture
def engine(desk: Desk) -> KeepingEngine:
    made = KeepingEngine()
    desk.use_engine(made)
    return made


@pytest.fixture
def case(desk: Desk, engine: KeepingEngine) -> CancelCase:
    (number,) = import_orders(desk, 1)
    return desk.cancel(number, by="Ann", send_now=False).cases[0]


def test_a_case_is_woken_for_each_step_until_it_is_settled(
    desk: Desk, engine: KeepingEngine, clock: VirtualClock, shop: Shop, case: CancelCase
) -> None:
    assert engine.wakes == [(case.id, 0, clock.now())]
    assert desk.handle_wake(case.id, 0)
    assert [wake[:2] for wake in engine.wakes] == [(case.id, 0), (case.id, 1)]
    clock.advance(minutes(1))
    assert desk.handle_wake(*engine.wakes[-1][:2])
    assert desk.ledger.case(case.id, CancelCase).state is State.CANCELED
    assert shop.asked == {case.order_number: 1}


def test_a_wake_of_another_attempt_does_nothing(desk: Desk, shop: Shop, case: CancelCase) -> None:
    assert not desk.handle_wake(case.id, 1)
    assert not shop.asked
    assert desk.handle_wake(case.id, 0)
    assert not desk.handle_wake(case.id, 0)
    assert shop.asked == {case.order_number: 1}


def test_a_wake_that_comes_a_moment_early_waits_and_one_that_comes_much_too_early_does_nothing(
    desk: Desk, engine: KeepingEngine, case: CancelCase, clock: VirtualClock
) -> None:
    desk.handle_wake(case.id, 0)
    later = engine.wakes[-1]
    assert later[2] - clock.now() < seconds(2)
    assert desk.handle_wake(*later[:2])
    assert clock.now() >= later[2]
    (number,) = import_orders(desk, 1, "other")
    other = desk.cancel(number, by="Ann", send_now=False).cases[0]
    desk.ledger.write(CaseUpdate(other, evolve(other, version=1, due_at=clock.now() + minutes(1)), ["put off"]))
    assert not desk.handle_wake(other.id, 0)
    assert desk.ledger.case(other.id, CancelCase).state is State.PENDING


def test_a_wake_whose_case_a_thread_is_about_to_let_go_does_the_next_step(
    desk: Desk, engine: KeepingEngine, clock: VirtualClock, case: CancelCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the commit of a step and its end nobody else has the case, and the wake of the next step may come."""
    is_held, may_end = threading.Event(), threading.Event()
    notify = Listeners.notify

    def holding(self: Listeners, case: CancelCase, event: Event) -> object:
        if case.state is State.ACKNOWLEDGED:
            is_held.set()
            may_end.wait(WITHIN)
        return notify(self, case, event)

    monkeypatch.setattr(Listeners, "notify", holding)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(desk.handle_wake, case.id, 0)
        assert is_held.wait(WITHIN)
        clock.advance(minutes(1))
        second = threads.submit(desk.handle_wake, *engine.wakes[-1][:2])
        with pytest.raises(TimeoutError):
            second.result(0.1)
        may_end.set()
        assert first.result(WITHIN)
        assert second.result(WITHIN)
    assert desk.ledger.case(case.id, CancelCase).state is State.CANCELED


def test_a_sweep_leaves_alone_what_a_wake_may_still_be_on_its_way_to(
    desk: Desk, shop: Shop, case: CancelCase, clock: VirtualClock
) -> None:
    clock.advance(seconds(59))
    assert desk.sweep().handled == 0
    clock.advance(seconds(2))
    assert desk.sweep().handled == 1
    assert shop.asked == {case.order_number: 1}


def test_an_engine_that_cannot_be_reached_costs_no_cancellation(desk: Desk, engine: KeepingEngine) -> None:
    engine.fails = True
    (number,) = import_orders(desk, 1)
    assert desk.cancel(number, by="Ann", send_now=False).cases[0].state is State.PENDING
    assert engine.wakes == []


def test_an_ending_desk_handles_no_wake(desk: Desk, shop: Shop, case: CancelCase) -> None:
    desk.close()
    assert not desk.handle_wake(case.id, 0)
    assert desk.sweep().handled == 0
    assert not shop.asked
