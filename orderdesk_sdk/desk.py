"""The desk: what a host app holds. Plan, cancel, follow up, prove.

    desk = Desk.open()                                  # orderdesk.toml, or the path given
    print(desk.plan("1042"))                            # what can be canceled where, until when
    standing = desk.cancel("1042", by="Ann", reason="customer asked")
    desk.run_due()                                      # from a timer, a worker thread, or the command line
    print(desk.receipt("1042"))                         # what was asked, answered and proved

Every method may be called from any thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from attrs import evolve, frozen

from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import Cancellation, Case, Event, EventKind, State, transition
from orderdesk_sdk.casebook import Known
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.config import Config, find_config
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.declaration import Integration
from orderdesk_sdk.engines.inline import InlineEngine, Report
from orderdesk_sdk.errors import InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.filing import Filing
from orderdesk_sdk.hosts import Host, Move
from orderdesk_sdk.hosts.local import ImportReport, LocalHost
from orderdesk_sdk.http.client import CallLimits
from orderdesk_sdk.ledger import Ledger, Write
from orderdesk_sdk.ledger.sqlite import SqliteLedger
from orderdesk_sdk.mail import Mailer
from orderdesk_sdk.order import Order, Placement
from orderdesk_sdk.plan import Plan, make_plan, next_open
from orderdesk_sdk.posting import Post
from orderdesk_sdk.receipt import Receipt, make_receipt
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.request import CancelRequest
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rulebook import CancelByRule, Rulebook
from orderdesk_sdk.wish import demand, not_yet_asked, open_cases, wanted_placements, wish_content

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
        self._filing = Filing(config, self.ledger, self.connections)
        post = Post(Mailer(config.mail) if config.mail is not None else None, self.clock)
        listeners = self.registry.listeners
        self._engine = InlineEngine(self.ledger, self.host, self.connections, listeners, post, self.clock)
        self.rulebook = Rulebook(
            config.rules, self.ledger, self.host, self.connections, self._cancel_by_rule, self.clock
        )

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
        settings = {
            name: self.connections.get(name).settings for name, found in declared.items() if not isinstance(found, str)
        }
        return make_plan(found, placements, declared, self.clock.now(), standing, settings)

    def import_orders(self, orders: Sequence[Order], *, by: str) -> ImportReport:
        """Take orders into the local host; rules hear of each that is new, once.

        Raises NotAllowedError for a host that has its own ways of taking orders in.
        """
        if not isinstance(self.host, LocalHost):
            raise NotAllowedError("this host takes its orders in itself", place="import")
        new = self.rulebook.expect_imports(orders)
        report = self.host.import_orders(orders, by=_name(by))
        self.rulebook.hear(new)
        self._let_rules_act()
        return report

    def move(self, order: str, folder: str, *, by: str) -> Move:
        """Put an order into a folder, and let the rules hear of it.

        By itself a move cancels nothing and tells nobody.
        """
        found = self.host.order(order)
        here, there = self.host.folder(found.id), self.host.folder_name(folder)
        if here == there:
            return Move(found.id, here, there)
        expected = self.rulebook.expect_move(found.id, here, there, _name(by))
        self.host.move(found.id, there, by=_name(by))
        self._let_rules_act(expected)
        return Move(found.id, here, there)

    def cancel(
        self,
        order: str,
        *,
        by: str,
        reason: str | None = None,
        key: str | None = None,
        at: Sequence[str] = (),
        lines: Mapping[str, int] | None = None,
        send: bool = True,
    ) -> Standing:
        """Cancel an order everywhere it was submitted; the wish is in the ledger before this returns or sends anything.

        reason: canonical ("out of stock"), a code of the service's list, or free words; see `plan` for what each
        place takes.
        at: only at these connections; empty means all. lines: only these, by line code, with quantities; None means
        all.
        key: names the wish; the same key again gives the same wish, and raises ConflictError where its content
        differs. None asks for what is not yet being canceled: asking twice is asking once, until a case ended without
        a cancel.
        send: False only records the wish; `run_due` sends it. Raises NotFoundError for an unknown order,
        NotAllowedError for one that was submitted nowhere, and InputError, before anything is recorded, for a reason
        or a part of the order that a place does not take.
        """
        standing = self._wish(order, by=by, reason=reason, key=key, at=at, lines=lines or {}, send=send, chain=())
        self._let_rules_act()
        return standing

    def _cancel_by_rule(self, wish: CancelByRule) -> str:
        standing = self._wish(
            wish.order_id,
            by=wish.by,
            reason=wish.reason,
            key=wish.key,
            at=wish.at,
            lines={},
            send=True,
            chain=wish.chain,
        )
        return ", ".join(f"{case.connection} {case.state.value}" for case in standing.cases)

    def _wish(
        self,
        order: str,
        *,
        by: str,
        reason: str | None,
        key: str | None,
        at: Sequence[str],
        lines: Mapping[str, int],
        send: bool,
        chain: tuple[str, ...],
    ) -> Standing:
        found = self.host.order(order)
        content = wish_content(found.id, reason, at, lines)
        earlier = self.ledger.wish(key, content) if key is not None else None
        if earlier is not None:
            return self.standing(earlier)
        placements = wanted_placements(found, self.host.placements(found.id), at)
        wishes = self.ledger.cancellations(found.id)
        wanted = not_yet_asked(placements, self.ledger.cases(order_id=found.id), wishes, lines)
        if not wanted:
            # Read anew: the wish that is under way may have come after the ones above were read.
            latest = self.ledger.cancellations(found.id)[-1]
            if key is not None:
                self.ledger.name(key, content, latest)
            return self.standing(latest)
        self._demand(found, wanted, reason, lines)
        if key is None:
            key, content = f"order {found.id}, wish {len(wishes) + 1}", ""
        cancellation = Cancellation(
            secrets.token_hex(6), key, found.id, found.number, _name(by), reason, self.clock.now(), dict(lines), chain
        )
        cases = open_cases(cancellation, wanted, self.connections.configured_slug)
        recorded, new = self.ledger.open(cancellation, content, cases)
        if not new:
            return self.standing(recorded)
        if not send:
            return Standing(recorded, tuple(cases))
        known = {placement.connection: Known(found, placement, recorded) for placement in wanted}
        return Standing(recorded, self._engine.work(cases, known))

    def _demand(
        self, order: Order, placements: Sequence[Placement], reason: str | None, lines: Mapping[str, int]
    ) -> None:
        """Refuse, before anything is recorded, what a place would not take."""
        for placement in placements:
            try:
                connection = self.connections.get(placement.connection)
            except OrderDeskError:
                continue  # It cannot be used now; its case says so and waits for somebody to mend it.
            ladder = connection.integration.cancel
            index = next_open(ladder, placement, self.clock.now())
            if index is not None:
                demand(ladder[index], connection.integration.title, connection.settings, order, reason, lines)

    def standing(self, cancellation: Cancellation) -> Standing:
        """Where a wish stands now."""
        return Standing(cancellation, self.ledger.cases(cancellation_id=cancellation.id))

    def request(self, case_id: str) -> CancelRequest:
        """What an open case asks of its service, for whoever does it by other means than a button.

        Raises NotAllowedError for a settled case, and what keeps it from being asked.
        """
        case = self.ledger.case(case_id)
        if not case.is_open:
            raise NotAllowedError(f"nothing is asked while it is {case.state.value}", place=f"case {case_id}")
        return self._engine.request(case)

    def note(self, case_id: str, text: str, *, by: str) -> None:
        """Write into a case's history what somebody did about it. Changes nothing."""
        self.ledger.append(self.ledger.case(case_id), [f"{_name(by)}: {text}"], fenced=False)

    def check(self, case_id: str) -> Case:
        """Read back now what the service says. Raises PluginFault where it cannot be read."""
        case = self.ledger.case(case_id)
        if case.state not in (State.HEARD, State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED):
            raise NotAllowedError(
                f"there is nothing to read back while it is {case.state.value}", place=f"case {case_id}"
            )
        after = self._engine.read_back(case)
        self._let_rules_act()
        return after

    def confirm(self, case_id: str, *, by: str, note: str | None = None, message: bytes | None = None) -> Case:
        """A person's word that the service has canceled the order; `message`: the mail (RFC 5322) that says so."""
        return self._judge(Event(EventKind.CANCELED, self.clock.now(), text=note), case_id, by, message)

    def refuse(
        self,
        case_id: str,
        *,
        by: str,
        refusal: Refusal = Refusal.TOO_LATE,
        note: str | None = None,
        message: bytes | None = None,
    ) -> Case:
        """A person's word that the service will not cancel the order; `message`: the mail (RFC 5322) that says so."""
        event = Event(EventKind.REFUSED, self.clock.now(), text=note, refusal=refusal)
        return self._judge(event, case_id, by, message)

    def _judge(self, verdict: Event, case_id: str, by: str, message: bytes | None) -> Case:
        proof, notes = self._filing.proof(self.ledger.case(case_id), by, verdict.text, message)
        return self._decide(case_id, evolve(verdict, person=proof.person, proof=proof), *notes)

    def withdraw(self, case_id: str, *, by: str, note: str | None = None) -> Case:
        """Take the wish back where nothing has been sent yet. Raises IllegalTransition where something has."""
        text = note or f"taken back by {_name(by)}"
        return self._decide(case_id, Event(EventKind.WITHDRAW, self.clock.now(), person=by, text=text))

    def send_again(self, case_id: str, *, by: str) -> Case:
        """Send a request again although nobody knows what the first one did: a named person's decision (law 3)."""
        after = self._engine.send_again(self.ledger.case(case_id), _name(by))
        self._let_rules_act()
        return after

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
        report = self._engine.run_due(limit)
        try:
            handled = self.rulebook.work(limit)
        except OrderDeskError as error:  # A rule that names nobody's action must not stop what is due.
            return evolve(report, problems=(*report.problems, str(error)), next_due=self.ledger.next_due())
        return evolve(report, next_due=self.ledger.next_due()) if handled else report

    def _let_rules_act(self, sure: Sequence[str] = ()) -> None:
        """Let the rules hear at once what this call did. What keeps them from it waits, and `run_due` tells of it."""
        with suppress(OrderDeskError):
            self.rulebook.work(sure=sure)

    def _decide(self, case_id: str, event: Event, *notes: str) -> Case:
        case = self.ledger.case(case_id)
        after = transition(case, event)
        self.ledger.write(Write(case, after, [*notes, event]))
        self._engine.tell(after, event)
        self._let_rules_act()
        return after


def _name(by: str) -> str:
    if not by.strip():
        raise InputError("somebody must stand for this", place="by", remedy="give the name of the person or rule")
    return by.strip()
