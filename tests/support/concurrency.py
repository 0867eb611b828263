"""A crowd: several processes at once on one ledger, killed and paused at random, and what is wrong afterwards.

    with ConcurrencyRunner(processes=4) as crowds:
        told = crowds.play(tmp_path, seed=1)
    assert told.complaints == ()

They import, register, cancel and resubmit the same orders and do what is due, at the same moments. When nothing is left
to be done, what the services really did, by the services' own log, is held against what the ledger knows.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import evolve, frozen

from orderdesk_devkit.testing.failpoints.checker import sends
from orderdesk_devkit.testing.failpoints.child import REPORTED
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer, ProcessExit
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.concurrency_child import ActionBatch, ActionKind, ProcessAction, open_concurrency_desk, order_of
from tests.support.fake_services import FakeServices

__all__ = ["ConcurrencyRunner", "ConcurrencyResult"]

ROUNDS = 6
_MAX_ROUNDS = 300
"""Rounds of work after which what is still due is taken for never settled."""
_LAST_BOUNDARY = 24
_MAX_OFFSET = 0.02
"""Real seconds by which actions that are to meet come apart, at most."""
_LEAD_TIME = 0.15
"""Real seconds in which all processes of a round are ready."""


@frozen
class ConcurrencyResult:
    """What came of a crowd. kills: processes that were killed; pauses: that stood still while time passed."""

    processes: int
    kills: int
    pauses: int
    orders: int
    cases: int
    failures: tuple[str, ...]


@frozen
class _LogLine:
    """A line of the diary: what stands, was told or canceled where, and when its commit began and ended."""

    what: str
    order_id: str
    connection: str
    began: float
    ended: float


@frozen
class _OrderState:
    """How an order stands when a round begins.

    may_end: nothing keeps its cancellation open through the round. tells: its cart is to be told next.
    """

    may_settle: bool
    cancels_cart_next: bool

    @classmethod
    def of(cls, cases: Sequence[CancelCase]) -> _OrderState:
        """By all the cases of an order."""
        carts = [case for case in cases if case.role is ConnectionRole.CART]
        others = [case for case in cases if case.role is not ConnectionRole.CART]
        tells = any(case.state is State.PENDING for case in carts) and not any(case.is_open for case in others)
        stays = any(case.state in (State.PENDING, State.ACTION_REQUIRED) for case in cases)
        return cls(bool(cases) and not stays, tells)


@frozen
class _OrderPlan:
    """An order of the crowd.

    held: a person has a case of it to the end. late: it comes to a further place when its cart is told, and not before.
    cancel: the round in which it is canceled.
    """

    number: str
    cart: bool
    held: bool
    late: bool
    cancel: int

    def simultaneous_actions(self, turn: int, number: int, standing: _OrderState) -> list[ProcessAction]:
        """What the processes do to it all at once: some register it, the others cancel it or tell its cart."""
        if not (standing.cancels_cart_next if self.late else turn == self.cancel):
            return []
        if number % 2:
            return [ProcessAction(ActionKind.REGISTER, self.number, "depot")]
        return (
            [ProcessAction(ActionKind.WORK)]
            if standing.cancels_cart_next
            else [ProcessAction(ActionKind.CANCEL, self.number)]
        )

    def possible_actions(self, turn: int, standing: _OrderState) -> list[ProcessAction]:
        """What may happen to it in a round.

        No cancellation is settled in the round in which it is sent, nor in which its cart
        is told: so whatever comes to be registered before that must be reached."""
        acts = (
            [ProcessAction(ActionKind.IMPORT, self.number)]
            if turn < 2
            else [ProcessAction(ActionKind.RESUBMIT, self.number)]
        )
        if turn >= self.cancel:
            acts.append(ProcessAction(ActionKind.CANCEL, self.number))
        if not standing.may_settle and not self.late:
            acts.append(ProcessAction(ActionKind.REGISTER, self.number, "depot"))
        return acts


class ConcurrencyRunner:
    """Plays crowds of `processes`. A context manager; leaving it ends the processes that the others are forked from."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._fork_server = ForkServer(processes + 1, "tests.support.concurrency_child")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fork_server.close()

    def play(self, folder: Path, seed: int) -> ConcurrencyResult:
        """Let a crowd live in an empty folder, and judge what it left. The seed decides all but who is faster."""
        fake_services = FakeServices()
        with RawServer(responding(fake_services)) as server, ThreadPoolExecutor(self.processes + 1) as pool:
            return _ConcurrencyRun(
                folder, seed, self.processes, self._fork_server, pool, fake_services, server.url
            ).play()


class _ConcurrencyRun:
    def __init__(
        self,
        folder: Path,
        seed: int,
        processes: int,
        fork_server: ForkServer,
        pool: ThreadPoolExecutor,
        services: FakeServices,
        url: str,
    ) -> None:
        self._ledger = folder / "orderdesk.db"
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._width = processes
        self._fork_server = fork_server
        self._pool = pool
        self._services = services
        self._url = url
        self._clock = VirtualClock()
        self._order_plans = [
            _OrderPlan(str(1001 + number), number < 6, number in (4, 5), number < 3, self._chance.randrange(2))
            for number in range(8)
        ]
        self._processes = self._kills = self._pauses = 0
        self._reported_ids: set[str] = set()
        self._failures: list[str] = []

    def play(self) -> ConcurrencyResult:
        with open_concurrency_desk(self._ledger, self._clock, self._url) as desk:
            for plan in self._order_plans:
                desk.orders.import_orders([order_of(plan.number)], by="the shop")
                for place in ["mill", *(["cart"] if plan.cart else []), *(["phone"] if plan.held else [])]:
                    desk.orders.register(plan.number, connection=place, by="the shop")
        paused: tuple[Path, Future[ProcessExit]] | None = None
        for turn in range(ROUNDS):
            with open_concurrency_desk(self._ledger, self._clock, self._url) as desk:
                standing = [_OrderState.of(desk.cases.list(order=plan.number)) for plan in self._order_plans]
            bursts = [self._action_batch(turn, number, standing) for number in range(self._width)]
            if paused is not None:  # One at a time stands still; the others need their parents.
                bursts = [burst for burst in bursts if not burst.pause_at]
            running = [(burst, self._pool.submit(self._fork_server.run, burst)) for burst in bursts]
            waiting = next(((burst, future) for burst, future in running if burst.pause_at), None)
            for burst, future in running:
                if waiting is None or burst is not waiting[0]:
                    self._record_exit(burst.name, future.result())
            self._clock.advance(LEASE + seconds(1) if self._chance.random() < 0.8 else seconds(10))
            if paused is not None:
                self._wake(*paused)
                paused = None
            if waiting is not None:
                paused = self._ledger.with_name(f"{waiting[0].name}.go"), waiting[1]
        if paused is not None:
            self._wake(*paused)
        return self._result()

    def _wake(self, go: Path, future: Future[ProcessExit]) -> None:
        """Let the one that stood still go on, by a clock that has not moved, with leases that are over."""
        go.touch()
        self._pauses += 1
        self._record_exit(go.stem, future.result())

    def _action_batch(self, turn: int, number: int, standing: Sequence[_OrderState]) -> ActionBatch:
        plans = list(zip(self._order_plans, standing, strict=True))
        wanted = [act for plan, stands in plans for act in plan.possible_actions(turn, stands)]
        acts = [
            *self._chance.sample(wanted, k=min(len(wanted), 5)),
            ProcessAction(ActionKind.WORK),
            ProcessAction(ActionKind.WORK),
        ]
        self._chance.shuffle(acts)
        races = [act for plan, stands in plans for act in plan.simultaneous_actions(turn, number, stands)]
        acts[:0] = [evolve(act, after=self._chance.random() * _MAX_OFFSET) for act in races]
        fate = self._chance.random()
        boundary = self._chance.randrange(1, _LAST_BOUNDARY + 8 * len(races))
        is_paused = 0.75 < fate < 0.9 and number == 0
        return ActionBatch(
            str(self._ledger),
            self._url,
            self._clock.now(),
            f"{turn}-{number}",
            tuple(acts),
            kill_at=boundary if fate <= 0.75 else 0,
            pause_at=boundary if is_paused else 0,
            start=time.monotonic() + _LEAD_TIME,
        )

    def _record_exit(self, name: str, ended: ProcessExit) -> None:
        self._processes += 1
        self._reported_ids |= {
            line.removeprefix(REPORTED).strip() for line in ended.output if line.startswith(REPORTED)
        }
        if ended.code == -signal.SIGKILL:
            self._kills += 1
        elif ended.code != 0:
            self._failures.append(f"process {name} failed: {' | '.join(ended.output)}")

    # Afterwards

    def _result(self) -> ConcurrencyResult:
        with open_concurrency_desk(self._ledger, self._clock, self._url) as desk:
            self._settle(desk)
            for plan in self._order_plans:
                self._failures += self._failures_of_order(desk, plan)
            self._failures += self._early_cart_cancels()
            known = {case.id for case in desk.cases.list()} | {case.id for case in desk.cases.list_others()}
            known |= {case.cancellation_id for case in desk.cases.list()}
            self._failures += [f"{lost} was given to a caller and is lost" for lost in self._reported_ids - known]
            count = len(desk.cases.list())
        return ConcurrencyResult(
            self._processes, self._kills, self._pauses, len(self._order_plans), count, tuple(self._failures)
        )

    def _settle(self, desk: Desk) -> None:
        """Let time pass and persons decide by what is true, until nothing is left."""
        for _ in range(_MAX_ROUNDS):
            self._failures += desk.run_due().problems
            for work in self._cases_with_action_required(desk):
                self._decide(desk, work)
            due = desk.ledger.next_due()
            if due is None:
                return
            if due > self._clock.now():
                self._clock.advance(due - self._clock.now())
        open_ = [f"{case.id} at {case.connection} is {case.state.value}" for case in desk.cases.list() if case.is_open]
        self._failures.append(f"never settled: {'; '.join(open_) or 'cases'}")

    def _cases_with_action_required(self, desk: Desk) -> Iterator[Case]:
        yield from desk.cases.list(states=[State.ACTION_REQUIRED])
        yield from (case for case in desk.cases.list_others(open_only=True) if case.state is State.ACTION_REQUIRED)

    def _decide(self, desk: Desk, case: Case) -> None:
        truth = self._services.status.get((case.connection, case.remote_id))
        is_done = truth == ("open" if isinstance(case, ResubmitCase) else "canceled")
        try:
            if is_done or case.connection == "phone":
                desk.cases.confirm(case.id, by="Ben")
            else:
                desk.cases.retry(case.id, by="Ben")
        except OrderDeskError:
            return  # A cart is told last: it is its turn when the others are settled.

    def _failures_of_order(self, desk: Desk, plan: _OrderPlan) -> Iterator[str]:
        order = desk.order_store.get_order(plan.number)
        cases = desk.cases.list(order=plan.number)
        asked = {case.connection for case in cases}
        if desk.ledger.cancellations(order.id):
            for remote_order in desk.order_store.remote_orders(order.id):
                if remote_order.connection not in asked:
                    yield f"{plan.number} was canceled, and {remote_order.connection} was never asked"
        for case in latest_cases(cases, desk.order_store.remote_orders(order.id)).values():
            yield from self._failures_of_case(desk, case)
        assert isinstance(desk.order_store, SqliteOrderStore)
        made = [copy for copy in desk.order_store.duplicates_of(order.id) if not desk.order_store.remote_orders(copy)]
        for copy in made:
            yield f"{plan.number}: its duplicate {copy} is at no service"
        works = desk.ledger.cases(ResubmitCase, order_id=order.id)
        if len(works) > 1:
            yield f"{plan.number} was resubmitted {len(works)} times"
        for work in works:
            count = self._services.writes.count(f"{work.connection} make {work.remote_id}")
            if count != 1 or work.state is not State.DONE:
                yield f"{work.id} is {work.state.value} ({work.message}), and {work.connection} made it {count} times"

    def _failures_of_case(self, desk: Desk, case: CancelCase) -> Iterator[str]:
        if case.state is not State.CANCELED:
            yield f"{case.id} at {case.connection} ended {case.state.value}: {case.message}"
        if case.connection == "phone":
            return
        acted = self._services.writes.count(f"{case.connection} cancel {case.remote_id}")
        known = sum(
            len(sends(desk.ledger.history(other.id)))
            for other in desk.cases.list(order=case.order_number)
            if other.connection == case.connection
        )
        if acted > known:
            yield f"{case.connection} was told {acted} times of {case.remote_id}, the ledger knows of {known}"
        truth = self._services.status.get((case.connection, case.remote_id))
        if case.state is State.CANCELED and truth != "canceled":
            yield f"{case.id} is called canceled, and {case.connection} has it {truth}"

    def _early_cart_cancels(self) -> Iterator[str]:
        """Law 8, by what was committed before the commit that let the cart be told began."""
        events = [_LogLine(*json.loads(line)) for line in Path(f"{self._ledger}.diary").read_text("utf-8").splitlines()]
        for told in (event for event in events if event.what == "told"):
            of_it = [event for event in events if event.order_id == told.order_id]
            stands = {event.connection for event in of_it if event.what == "stands" and event.ended < told.began}
            canceled = {event.connection for event in of_it if event.what == "canceled" and event.began < told.ended}
            for place in stands - canceled:
                yield f"law 8: the cart was told of {told.order_id} while {place} was not canceled"
