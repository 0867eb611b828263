"""The judge of the laws: holds what services really did against what the ledger knew at that moment, and knows now.

It stands at the services' side: it hears of an effect before the client does, and reads the ledger through a connection
of its own, so it believes nothing that the core concludes.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from orderdesk_devkit.simulators.simulator import Effect, Record, Simulator
from orderdesk_devkit.testing.failpoints.checker import sends
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import TRANSITIONS, Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

__all__ = ["InvariantChecker"]

LONGEST_WAIT = hours(8 * 24)
"""No open work is due later than this from now."""
_BY_SERVICE = (EvidenceKind.RESPONSE, EvidenceKind.POLLED_STATUS, EvidenceKind.LINE_QUANTITIES)
"""Proofs that rest on an exchange with the service."""


class InvariantChecker:
    """Judges one history. Safe from many threads.

    failures: what was wrong, one line each. effects: how often services did what counts. told: ids of cancellations,
    cases and cases that a caller was given. liars: the places whose service may say that it canceled what it ships.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._ledger = SqliteLedger(file)
        self._host = SqliteOrderStore(file, clock=clock)
        self._clock = clock
        self._lock = threading.Lock()
        self._effects_by_attempt: Counter[tuple[str, int]] = Counter()
        self._created: Counter[tuple[str, str]] = Counter()
        self._seen_canceled: set[str] = set()
        self._simulators: dict[str, Simulator] = {}
        self.effects: Counter[str] = Counter()
        self.failures: list[str] = []
        self.reported_ids: set[str] = set()
        self.dishonest_connections: set[str] = set()

    def close(self) -> None:
        """Close what it reads by."""
        self._host.close()
        self._ledger.close()

    def watch(self, connection: str, simulator: Simulator) -> None:
        """Hear of what the service of a place does."""
        self._simulators[connection] = simulator
        simulator.on_effect = lambda record: self._on_effect(connection, record)

    def _on_effect(self, connection: str, record: Record) -> None:
        with self._lock:
            try:
                found = list(
                    self._check_cancel(connection, record) if record.effect_kind is Effect.CANCEL_ACCEPTED else ()
                )
                found += self._check_create(connection, record) if record.effect_kind is Effect.ORDER_CREATED else ()
                self.effects[record.effect_kind.value] += 1
            except Exception as error:  # noqa: BLE001 - in the thread of a service nobody else would hear of it
                found = [f"the judge failed: {type(error).__name__}: {error}"]
            self.failures += found

    def _check_cancel(self, connection: str, record: Record) -> Iterator[str]:
        sending = [
            case
            for case in self._ledger.cases(CancelCase, connection=connection, states=(State.SENDING,))
            if case.remote_id == record.remote_id
        ]
        if len(sending) != 1:
            yield f"law 2: {connection} took a cancel of {record.remote_id}, and {len(sending)} cases are sending it"
        for case in sending:
            self._effects_by_attempt[case.id, case.attempt] += 1
            if self._simulators[connection].canceled_quantities(case.remote_id) is None and not self._is_whole(case):
                yield f"law 3: {connection} was told to cancel all of {record.remote_id}, and a part was to be canceled"
            if case.role is ConnectionRole.CART:
                self.effects["cancels at carts"] += 1
                for other in self._still_active(case.order_id):
                    yield f"law 8: the cart {connection} was told to cancel {record.remote_id} while {other}"

    def _check_create(self, connection: str, record: Record) -> Iterator[str]:
        number = str(record.remote_id)
        self._created[connection, number] += 1
        if self._created[connection, number] > 1:
            yield f"law 9: {connection} made {number} {self._created[connection, number]} times"
        under_way = [
            work
            for work in self._ledger.cases(ResubmitCase, states=tuple(OPEN))
            if (work.connection, work.remote_id) == (connection, number) and work.state is State.SENDING
        ]
        if len(under_way) != 1:
            yield f"law 2: {connection} made {number}, and {len(under_way)} resubmissions are sending it"
        for work in under_way:
            for other in self._still_active(work.order_id):
                yield f"law 9: {connection} made {number} while the original {work.original_number}: {other}"
            open_ = [case for case in self._ledger.cases(CancelCase, order_id=work.order_id) if case.is_open]
            for case in open_:
                yield f"law 9: {connection} made {number} while {case.connection} is {case.state.value}"

    def _still_active(self, order_id: str) -> Iterator[str]:
        """The fulfillments at which an order is not canceled as a whole, by the ledger as it is now."""
        cases = self._ledger.cases(CancelCase, order_id=order_id)
        latest = {case.connection: case for case in cases}
        remote_orders = self._host.remote_orders(order_id)
        order, cancellations = self._host.get_order(order_id), self._ledger.cancellations(order_id)
        coverage = CancellationCoverage.of(order, remote_orders, cancellations, cases)
        for remote_order in remote_orders:
            if remote_order.role is ConnectionRole.CART:
                continue
            case = latest.get(remote_order.connection)
            if case is None:
                yield f"{remote_order.connection} was never asked"
            elif case.state is not State.CANCELED:
                yield f"{remote_order.connection} is {case.state.value}"
            elif not coverage.canceled_all_lines(case):
                yield f"{remote_order.connection} canceled only a part"

    def check(self, orders: Sequence[str], simulators: dict[str, Simulator]) -> list[str]:
        """Everything that is wrong now, about these orders (ids) and about what was told."""
        with self._lock:
            found = list(self.failures)
            known: set[str] = set()
            for order_id in orders:
                for cancellation in self._ledger.cancellations(order_id):
                    known.add(cancellation.id)
                for case in self._ledger.cases(CancelCase, order_id=order_id):
                    known.add(case.id)
                    found += self._check_case(case, simulators.get(case.connection))
                found += self._check_quantities(order_id)
                for work in self._ledger.cases(ResubmitCase, order_id=order_id):
                    known.add(work.id)
                    found += self._check_other_case(work)
                for change in self._ledger.cases(StatusCase, order_id=order_id):
                    known.add(change.id)
                    found += self._check_other_case(change)
            found += [f"law 1: {lost} was given to a caller and is lost" for lost in self.reported_ids - known]
            return found

    def _is_whole(self, case: CancelCase) -> bool:
        """Whether a case is about the whole order; a part of all lines, whole, is."""
        order = self._host.get_order(case.order_id)
        wanted = self._cancellation(case).lines
        return not wanted or all(wanted.get(line.id, 0) >= line.quantity for line in order.lines)

    def _cancellation(self, case: CancelCase) -> Cancellation:
        return next(
            cancellation
            for cancellation in self._ledger.cancellations(case.order_id)
            if cancellation.id == case.cancellation_id
        )

    def _check_quantities(self, order_id: str) -> Iterator[str]:
        """Law 3: no piece is canceled at a service that nobody wanted canceled there."""
        order = self._host.get_order(order_id)
        cases = self._ledger.cases(CancelCase, order_id=order_id)
        for remote_order in self._host.remote_orders(order_id):
            simulator = self._simulators.get(remote_order.connection)
            canceled = simulator.canceled_quantities(remote_order.remote_id) if simulator is not None else None
            if canceled is None:
                continue
            here = [case for case in cases if case.connection == remote_order.connection]
            wanted: Counter[str] = Counter()
            for line in order.lines:
                parts = [self._cancellation(case).lines or {line.id: line.quantity} for case in here]
                wanted[line.code] += min(line.quantity, sum(part.get(line.id, 0) for part in parts))
            for code, count in canceled.items():
                if count > wanted[code]:
                    yield f"law 3: {count} of {code} are canceled at {remote_order.connection}, not {wanted[code]}"

    def _check_case(self, case: CancelCase, simulator: Simulator | None) -> Iterator[str]:
        history = self._ledger.history(case.id)
        events = [entry.content for entry in history if isinstance(entry.content, Event)]
        state = State.REPORTED if _was_reported(case, self._ledger) else State.PENDING
        for event in events:
            state = TRANSITIONS[state, event.kind]
        if state is not case.state:
            yield f"{case.id} is {case.state.value}, and its history leads to {state.value}"
        yield from self._check_due(f"{case.id} ({case.connection}, {case.state.value})", case.is_open, case.due_at)
        if case.state in (State.CANCELED, State.PARTIALLY_CANCELED):
            yield from _check_evidence(case, history)
        if case.state is State.CANCELED and case.id not in self._seen_canceled:
            self._seen_canceled.add(case.id)
            yield from self._check_truth(case, simulator)
        yield from self._check_effects(case, history)

    def _check_due(self, name: str, is_open: bool, due_at: datetime | None) -> Iterator[str]:
        if is_open and due_at is None:
            yield f"law 7: {name} is never due again"
        if due_at is not None and due_at - self._clock.now() > LONGEST_WAIT:
            yield f"law 7: {name} waits until {due_at}"

    def _check_other_case(self, work: Case) -> Iterator[str]:
        yield from self._check_due(f"{work.id} ({work.connection}, {work.state.value})", work.is_open, work.due_at)
        if work.state is State.UNKNOWN and not work.message:
            yield f"law 6: {work.id} is unclear and does not say why"
        if isinstance(work, ResubmitCase) and work.state is State.REJECTED and work.message is None:
            yield f"{work.id} was refused without a reason"

    def _check_truth(self, case: CancelCase, simulator: Simulator | None) -> Iterator[str]:
        """Law 5: a service that says of itself that it canceled has canceled, but where its fate is to lie."""
        cancellation = next(
            cancellation
            for cancellation in self._ledger.cancellations(case.order_id)
            if cancellation.id == case.cancellation_id
        )
        by_service = case.evidence is not None and case.evidence.kind in _BY_SERVICE
        if simulator is None or not by_service or cancellation.lines or case.connection in self.dishonest_connections:
            return
        truth = simulator.actual_status(case.remote_id)
        if truth not in simulator.canceled_statuses:
            yield f"law 5: {case.id} is called canceled by {case.evidence}, and {case.connection} has it {truth}"

    def _check_effects(self, case: CancelCase, history: Sequence[HistoryEntry]) -> Iterator[str]:
        acts = {attempt: number for (name, attempt), number in self._effects_by_attempt.items() if name == case.id}
        if sum(acts.values()) > len(sends(history)):
            yield f"law 3: {case.connection} acted {acts} for {case.id}, the ledger knows of {len(sends(history))}"
        acted = False
        licensed = True
        for entry in history:
            event = entry.content
            if not isinstance(event, Event):
                continue
            if event.kind is EventKind.NOT_PROCESSED and acts.get(entry.attempt):
                yield f"law 3: {case.connection} acted in attempt {entry.attempt} of {case.id}, proved not done"
            if event.kind in (EventKind.FELL_BACK, EventKind.NOT_PROCESSED) or event.retry_allowed:
                licensed = True
            if event.kind is EventKind.SEND_STARTED:
                if acted and not licensed and event.person is None:
                    yield f"law 3: {case.id} was sent again in attempt {entry.attempt} without a license"
                acted = acted or bool(acts.get(entry.attempt))
                licensed = False


def _was_reported(case: CancelCase, ledger: SqliteLedger) -> bool:
    cancellations = ledger.cancellations(case.order_id)
    return any(
        cancellation.id == case.cancellation_id and cancellation.reported_by == case.connection
        for cancellation in cancellations
    )


def _check_evidence(case: CancelCase, history: Sequence[HistoryEntry]) -> Iterator[str]:
    """Law 4: beside the verdict stands the exchange that it rests on, or a name."""
    proof = case.evidence
    if proof is None:
        yield f"law 4: {case.id} is {case.state.value} without proof"
    elif proof.kind in _BY_SERVICE:
        kept = [
            entry
            for entry in history
            if isinstance(entry.content, Exchange)
            and entry.attempt == proof.attempt
            and entry.content.intent.number == proof.exchange
        ]
        if not kept:
            yield f"law 4: {case.id} is {case.state.value} by {proof}, and that exchange is not in the ledger"
    elif not (proof.person or "").strip():
        yield f"law 4: {case.id} is {case.state.value} by nobody"
