"""Inbound: what services and hosts let us know by themselves. It is looked into, and never believed unread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress

from attrs import frozen

from orderdesk_sdk.cases.case import READABLE, Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.policy.polling import STOP_IT
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import wanted_placements
from orderdesk_sdk.desk.cancellations import Wish, Wishes
from orderdesk_sdk.errors import (
    ConfigurationError,
    InputError,
    LedgerError,
    NotAllowedError,
    OrderDeskError,
    PluginFault,
    UntrustedMessage,
)
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Role
from orderdesk_sdk.plugin.guard import sound
from orderdesk_sdk.plugin.plain_values import name_of, plain_of
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.scheduler import InlineEngine

__all__ = ["Heard", "Inbound"]

_SAYS = (UntrustedMessage, InputError, ConfigurationError, MalformedReply)
"""What a plugin may say of a message; everything else is its fault."""
MOST_HINTS = 1000
"""How many orders one message may be about."""
LARGEST = 5_000_000
"""Bytes of one message that are looked at."""
_UNKNOWN = "no order is registered there under this number"
_ALARMABLE = (State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED)


@frozen
class Heard:
    """What became of one hint. order_number: None where nobody knows the order. case: that was looked into, or None."""

    remote_id: str
    kind: HintKind
    order_number: str | None
    case: Case | None
    text: str


def _digest(message: Message, hint: Hint) -> str:
    """What is the same where a message comes again: what was signed, and what the plugin read in it.

    Not the headers by themselves: of most nobody has signed a word, and a name of the delivery is one of them.
    """
    read = json.dumps([sorted(message.query.items()), hint.remote_id, hint.kind.value])
    return hashlib.sha256(read.encode() + b"\n" + message.body).hexdigest()


class Inbound:
    """Takes what comes in. A message that comes again does nothing, however often, and to whichever process."""

    def __init__(
        self, ledger: Ledger, host: HostById, connections: Connections, engine: InlineEngine, wishes: Wishes
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._engine = engine
        self._wishes = wishes

    def receive(self, name: str, message: Message) -> tuple[Heard, ...]:
        """Look into everything that a message to a connection hints at.

        Raises UntrustedMessage, MalformedReply and what else a plugin says of a message; PluginFault where it fails;
        NotAllowedError for an integration that takes no messages.
        """
        if len(message.body) > LARGEST:
            text = f"the message has {len(message.body):,} bytes; at most {LARGEST:,} are taken"
            raise InputError(text, place=f"connection {name!r}")
        hints = self._hints(self._connections.get(name), name, message)
        orders = {hint: self._host.placed_as(name, hint.remote_id) for hint in hints}
        digests = {hint: _digest(message, hint) for hint, order_id in orders.items() if order_id is not None}
        if not digests:  # Nobody's orders: nothing is done, and nothing remembered.
            return tuple(Heard(hint.remote_id, hint.kind, None, None, _UNKNOWN) for hint in hints)
        taken = self._ledger.take_messages(name, frozenset(digests.values()), self._engine.now())
        left = set(taken)
        done: list[str] = []
        heard: list[Heard] = []
        try:
            for hint, order_id in orders.items():
                digest = digests.get(hint)
                one, is_done = self._heed(name, hint, order_id, is_new=digest in left)
                heard.append(one)
                if digest in left and is_done:
                    left.discard(digest)
                    done.append(digest)
        finally:
            # What could not be looked into is not held against the sender who sends it again.
            if taken:
                with suppress(LedgerError):  # Nobody settles it then: after some minutes it may be taken again.
                    self._ledger.settle_messages(name, done, left)
        return tuple(heard)

    def _hints(self, connection: Connection, name: str, message: Message) -> Sequence[Hint]:
        hook = connection.loaded.manager.hook.orderdesk_receive
        if not hook.get_hookimpls():
            raise NotAllowedError("this integration takes no messages", place=f"connection {name!r}")
        service = connection.service(self._engine.now())

        def taken() -> tuple[Hint, ...]:
            hints = hook(message=message, service=service)
            if not isinstance(hints, list | tuple):
                raise TypeError(f"orderdesk_receive must give a list of Hint, not {name_of(hints)}")
            if len(hints) > MOST_HINTS:
                raise ValueError(f"it made {len(hints)} hints of one message; at most {MOST_HINTS} are taken")
            return tuple(dict.fromkeys(plain_of(Hint, hint) for hint in hints))

        # The plugin's words may quote the message, and with it what it was signed with: the guard cleans them.
        heard = self._connections.bulkhead(name).aside(taken, connection.client.redactor.text, _SAYS)
        if isinstance(heard, OrderDeskError):
            heard.place = heard.place or f"connection {name!r}"
        return sound(heard, "it failed on a message", place=f"connection {name!r}")

    def _heed(self, name: str, hint: Hint, order_id: str | None, *, is_new: bool) -> tuple[Heard, bool]:
        """What became of a hint, and whether it was looked into."""
        if order_id is None:
            return Heard(hint.remote_id, hint.kind, None, None, _UNKNOWN), False
        order = self._host.order(order_id)
        if not is_new:
            text = "it came before, so nothing is looked into again"
            return Heard(hint.remote_id, hint.kind, order.number, self._latest(order, name), text), False
        is_done = True
        delivery = f", delivery {hint.delivery}" if hint.delivery else ""
        try:
            case, text = self.heed(order, name, hint.kind, by=f"a message from {name}{delivery}")
        except LedgerError:
            raise  # Nothing could be kept of it: the sender must hear so, and send it again.
        except OrderDeskError as error:  # One order's trouble keeps nobody from looking into the others.
            case, text, is_done = self._latest(order, name), f"not looked into: {error}", False
        return Heard(hint.remote_id, hint.kind, order.number, case, text), is_done

    def heed(self, order: Order, name: str, kind: HintKind, *, by: str) -> tuple[Case | None, str]:
        """Look into what somebody says of an order at a connection; the case, and what was done, in words."""
        coverage = read_coverage(self._ledger, self._host, order)
        case = coverage.latest.get(name)
        if case is not None and (case.is_open or case.state is State.CANCELED):
            self._note(case, f"{by} says that it is {kind.value}")
        if kind is HintKind.CANCELED and not coverage.is_canceled_or_open(name):
            # It came from there: the place is read back and never asked, so nothing is echoed.
            wish = Wish(order=order.id, by=by, reason=f"canceled at {name}", at=(name,), heard_from=name)
            found = [made for made in self._wishes.make(wish).cases if made.connection == name]
            return (found[-1] if found else None), "read back" if found else "nothing to look into"
        if case is None or case.state not in READABLE:
            return case, "nothing to look into"
        after, is_read = self._read(case)
        if kind is HintKind.SHIPPED and not is_read and _is_alarming(after, coverage):
            # Nobody looks at a settled case again by himself, so what could not be read must not be forgotten.
            return self._alarm(after, f"{by} says that it shipped, and it could not be read back"), "alarm"
        return after, "read back" if is_read else "noted; it could not be read back"

    def has_new_shipment(self, order: Order) -> bool:
        """Whether an order as it comes in has a shipment that the host does not know yet, and a case to alarm for."""
        if not order.shipments or not self._ledger.cases(order_id=order.id, states=_ALARMABLE, limit=1):
            return False
        known = {(one.id, one.tracking_number) for one in self._host.order(order.id).shipments}
        return any((one.id, one.tracking_number) not in known for one in order.shipments)

    def newly_shipped(self, orders: Sequence[Order]) -> list[Order]:
        """Those of orders that come in for which `shipped_by_host` is to be told once they are in."""
        return [order for order in orders if self.has_new_shipment(order)]

    def shipped_by_host(self, orders: Sequence[Order], *, by: str) -> None:
        """Raise the alarm for orders that came in with a new shipment."""
        for order in orders:
            note = f"the host has a new shipment of it: {order.shipments[-1].tracking_number or 'no tracking number'}"
            self.shipped(order, (), by=by, note=note)

    def shipped(self, order: Order, at: Sequence[str], *, by: str, note: str | None) -> tuple[Case, ...]:
        """Raise the alarm for what was canceled or asked and is said to have shipped; the cases it was raised for.

        at: only at these connections; empty means every fulfillment. Where the service can be read, it is read first.
        Where only a part was to be canceled, the rest ships in order: there only the service's own word is an alarm.
        Raises NotAllowedError where the order was not submitted to one of `at`.
        """
        coverage = read_coverage(self._ledger, self._host, order)
        placements = coverage.remote_orders
        wanted = {placement.connection for placement in (wanted_placements(order, placements, at) if at else ())}
        raised = []
        for case in coverage.latest.values():
            if (case.connection not in wanted) if at else (case.role is Role.CART):
                continue
            if case.state not in _ALARMABLE:
                continue
            known, _ = self._read(case)
            if _is_alarming(known, coverage):
                known = self._alarm(known, note or f"{by} says that it shipped", person=by)
            if known.state is State.SHIPPED_ANYWAY:
                raised.append(known)
        return tuple(raised)

    def _note(self, case: Case, text: str) -> None:
        """Note a message once, however often its sender repeats it."""
        if not any(entry.content == text for entry in self._ledger.history(case.id)):
            self._ledger.append(case, [text], fenced=False)

    def _alarm(self, case: Case, text: str, person: str | None = None) -> Case:
        event = Event(EventKind.SHIPPED, self._engine.now(), text=text, remedy=STOP_IT, person=person)
        return self._engine.apply(case, event)

    def _latest(self, order: Order, name: str) -> Case | None:
        cases = self._ledger.cases(order_id=order.id, connection=name)
        return cases[-1] if cases else None

    def _read(self, case: Case) -> tuple[Case, bool]:
        """The case after a read-back, and whether the service told anything by it."""
        if not self._can_read(case):
            return case, False
        try:
            self._engine.read_back(case)
        except PluginFault:  # The connection has nothing to read, as its plugin knows without a call.
            return self._ledger.case(case.id), False
        after = self._ledger.case(case.id)
        given_up = after.state is State.AWAITING_PERSON and case.state is not State.AWAITING_PERSON
        # A settled case counts tries only where a read-back told nothing; an open one is read again when it is due.
        return after, not given_up and not (after.state is State.CANCELED and after.tries > 0)

    def _can_read(self, case: Case) -> bool:
        try:
            hook = self._connections.get(case.connection).loaded.manager.hook.orderdesk_check
        except OrderDeskError:
            return False
        return bool(hook.get_hookimpls())


def _is_alarming(case: Case, coverage: CancellationCoverage) -> bool:
    """Whether it is an alarm that something of the order shipped there: not where the rest of it goes on."""
    return case.state in _ALARMABLE and coverage.requests_all_lines(case)
