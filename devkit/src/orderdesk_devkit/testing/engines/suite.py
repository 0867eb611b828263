"""The tests that every engine passes. By the shop's own log: each order is asked for once, and canceled in the end."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.engines.child import WorkerTask
from orderdesk_devkit.testing.engines.faults import WakeFault, with_fault
from orderdesk_devkit.testing.engines.shop import Shop, import_orders
from orderdesk_devkit.testing.engines.worker import HostClock, LaterClock, Worker, has_open_cases, open_worker
from orderdesk_devkit.testing.failpoints.child import CROSSED
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.desk.desk import Desk

__all__ = ["SLACK", "EngineConformance"]

SLACK = 0.5
"""Seconds by which a case may be overdue before the workers of these tests sweep it up."""
WITHIN = 60.0
"""Real seconds after which a test gives up; none of them waits that long."""
LEASE_AND_MORE = minutes(10)
MOST_BOUNDARIES = 200
CROWD, CROWD_ROUNDS, CROWD_ORDERS, SEED = 3, 5, 60, 13
"""Workers at once, how many follow each other, what they have to do, and whose turn it is to die."""

NewOptions = Callable[[], Mapping[str, str]]


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    give_up = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < give_up, f"never: {what}"
        time.sleep(0.02)


class EngineConformance:
    """Inherit, name the opener, and give `new_options`.

    clock_jump: by how much the clock of a worker's machine goes wrong, where the ledger has a clock of its own; little
        where it has none, and all workers are on one machine.
    restart: crashes the database of some options and brings it up again; None where there is no server to crash.
    """

    opener: ClassVar[str]
    clock_jump: ClassVar[timedelta] = minutes(61)
    restart: Callable[[Mapping[str, str]], None] | None = None

    @pytest.fixture
    def new_options(self) -> NewOptions:
        """A function that makes the options of one more empty ledger."""
        raise NotImplementedError  # The author's: a ledger of the database that the engine works on.

    @pytest.fixture
    def shop(self) -> Shop:
        """The shop of a test."""
        return Shop()

    @pytest.fixture
    def make_options(self, shop: Shop, new_options: NewOptions) -> Iterator[NewOptions]:
        """As `new_options`, with the shop's URL."""
        with RawServer(responding(shop)) as server:
            yield lambda: {**new_options(), "shop": server.url, "slack": str(SLACK)}
            shop.gate.set()

    @pytest.fixture
    def options(self, make_options: NewOptions) -> Mapping[str, str]:
        """The options of one empty ledger."""
        return make_options()

    @contextmanager
    def running(
        self, options: Mapping[str, str], *, count: int = 1, clock: Clock | None = None
    ) -> Iterator[tuple[Worker, ...]]:
        """Workers of one ledger, as so many processes have them; they stop after the block."""
        stop = threading.Event()
        with ExitStack() as stack:
            workers = tuple(stack.enter_context(open_worker(self.opener, options, clock, stop)) for _ in range(count))
            threads = [threading.Thread(target=worker.engine.run, daemon=True) for worker in workers]
            for thread in threads:
                thread.start()
            try:
                yield workers
            finally:
                stop.set()
                for thread in threads:
                    thread.join(WITHIN)
                assert not any(thread.is_alive() for thread in threads), "run() returns when it is told to stop"

    @contextmanager
    def caller(self, options: Mapping[str, str]) -> Iterator[Desk]:
        """A desk that records and handles nothing, as a web process has it."""
        with open_worker(self.opener, options) as worker:
            yield worker.desk

    def cancel(self, desk: Desk, count: int, prefix: str = "o") -> list[str]:
        """Record cancellations, which the workers are to send; the orders' numbers."""
        numbers = import_orders(desk, count, prefix)
        for number in numbers:
            desk.cancel(number, by="Ann", send_now=False)
        return numbers

    def settle(self, desk: Desk) -> None:
        """Wait until nothing is open."""
        eventually(lambda: not has_open_cases(desk), "all cases settled")

    def judge(self, desk: Desk, shop: Shop, numbers: list[str]) -> None:
        """Each order has one case, was asked for once, and is canceled."""
        cases = desk.ledger.cases(CancelCase)
        assert sorted(case.order_number for case in cases) == sorted(numbers)
        assert {case.state for case in cases} == {State.CANCELED}
        assert shop.asked == Counter(numbers), "each was asked for once"

    def test_each_case_is_handled_once_by_several_workers(self, options: Mapping[str, str], shop: Shop) -> None:
        with self.caller(options) as desk, self.running(options, count=3):
            numbers = self.cancel(desk, 30)
            self.settle(desk)
            self.judge(desk, shop, numbers)

    def test_what_was_recorded_while_no_worker_ran_is_done_by_the_next(
        self, options: Mapping[str, str], shop: Shop
    ) -> None:
        with self.caller(options) as desk:
            numbers = self.cancel(desk, 5)
            assert not shop.asked
            with self.running(options):
                self.settle(desk)
            self.judge(desk, shop, numbers)

    @pytest.mark.parametrize("fault", WakeFault, ids=lambda fault: fault.name.lower())
    def test_wakes_that_fail_cost_time_alone(self, options: Mapping[str, str], shop: Shop, fault: WakeFault) -> None:
        with self.running(options, count=2) as workers, open_worker(self.opener, options) as caller:
            for worker in (*workers, caller):
                worker.desk.use_engine(with_fault(worker.engine, fault))
            numbers = self.cancel(caller.desk, 12)
            self.settle(caller.desk)
            self.judge(caller.desk, shop, numbers)

    def test_a_wake_for_what_is_over_does_nothing(self, options: Mapping[str, str], shop: Shop) -> None:
        with self.caller(options) as desk, self.running(options):
            numbers = self.cancel(desk, 1)
            self.settle(desk)
            (case,) = desk.ledger.cases(CancelCase)
            assert [desk.handle_wake(case.id, attempt) for attempt in range(case.attempt + 2)] == [False] * (
                case.attempt + 2
            )
            assert not desk.handle_wake("no-such-case", 0)
            self.judge(desk, shop, numbers)

    def test_an_expired_lease_sends_nothing_while_the_first_owner_still_sends(
        self, options: Mapping[str, str], shop: Shop
    ) -> None:
        shop.gate.clear()
        with self.caller(options) as desk, self.running(options):
            numbers = self.cancel(desk, 1)
            eventually(lambda: shop.asked[numbers[0]] == 1, "the first owner sends")
            with self.running(options, clock=LaterClock(LEASE_AND_MORE)):
                eventually(lambda: desk.ledger.cases(CancelCase)[0].attempt > 1, "another takes the case over")
                self.settle(desk)
            shop.gate.set()
        with self.caller(options) as desk:
            self.judge(desk, shop, numbers)

    def test_the_clocks_of_app_hosts_may_jump(self, options: Mapping[str, str], shop: Shop) -> None:
        clock = HostClock()
        with self.caller(options) as desk, self.running(options, clock=clock), self.running(options):
            numbers = self.cancel(desk, 8, "early")
            clock.wrong_by = self.clock_jump
            numbers += self.cancel(desk, 8, "middle")
            clock.wrong_by = -self.clock_jump
            numbers += self.cancel(desk, 8, "late")
            self.settle(desk)
            self.judge(desk, shop, numbers)

    def test_a_worker_that_is_told_to_stop_leaves_nothing_undone(self, options: Mapping[str, str], shop: Shop) -> None:
        with self.caller(options) as desk:
            numbers = self.cancel(desk, 20)
            with self.running(options):
                eventually(lambda: sum(shop.asked.values()) > 2, "some are asked for")
            assert not desk.ledger.cases(CancelCase, states=[State.SENDING]), "what was begun was finished"
            with self.running(options):
                self.settle(desk)
            self.judge(desk, shop, numbers)

    def test_the_database_may_crash_in_the_middle(self, options: Mapping[str, str], shop: Shop) -> None:
        if self.restart is None:
            pytest.skip("the ledger is a file: there is no server to crash")
        with self.caller(options) as desk, self.running(options, count=2):
            numbers = self.cancel(desk, 30)
            eventually(lambda: sum(shop.asked.values()) > 5, "some are asked for")
            self.restart(options)
        # What the crash interrupted between intent and response is polled when its lease has ended.
        with self.caller(options) as desk, self.running(options, clock=LaterClock(LEASE_AND_MORE)):
            self.settle(desk)
            self.judge(desk, shop, numbers)

    @pytest.mark.crash
    def test_a_worker_may_be_killed_at_every_step(self, make_options: NewOptions, shop: Shop) -> None:
        with ForkServer(module="orderdesk_devkit.testing.engines.child") as children:
            names = self._boundaries(children, make_options())
            assert 8 < len(names) < MOST_BOUNDARIES
            for number in range(1, len(names) + 1):
                shop.asked.clear()
                self._kill_at(number, children, make_options(), shop)

    @pytest.mark.crash
    def test_a_crowd_may_be_killed_at_random(self, options: Mapping[str, str], shop: Shop) -> None:
        chance = random.Random(SEED)  # noqa: S311 - chance that is the same each time, no secret
        with self.caller(options) as desk:
            numbers = self.cancel(desk, CROWD_ORDERS)
        with ForkServer(CROWD, "orderdesk_devkit.testing.engines.child") as children, ThreadPoolExecutor(CROWD) as pool:
            tasks = [WorkerTask(self.opener, options, chance.randint(1, 60)) for _ in range(CROWD * CROWD_ROUNDS)]
            running = [pool.submit(children.run, task) for task in tasks]
            if self.restart is not None:
                wait(running, return_when=FIRST_COMPLETED)
                self.restart(options)
            killed = sum(ended.result().code == -signal.SIGKILL for ended in running)
        assert killed, "some are killed in the middle"
        with self.caller(options) as desk, self.running(options, count=2, clock=LaterClock(LEASE_AND_MORE)):
            eventually(lambda: _all_over(desk, shop), f"settled after {killed} kills")
            cases = desk.ledger.cases(CancelCase)
        assert sorted(case.order_number for case in cases) == sorted(numbers), "none is lost, none doubled"
        assert max(shop.asked.values()) == 1, "none was asked for twice"

    def _boundaries(self, children: ForkServer, options: Mapping[str, str]) -> list[str]:
        """What a worker crosses that lives."""
        with self.caller(options) as desk:
            self.cancel(desk, 1)
        lines = children.run(WorkerTask(self.opener, options, 0)).output
        crossed = [line.removeprefix(f"{CROSSED} ") for line in lines if line.startswith(CROSSED)]
        assert crossed, "\n".join(lines)
        names: list[str] = json.loads(crossed[0])
        return names

    def _kill_at(self, number: int, children: ForkServer, options: Mapping[str, str], shop: Shop) -> None:
        """Kill a worker at its n-th boundary, and let another one go on."""
        with self.caller(options) as desk:
            numbers = self.cancel(desk, 1)
        killed = children.run(WorkerTask(self.opener, options, number))
        with self.caller(options) as desk:
            with self.running(options, clock=LaterClock(LEASE_AND_MORE)):
                eventually(lambda: _all_over(desk, shop), f"settled after {killed.output}")
            (case,) = desk.ledger.cases(CancelCase)
            asked = shop.asked[numbers[0]]
        assert asked <= 1, f"it was asked for twice after {killed.output}"
        # Killed between the intent and the first byte: nobody can prove that nothing was sent.
        assert case.state is State.CANCELED or not asked, f"{case.state} after {killed.output}"


def _all_over(desk: Desk, shop: Shop) -> bool:
    """Whether every case is settled, or waits for somebody who can say that nothing was sent."""
    return all(
        not case.is_open or (case.state in (State.UNKNOWN, State.ACTION_REQUIRED) and not shop.asked[case.order_number])
        for case in desk.ledger.cases(CancelCase)
    )
