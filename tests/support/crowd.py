"""A crowd: several processes at once on one ledger, killed and paused at random, and what is wrong afterwards.

    with Crowds(processes=4) as crowds:
        told = crowds.play(tmp_path, seed=1)
    assert told.complaints == ()

They import, register, cancel and resubmit the same orders and do what is due, at the same moments. When nothing is left
to be done, what the services really did, by the village's own log, is held against what the ledger knows.
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
from orderdesk_devkit.testing.failpoints.child import TOLD
from orderdesk_devkit.testing.failpoints.fork_server import Nursery, Obituary
from orderdesk_devkit.testing.raw_server import RawServer, answering
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Work
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from tests.support.crowd_child import Act, Burst, Deed, open_crowd_desk, order_of
from tests.support.fake_services import Village

__all__ = ["Crowds", "Told"]

ROUNDS = 6
_MOST_ROUNDS = 300
"""Rounds of work after which what is still due is taken for never settled."""
_LAST_BOUNDARY = 24
_APART = 0.02
"""Real seconds by which deeds that are to meet come apart, at most."""
_AHEAD = 0.15
"""Real seconds in which all processes of a round are ready."""


@frozen
class Told:
    """What came of a crowd. kills: processes that were killed; pauses: that stood still while time passed."""

    processes: int
    kills: int
    pauses: int
    orders: int
    cases: int
    complaints: tuple[str, ...]


@frozen
class _Line:
    """A line of the diary: what stands, was told or canceled where, and when its commit began and ended."""

    what: str
    order_id: str
    place: str
    began: float
    ended: float


@frozen
class _Standing:
    """How an order stands when a round begins.

    may_end: nothing keeps its wish open through the round. tells: its cart is to be told next.
    """

    may_end: bool
    tells: bool

    @classmethod
    def of(cls, cases: Sequence[Case]) -> _Standing:
        """By all the cases of an order."""
        carts = [case for case in cases if case.role is Role.CART]
        others = [case for case in cases if case.role is not Role.CART]
        tells = any(case.state is State.REQUESTED for case in carts) and not any(case.is_open for case in others)
        stays = any(case.state in (State.REQUESTED, State.AWAITING_PERSON) for case in cases)
        return cls(bool(cases) and not stays, tells)


@frozen
class _Plan:
    """An order of the crowd.

    held: a person has a case of it to the end. late: it comes to a further place when its cart is told, and not before.
    cancel: the round in which it is canceled.
    """

    number: str
    cart: bool
    held: bool
    late: bool
    cancel: int

    def race(self, turn: int, number: int, standing: _Standing) -> list[Act]:
        """What the processes do to it all at once: some register it, the others cancel it or tell its cart."""
        if not (standing.tells if self.late else turn == self.cancel):
            return []
        if number % 2:
            return [Act(Deed.REGISTER, self.number, "depot")]
        return [Act(Deed.WORK)] if standing.tells else [Act(Deed.CANCEL, self.number)]

    def acts(self, turn: int, standing: _Standing) -> list[Act]:
        """What may happen to it in a round. No wish is settled in the round in which it is sent, nor in which its cart
        is told: so whatever comes to be registered before that must be reached."""
        acts = [Act(Deed.IMPORT, self.number)] if turn < 2 else [Act(Deed.RESUBMIT, self.number)]
        if turn >= self.cancel:
            acts.append(Act(Deed.CANCEL, self.number))
        if not standing.may_end and not self.late:
            acts.append(Act(Deed.REGISTER, self.number, "depot"))
        return acts


class Crowds:
    """Plays crowds of `processes`. A context manager; leaving it ends the processes that the others are forked from."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._nursery = Nursery(processes + 1, "tests.support.crowd_child")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._nursery.close()

    def play(self, folder: Path, seed: int) -> Told:
        """Let a crowd live in an empty folder, and judge what it left. The seed decides all but who is faster."""
        village = Village()
        with RawServer(answering(village)) as server, ThreadPoolExecutor(self.processes + 1) as pool:
            return _Crowd(folder, seed, self.processes, self._nursery, pool, village, server.url).play()


class _Crowd:
    def __init__(
        self,
        folder: Path,
        seed: int,
        processes: int,
        nursery: Nursery,
        pool: ThreadPoolExecutor,
        village: Village,
        url: str,
    ) -> None:
        self._ledger = folder / "orderdesk.db"
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._width = processes
        self._nursery = nursery
        self._pool = pool
        self._village = village
        self._url = url
        self._clock = VirtualClock()
        self._plans = [
            _Plan(str(1001 + number), number < 6, number in (4, 5), number < 3, self._chance.randrange(2))
            for number in range(8)
        ]
        self._processes = self._kills = self._pauses = 0
        self._told: set[str] = set()
        self._complaints: list[str] = []

    def play(self) -> Told:
        with open_crowd_desk(self._ledger, self._clock, self._url) as desk:
            for plan in self._plans:
                desk.import_orders([order_of(plan.number)], by="the shop")
                for place in ["mill", *(["cart"] if plan.cart else []), *(["phone"] if plan.held else [])]:
                    desk.place(plan.number, at=place, by="the shop")
        paused: tuple[Path, Future[Obituary]] | None = None
        for turn in range(ROUNDS):
            with open_crowd_desk(self._ledger, self._clock, self._url) as desk:
                standing = [_Standing.of(desk.cases(order=plan.number)) for plan in self._plans]
            bursts = [self._burst(turn, number, standing) for number in range(self._width)]
            if paused is not None:  # One at a time stands still; the others need their parents.
                bursts = [burst for burst in bursts if not burst.pause_at]
            running = [(burst, self._pool.submit(self._nursery.run, burst)) for burst in bursts]
            waiting = next(((burst, future) for burst, future in running if burst.pause_at), None)
            for burst, future in running:
                if waiting is None or burst is not waiting[0]:
                    self._bury(burst.name, future.result())
            self._clock.advance(LEASE + seconds(1) if self._chance.random() < 0.8 else seconds(10))
            if paused is not None:
                self._wake(*paused)
                paused = None
            if waiting is not None:
                paused = self._ledger.with_name(f"{waiting[0].name}.go"), waiting[1]
        if paused is not None:
            self._wake(*paused)
        return self._judged()

    def _wake(self, go: Path, future: Future[Obituary]) -> None:
        """Let the one that stood still go on, by a clock that has not moved, with leases that are over."""
        go.touch()
        self._pauses += 1
        self._bury(go.stem, future.result())

    def _burst(self, turn: int, number: int, standing: Sequence[_Standing]) -> Burst:
        plans = list(zip(self._plans, standing, strict=True))
        wanted = [act for plan, stands in plans for act in plan.acts(turn, stands)]
        acts = [*self._chance.sample(wanted, k=min(len(wanted), 5)), Act(Deed.WORK), Act(Deed.WORK)]
        self._chance.shuffle(acts)
        races = [act for plan, stands in plans for act in plan.race(turn, number, stands)]
        acts[:0] = [evolve(act, after=self._chance.random() * _APART) for act in races]
        fate = self._chance.random()
        boundary = self._chance.randrange(1, _LAST_BOUNDARY + 8 * len(races))
        is_paused = 0.75 < fate < 0.9 and number == 0
        return Burst(
            str(self._ledger),
            self._url,
            self._clock.now(),
            f"{turn}-{number}",
            tuple(acts),
            kill_at=boundary if fate <= 0.75 else 0,
            pause_at=boundary if is_paused else 0,
            start=time.monotonic() + _AHEAD,
        )

    def _bury(self, name: str, ended: Obituary) -> None:
        self._processes += 1
        self._told |= {line.removeprefix(TOLD).strip() for line in ended.said if line.startswith(TOLD)}
        if ended.code == -signal.SIGKILL:
            self._kills += 1
        elif ended.code != 0:
            self._complaints.append(f"process {name} failed: {' | '.join(ended.said)}")

    # Afterwards

    def _judged(self) -> Told:
        with open_crowd_desk(self._ledger, self._clock, self._url) as desk:
            self._settle(desk)
            for plan in self._plans:
                self._complaints += self._wrong(desk, plan)
            self._complaints += self._told_early()
            known = {case.id for case in desk.cases()} | {errand.id for errand in desk.errands()}
            known |= {case.cancellation_id for case in desk.cases()}
            self._complaints += [f"{lost} was given to a caller and is lost" for lost in self._told - known]
            count = len(desk.cases())
        return Told(self._processes, self._kills, self._pauses, len(self._plans), count, tuple(self._complaints))

    def _settle(self, desk: Desk) -> None:
        """Let time pass and persons decide by what is true, until nothing is left."""
        for _ in range(_MOST_ROUNDS):
            self._complaints += desk.run_due().problems
            for work in self._awaiting(desk):
                self._decide(desk, work)
            due = desk.ledger.next_due()
            if due is None:
                return
            if due > self._clock.now():
                self._clock.advance(due - self._clock.now())
        open_ = [f"{case.id} at {case.connection} is {case.state.value}" for case in desk.cases() if case.is_open]
        self._complaints.append(f"never settled: {'; '.join(open_) or 'errands'}")

    def _awaiting(self, desk: Desk) -> Iterator[Work]:
        yield from desk.cases(states=[State.AWAITING_PERSON])
        yield from (errand for errand in desk.errands(open_only=True) if errand.state is ErrandState.AWAITING_PERSON)

    def _decide(self, desk: Desk, work: Work) -> None:
        truth = self._village.status.get((work.connection, work.remote_id))
        is_done = truth == ("open" if isinstance(work, Resubmission) else "canceled")
        try:
            if is_done or work.connection == "phone":
                desk.confirm(work.id, by="Ben")
            else:
                desk.send_again(work.id, by="Ben")
        except OrderDeskError:
            return  # A cart is told last: it is its turn when the others are settled.

    def _wrong(self, desk: Desk, plan: _Plan) -> Iterator[str]:
        order = desk.host.order(plan.number)
        cases = desk.cases(order=plan.number)
        asked = {case.connection for case in cases}
        if desk.ledger.cancellations(order.id):
            for placement in desk.host.placements(order.id):
                if placement.connection not in asked:
                    yield f"{plan.number} was canceled, and {placement.connection} was never asked"
        for case in latest_cases(cases, desk.host.placements(order.id)).values():
            yield from self._wrong_case(desk, case)
        assert isinstance(desk.host, LocalHost)
        made = [copy for copy in desk.host.copies(order.id) if not desk.host.placements(copy)]
        for copy in made:
            yield f"{plan.number}: its duplicate {copy} is at no service"
        works = desk.ledger.resubmissions(original_id=order.id)
        if len(works) > 1:
            yield f"{plan.number} was resubmitted {len(works)} times"
        for work in works:
            count = self._village.writes.count(f"{work.connection} make {work.remote_id}")
            if count != 1 or work.state is not ErrandState.DONE:
                yield f"{work.id} is {work.state.value} ({work.text}), and {work.connection} made it {count} times"

    def _wrong_case(self, desk: Desk, case: Case) -> Iterator[str]:
        if case.state is not State.CANCELED:
            yield f"{case.id} at {case.connection} ended {case.state.value}: {case.text}"
        if case.connection == "phone":
            return
        acted = self._village.writes.count(f"{case.connection} cancel {case.remote_id}")
        known = sum(
            len(sends(desk.ledger.history(other.id)))
            for other in desk.cases(order=case.order_number)
            if other.connection == case.connection
        )
        if acted > known:
            yield f"{case.connection} was told {acted} times of {case.remote_id}, the ledger knows of {known}"
        truth = self._village.status.get((case.connection, case.remote_id))
        if case.state is State.CANCELED and truth != "canceled":
            yield f"{case.id} is called canceled, and {case.connection} has it {truth}"

    def _told_early(self) -> Iterator[str]:
        """Law 8, by what was committed before the commit that let the cart be told began."""
        events = [_Line(*json.loads(line)) for line in Path(f"{self._ledger}.diary").read_text("utf-8").splitlines()]
        for told in (event for event in events if event.what == "told"):
            of_it = [event for event in events if event.order_id == told.order_id]
            stands = {event.place for event in of_it if event.what == "stands" and event.ended < told.began}
            canceled = {event.place for event in of_it if event.what == "canceled" and event.began < told.ended}
            for place in stands - canceled:
                yield f"law 8: the cart was told of {told.order_id} while {place} was not canceled"
