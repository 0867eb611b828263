"""The desk: what a host app holds. Plan, cancel, follow up, prove.

    desk = Desk.open()                                  # orderdesk.toml, or the path given
    print(desk.plan("1042"))                            # what can be canceled where, until when
    standing = desk.cancel("1042", by="Ann", reason="customer asked")
    desk.run_due()                                      # from a timer, a worker thread, or the command line
    print(desk.receipt("1042"))                         # what was asked, answered and proved

Every method may be called from any thread.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from attrs import frozen

from orderdesk_sdk.advance import Known
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import Cancellation, Case, Event, EventKind, Proof, ProofKind, State, transition
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.config import Config, find_config
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.declaration import Integration
from orderdesk_sdk.engines.inline import InlineEngine, Report
from orderdesk_sdk.errors import InputError, NotAllowedError, NotFoundError
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.http.client import CallLimits
from orderdesk_sdk.ledger import Ledger, Write
from orderdesk_sdk.ledger.sqlite import SqliteLedger
from orderdesk_sdk.order import Placement, Role
from orderdesk_sdk.plan import Plan, make_plan
from orderdesk_sdk.receipt import Receipt, make_receipt
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.resubmission import Resubmission

__all__ = ["Desk", "Standing"]

PATIENCE = 10.0
"""Seconds that plugin code may run without making a call before it is taken for hung."""


@frozen
class Standing:
    """A wish and where its cases stand."""

    cancellation: Cancellation
    cases: tuple[Case, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(case.is_open for case in self.cases)


class Desk:
    """The facade of the SDK over one ledger, one host and the configured connections."""

    def __init__(
        self,
        config: Config,
        *,
        ledger: Ledger | None = None,
        host: Host | None = None,
        clock: Clock | None = None,
        registry: Registry | None = None,
        limits: CallLimits | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """A desk of parts; each None is made from the configuration."""
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.registry = registry or Registry()
        self.ledger: Ledger = ledger or SqliteLedger(config.ledger)
        self.host: Host = host or LocalHost(config.ledger, clock=self.clock)
        self.connections = Connections(config.connections, self.registry, self.clock, limits or CallLimits(), patience)
        self._engine = InlineEngine(self.ledger, self.host, self.connections, self.registry.listeners, self.clock)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The desk of a configuration file; `path` None takes ./orderdesk.toml where there is one."""
        return cls(find_config(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, ledger and threads. What is open in the ledger goes on when a desk is opened again."""
        self.connections.close()
        self.ledger.close()
        if isinstance(self.host, LocalHost):
            self.host.close()

    def place(
        self,
        order: str,
        *,
        at: str,
        by: str,
        remote_id: str | None = None,
        submitted_at: datetime | None = None,
    ) -> Placement:
        """Register that an order was submitted to a connection.

        remote_id: its number there, the order's own number if None. submitted_at: aware; now if None.
        Raises InputError for a number that the service would mangle, and what the host raises for clashes.
        """
        integration = self.connections.get(at).integration
        found = self.host.order(order)
        number = remote_id or found.number
        fault = integration.remote_id.fault(number) if integration.remote_id is not None else None
        if fault:
            raise InputError(
                fault, place=f"order {found.number} at {at}", remedy="give the number that the service knows"
            )
        placement = Placement(at, number, submitted_at or self.clock.now(), integration.role)
        self.host.place(found.id, placement, by=_name(by))
        return placement

    def plan(self, order: str) -> Plan:
        """What a cancellation of the order would do now. Sends nothing."""
        found = self.host.order(order)
        placements = self.host.placements(found.id)
        declared: dict[str, Integration | str] = {
            placement.connection: self.connections.integration(placement.connection) for placement in placements
        }
        standing = {case.connection: case.state for case in self.ledger.cases(order_id=found.id)}
        return make_plan(found, placements, declared, self.clock.now(), standing)

    def cancel(
        self, order: str, *, by: str, reason: str | None = None, key: str | None = None, send: bool = True
    ) -> Standing:
        """Cancel an order everywhere it was submitted; the wish is in the ledger before this returns or sends anything.

        key: names the wish; the same key again gives the same wish, and raises ConflictError where order or reason
        differ. None asks for what is not yet being canceled: asking twice is asking once, until a case ended without
        a cancel.
        send: False only records the wish; `run_due` sends it.
        Raises NotFoundError for an unknown order, NotAllowedError for one that was submitted nowhere.
        """
        found = self.host.order(order)
        content = _content(found.id, reason)
        earlier = self.ledger.wish(key, content) if key is not None else None
        if earlier is not None:
            return self.standing(earlier)
        placements = self.host.placements(found.id)
        if not placements:
            raise NotAllowedError(
                "the order was submitted nowhere, so there is nothing to cancel",
                place=f"order {found.number}",
                remedy="register where it is with `orderdesk place`",
            )
        wishes = self.ledger.cancellations(found.id)
        under_way = {case.connection for case in self.ledger.cases(order_id=found.id) if _under_way(case)}
        wanted = [placement for placement in placements if placement.connection not in under_way]
        if not wanted:
            # Read anew: the wish that is under way may have come after the ones above were read.
            latest = self.ledger.cancellations(found.id)[-1]
            if key is not None:
                self.ledger.name(key, content, latest)
            return self.standing(latest)
        if key is None:
            key, content = f"order {found.id}, wish {len(wishes) + 1}", ""
        cancellation = Cancellation(
            secrets.token_hex(6), key, found.id, found.number, _name(by), reason, self.clock.now()
        )
        cases = self._cases(cancellation, wanted)
        recorded, new = self.ledger.open(cancellation, content, cases)
        if not new:
            return self.standing(recorded)
        if not send:
            return Standing(recorded, tuple(cases))
        known = {placement.connection: Known(found, placement, reason) for placement in wanted}
        return Standing(recorded, self._engine.work(cases, known))

    def standing(self, cancellation: Cancellation) -> Standing:
        """Where a wish stands now."""
        return Standing(cancellation, self.ledger.cases(cancellation_id=cancellation.id))

    def check(self, case_id: str) -> Case:
        """Read back now what the service says. Raises PluginFault where it cannot be read."""
        case = self.ledger.case(case_id)
        if case.state not in (State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED):
            raise NotAllowedError(
                f"there is nothing to read back while it is {case.state.value}", place=f"case {case_id}"
            )
        return self._engine.read_back(case)

    def confirm(self, case_id: str, *, by: str, note: str | None = None) -> Case:
        """A person's word that the service has canceled the order."""
        proof = Proof(ProofKind.PERSON, person=_name(by), note=note)
        return self._decide(case_id, lambda now: Event(EventKind.CANCELED, now, person=by, text=note, proof=proof))

    def refuse(self, case_id: str, *, by: str, refusal: Refusal = Refusal.TOO_LATE, note: str | None = None) -> Case:
        """A person's word that the service will not cancel the order."""
        proof = Proof(ProofKind.PERSON, person=_name(by), note=note)
        return self._decide(
            case_id,
            lambda now: Event(EventKind.REFUSED, now, person=by, text=note, refusal=refusal, proof=proof),
        )

    def withdraw(self, case_id: str, *, by: str, note: str | None = None) -> Case:
        """Take the wish back where nothing has been sent yet. Raises IllegalTransition where something has."""
        text = note or f"taken back by {_name(by)}"
        return self._decide(case_id, lambda now: Event(EventKind.WITHDRAW, now, person=by, text=text))

    def send_again(self, case_id: str, *, by: str) -> Case:
        """Send a request again although nobody knows what the first one did: a named person's decision (law 3)."""
        return self._engine.send_again(self.ledger.case(case_id), _name(by))

    def resubmit(self, order: str, *, by: str, at: str | None = None, number: str | None = None) -> Resubmission:
        """Submit a canceled order again, as a duplicate under a new number.

        at: the connection to submit to; None takes the one it was canceled at. number: the new number; None lets the
        host choose. Asking again continues the same resubmission. Raises NotAllowedError while the original is not
        settled as canceled.
        """
        return self._engine.resubmit(self.host.order(order), by=_name(by), at=at, number=number)

    def receipt(self, order: str) -> Receipt:
        """The proof of every wish to cancel an order: what was asked, answered, decided, when and by whom."""
        found = self.host.order(order)
        return make_receipt(found, self.ledger, self.clock.now(), self.connections.integration)

    def case(self, case_id: str) -> Case:
        """A case by its id. Raises NotFoundError."""
        return self.ledger.case(case_id)

    def cases(self, *, order: str | None = None, states: Sequence[State] = (), limit: int = 1000) -> tuple[Case, ...]:
        """Cases, oldest first. order: an order's id or number; None takes all. states: empty takes all."""
        order_id = self.host.order(order).id if order is not None else None
        return self.ledger.cases(order_id=order_id, states=states, limit=limit)

    def run_due(self, limit: int = 1000) -> Report:
        """Do everything that is due now, at most `limit` pieces of work, and say when the next is due."""
        return self._engine.run_due(limit)

    def _decide(self, case_id: str, event: Callable[[datetime], Event]) -> Case:
        case = self.ledger.case(case_id)
        decided = event(self.clock.now())
        after = transition(case, decided)
        self.ledger.write(Write(case, after, [decided]))
        self._engine.tell(after, decided)
        return after

    def _cases(self, cancellation: Cancellation, placements: Sequence[Placement]) -> list[Case]:
        ordered = sorted(placements, key=lambda placement: placement.role is Role.CART)
        return [
            Case(
                id=f"{cancellation.id}-{number}",
                cancellation_id=cancellation.id,
                order_id=cancellation.order_id,
                order_number=cancellation.order_number,
                connection=placement.connection,
                integration=self._slug(placement.connection),
                remote_id=placement.remote_id,
                role=placement.role,
                state=State.REQUESTED,
                opened_at=cancellation.asked_at,
                updated_at=cancellation.asked_at,
                due_at=cancellation.asked_at,
            )
            for number, placement in enumerate(ordered, start=1)
        ]

    def _slug(self, connection: str) -> str:
        try:
            return self.connections.slug(connection)
        except NotFoundError:
            return ""  # No longer configured: the case is opened all the same and a person gets it.


def _name(by: str) -> str:
    if not by.strip():
        raise InputError("somebody must stand for this", place="by", remedy="give the name of the person or rule")
    return by.strip()


def _under_way(case: Case) -> bool:
    return case.is_open or case.state in (State.CANCELED, State.PARTLY_CANCELED)


def _content(order_id: str, reason: str | None) -> str:
    return hashlib.sha256(json.dumps([order_id, reason]).encode()).hexdigest()
