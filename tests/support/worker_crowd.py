"""Many workers on one ledger, killed at random while they serve a whole shop; and what is wrong afterwards.

    result = WorkerCrowd(folder, url, cases=2000, workers=8, kills=60).play(restart=server.restart)
    assert result.failures == ()

The shop's orders come in, the workers cancel them and follow up, and are killed one after the other, at whatever they
do. Then all is left alone until every case is settled, and what the services did, by their own log, is held against
what the ledger says and what callers were told.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path

from attrs import asdict, frozen

from orderdesk_devkit.simulators.simulator import Effect, Record
from orderdesk_devkit.testing.failpoints.checker import find_failures_of_case
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer, ProcessExit
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sql import order_rows
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from tests.support.shared_clock import SharedClock
from tests.support.waiting import eventually
from tests.support.worker_crowd_child import PROBLEM, RESERVED_SECONDS, WorkerTask, open_crowd_desk
from tests.support.worker_crowd_services import CrowdOrder, CrowdServices, open_services, orders_for

__all__ = ["CrowdResult", "WorkerCrowd"]

LIFE = 15.0
"""Real seconds that a worker works where it is not killed before; then another takes its place."""
OPEN_AT_ONCE = 300
"""Orders that have come in and were not canceled yet, at most: a shop cancels what was ordered a moment ago."""
SLACK = LEASE + minutes(2)
"""What a case may be late once nobody is killed any more: whoever had it may have died with it."""
PAGE = 1000
"""Cases that are read at a time."""
PATIENCE = hours(6)
"""How long a person waits for what a service has said it will do."""
GIVE_UP = 1800.0
"""Real seconds after which what is still open is taken for never settled."""
RESTART_WORDS = ("connection", "lost", "in time", "shutting down", "starting up", "recovery mode", "terminat")
"""What is told of a database that is away for a moment."""


@frozen
class CrowdResult:
    """What came of a crowd.

    Args:
        lives: of workers, one after the other. states: how many cases ended how.
        seconds: real ones, of everything. lateness: seconds of the shop by which any case was late after the last kill.
    """

    cases: int
    lives: int
    kills: int
    restarts: int
    seconds: float
    lateness: float
    requests: int
    states: dict[str, int]
    failures: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in asdict(self).items())


@frozen
class WorkerCrowd:
    """A crowd in an empty folder. The seed decides whom death meets; the machine decides where it meets them.

    Args:
        speed: seconds of the shop in a real one. With 10 a lease of five minutes is over after half a real one.
    """

    folder: Path
    ledger: str
    cases: int
    workers: int
    kills: int
    seed: int = 1
    speed: float = 10.0
    restart: Callable[[], None] | None = None
    restarts: int = 0

    def play(self) -> CrowdResult:
        """Let it live, and judge what it left."""
        clock = SharedClock(self.folder / "clock", self.speed)
        (self.folder / "orders").touch()
        with (
            open_services(clock) as services,
            open_crowd_desk(self.ledger, clock, services.urls, services.settings) as desk,
        ):
            return _Run(self, clock, services, desk).play()


class _Run:
    def __init__(self, crowd: WorkerCrowd, clock: SharedClock, services: CrowdServices, desk: Desk) -> None:
        self._crowd, self._clock, self._services, self._desk = crowd, clock, services, desk
        self._chance = random.Random(crowd.seed)  # noqa: S311 - no secret
        self._orders = list(orders_for(crowd.cases))
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._lives = self._kills = self._restarts = 0
        self._lateness = 0.0
        self._jumped_at = time.time()
        self._failures: list[str] = []

    def play(self) -> CrowdResult:
        began = time.monotonic()
        self._take_orders_in()
        with ThreadPoolExecutor(self._crowd.workers) as pool:
            slots = [pool.submit(self._keep_working, number) for number in range(self._crowd.workers)]
            try:
                killer = threading.Thread(target=self._kill_at_random)
                killer.start()
                self._let_orders_come()
                killer.join()
                self._settle()
            finally:
                self._ending.set()
        for slot in slots:
            slot.result()
        self._failures += self._judge()
        cases = self._all_cases()
        states = Counter(case.state.value for case in cases)
        requests = sum(len(simulator.log) for simulator in self._services.simulators.values())
        return CrowdResult(
            len(cases),
            self._lives,
            self._kills,
            self._restarts,
            time.monotonic() - began,
            self._lateness,
            requests,
            dict(states),
            tuple(self._failures),
        )

    # What happens to the workers

    def _keep_working(self, number: int) -> None:
        """Have a worker in one place, one after the other."""
        while not self._ending.is_set():
            with ForkServer(1, "tests.support.worker_crowd_child") as forks:
                try:
                    while not self._ending.is_set():
                        self._record_end(number, forks.run(self._task(number)))
                except OrderDeskError as error:  # Then the process that forks is gone, too.
                    self._failures.append(f"worker {number} hung: {error}")

    def _task(self, number: int) -> WorkerTask:
        crowd, life = self._crowd, LIFE * (0.5 + self._chance.random())
        services = (self._services.urls, self._services.settings)
        return WorkerTask(str(crowd.folder), crowd.ledger, number, crowd.workers, crowd.speed, life, *services)

    def _record_end(self, number: int, ended: ProcessExit) -> None:
        with self._lock:
            self._lives += 1
            self._kills += ended.code == -signal.SIGKILL
            if ended.code not in (0, -signal.SIGKILL):
                self._failures.append(f"worker {number} failed: {' | '.join(ended.output)}")
            problems = [line for line in ended.output if line.startswith(PROBLEM)]
            self._failures += [line for line in problems if not self._is_of_a_restart(line)]

    def _is_of_a_restart(self, problem: str) -> bool:
        return self._restarts > 0 and any(word in problem for word in RESTART_WORDS)

    def _kill_at_random(self) -> None:
        """Kill so many while orders come in and are canceled; restart the database between them."""
        restarts = {
            self._crowd.kills * (part + 1) // (self._crowd.restarts + 1) for part in range(self._crowd.restarts)
        }
        done: set[int] = set()
        until = time.monotonic() + GIVE_UP
        while self._kills < self._crowd.kills and time.monotonic() < until:
            canceled = self._canceled()
            # As far on with killing as with the work, so that death comes from the first order to the last.
            if self._kills <= self._crowd.kills * canceled / len(self._orders) or canceled == len(self._orders):
                number = self._chance.randrange(self._crowd.workers)
                with suppress(OSError, ValueError):
                    os.kill(int((self._crowd.folder / f"{number}.pid").read_text("utf-8")), signal.SIGKILL)
                    (self._crowd.folder / f"{number}.pid").unlink()
            time.sleep(self._chance.uniform(0.05, 0.6))
            reached = {mark for mark in restarts - done if self._kills >= mark}
            if reached and self._crowd.restart is not None:
                done |= reached
                self._restarts += 1
                self._crowd.restart()

    def _take_orders_in(self) -> None:
        """Put the orders into the order store, and where they were submitted. No worker is there yet."""
        roles = {slug: self._desk.connections.get(slug).integration.role for slug in self._services.urls}
        store = self._desk.order_store
        assert isinstance(store, SqlOrderStore)
        store.import_orders((order.order() for order in self._orders), by="the shop")
        places = [(order, connection) for order in self._orders for connection in order.connections]
        for start in range(0, len(places), PAGE):
            with store._database.writing() as db:  # A thousand at a time: it is not what this is about.
                for order, name in places[start : start + PAGE]:
                    submitted = RemoteOrder(name, order.remote_id(name), self._clock.now(), roles[name])
                    order_rows.insert_remote_order(db, order.order().id, submitted)

    def _let_orders_come(self) -> None:
        """Let the orders come in at the services, a few at a time, and give them to the workers."""
        path = self._crowd.folder / "orders"
        coming = iter(self._orders)
        while some := list(islice(coming, 50)):
            eventually(lambda: self._come() - self._canceled() <= OPEN_AT_ONCE, "the workers get on", GIVE_UP, 0.05)
            for order in some:
                self._services.add(order)
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(asdict(order))}\n" for order in some)
        eventually(lambda: self._canceled() >= len(self._orders), "all orders are canceled", GIVE_UP, 0.1)

    def _come(self) -> int:
        return (self._crowd.folder / "orders").read_bytes().count(b"\n")

    def _canceled(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in self._crowd.folder.glob("*.done"))

    # When nobody is killed any more

    def _settle(self) -> None:
        """Let time pass, and persons decide by what is true, until nothing is left."""
        time.sleep(RESERVED_SECONDS)  # What the dead have reserved is free again.
        calm_at = self._clock.now() + SLACK
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            decided = self._decide_all()
            due, now = self._desk.ledger.next_due(), self._clock.now()
            if due is not None and due < now and now > calm_at:
                self._lateness = max(self._lateness, (now - due).total_seconds())
            if not decided and self._is_idle():
                if not self._desk.cases.list(states=tuple(OPEN), limit=1):
                    return
                if due is not None and due > now:
                    self._clock.advance(due - now)
                    self._jumped_at = time.time()
            time.sleep(0.05)
        left = Counter(f"{case.connection} {case.state.value}" for case in self._all_cases() if case.is_open)
        self._failures.append(f"never settled: {dict(left)}")

    def _is_idle(self) -> bool:
        """Whether each worker had nothing to do since time last jumped."""
        marks = [self._crowd.folder / f"{number}.idle" for number in range(self._crowd.workers)]
        return all(mark.exists() and mark.stat().st_mtime > self._jumped_at for mark in marks)

    def _decide_all(self) -> int:
        """Do what persons have to do; how much that was."""
        decided = 0
        for case in self._desk.cases.list(states=(State.ACTION_REQUIRED,)):
            with suppress(OrderDeskError):  # A cart is told last: it is its turn when the others are settled.
                decided += self._decide(case)
        return decided

    def _decide(self, case: CancelCase) -> bool:
        """Decide by what is true; False where that is not to be seen yet."""
        services, now = self._services, self._clock.now()
        has_api = case.connection in services.simulators
        if not has_api or services.is_canceled(case.connection, case.remote_id):
            self._desk.cases.confirm(case.id, by="Ben")
        elif services.has_accepted(case.connection, case.remote_id) and now < case.created_at + PATIENCE:
            return False
        elif case.retry_allowed and case.attempt < 4:
            self._desk.cases.retry(case.id, by="Ben")
        else:
            self._desk.cases.reject(case.id, by="Ben", note="the service has it, and has not canceled it")
        return True

    # The judge

    def _judge(self) -> Iterator[str]:
        told = [
            json.loads(line)
            for path in self._crowd.folder.glob("*.done")
            for line in path.read_text("utf-8").splitlines()
        ]
        cases = self._all_cases()
        of_order: dict[str, list[CancelCase]] = defaultdict(list)
        for case in cases:
            of_order[case.order_number].append(case)
        known = {case.id for case in cases} | {case.cancellation_id for case in cases}
        yield from (
            f"{given} was given to a caller and is lost" for _, *ids in told for given in ids if given not in known
        )
        acted = self._effects()
        for order in self._orders:
            yield from self._failures_of_order(order, of_order.pop(order.number, []), acted)
        yield from (f"{number} is no order of the shop" for number in of_order)
        if self._lateness > SLACK.total_seconds():
            yield f"a case was {self._lateness:.0f} s late, long after the last kill"

    def _all_cases(self) -> list[CancelCase]:
        found: list[CancelCase] = []
        while page := self._desk.cases.list(limit=PAGE, after=found[-1] if found else None):
            found += page
        return found

    def _effects(self) -> dict[tuple[str, str | None], list[Record]]:
        found: dict[tuple[str, str | None], list[Record]] = defaultdict(list)
        for slug, simulator in self._services.simulators.items():
            for record in simulator.log:
                if record.effect_kind is Effect.CANCEL_ACCEPTED:
                    found[slug, record.remote_id].append(record)
                elif record.effect_kind is Effect.ORDER_CREATED:
                    self._failures.append(f"{slug} has an order that nobody wanted: {record.remote_id}")
        return found

    def _failures_of_order(
        self, order: CrowdOrder, cases: Sequence[CancelCase], acted: dict[tuple[str, str | None], list[Record]]
    ) -> Iterator[str]:
        if sorted(case.connection for case in cases) != sorted(order.connections):
            yield f"{order.number} is at {order.connections}, its cases at {[case.connection for case in cases]}"
        canceled = {case.connection for case in cases if case.state is State.CANCELED}
        for case in cases:
            if case.is_open:
                yield f"{case.id} at {case.connection} is {case.state.value}, and was never settled"
            if case.connection not in self._services.simulators:
                continue
            truth = self._services.is_canceled(case.connection, case.remote_id)
            effects = acted[case.connection, case.remote_id]
            yield from find_failures_of_case(case, self._desk.ledger.history(case.id), effects, truth)
        if order.cart in canceled and order.fulfillment not in canceled:
            yield f"law 8: {order.cart} was told of {order.number}, which {order.fulfillment} has not canceled"
