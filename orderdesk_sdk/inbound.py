"""Inbound: what services and hosts let us know by themselves. It is looked into, and never believed unread."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.case import Case, Event, EventKind, State
from orderdesk_sdk.connections import Connection, Connections
from orderdesk_sdk.engines.inline import InlineEngine
from orderdesk_sdk.errors import NotAllowedError, OrderDeskError, PluginFault, in_words
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.ledger import Ledger
from orderdesk_sdk.message import Hint, HintKind, Message
from orderdesk_sdk.order import Order, Role
from orderdesk_sdk.wishes import Wish, Wishes

__all__ = ["Heard", "Inbound"]

_READABLE = (State.HEARD, State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED)
_ALARMABLE = (State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED, State.PARTLY_CANCELED)


@frozen
class Heard:
    """What became of one hint. order_number: None where nobody knows the order. case: that was looked into, or None."""

    remote_id: str
    kind: HintKind
    order_number: str | None
    case: Case | None
    text: str


class Inbound:
    """Takes what comes in. A repeated message does no more than the first one: it only makes us look again."""

    def __init__(
        self, ledger: Ledger, host: Host, connections: Connections, engine: InlineEngine, wishes: Wishes
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
        connection = self._connections.get(name)
        return tuple(self._heed(name, hint) for hint in self._hints(connection, name, message))

    def _hints(self, connection: Connection, name: str, message: Message) -> Sequence[Hint]:
        hook = connection.loaded.manager.hook.orderdesk_receive
        if not hook.get_hookimpls():
            raise NotAllowedError("this integration takes no messages", place=f"connection {name!r}")
        try:
            hints: object = hook(message=message, service=connection.service(self._engine.now()))
        except OrderDeskError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin's own code; its words may hold a secret
            text = connection.client.redactor.text(in_words(error))
            raise PluginFault(f"it failed on a message: {text}", place=f"connection {name!r}") from None
        if not isinstance(hints, list | tuple) or not all(isinstance(hint, Hint) for hint in hints):
            raise PluginFault("orderdesk_receive must give a list of Hint", place=f"connection {name!r}")
        return hints

    def _heed(self, name: str, hint: Hint) -> Heard:
        order_id = self._host.placed_as(name, hint.remote_id)
        if order_id is None:
            return Heard(hint.remote_id, hint.kind, None, None, "no order is registered there under this number")
        order = self._host.order(order_id)
        delivery = f", delivery {hint.delivery}" if hint.delivery else ""
        case, text = self.heed(order, name, hint.kind, by=f"a message from {name}{delivery}")
        return Heard(hint.remote_id, hint.kind, order.number, case, text)

    def heed(self, order: Order, name: str, kind: HintKind, *, by: str) -> tuple[Case | None, str]:
        """Look into what somebody says of an order at a connection; the case, and what was done, in words."""
        case = self._latest(order, name)
        if case is not None and case.state in _READABLE:
            self._ledger.append(case, [f"{by} says that it is {kind.value}"], fenced=False)
            if self._can_read(case):
                return self._engine.read_back(case), "read back"
            if kind is HintKind.SHIPPED:
                return self._alarm(case, f"{by} says that it shipped, and the service cannot be read back"), "alarm"
            return case, "noted; the service cannot be read back"
        if kind is not HintKind.CANCELED or (case is not None and case.is_open):
            return case, "nothing to look into"
        # It came from there: the place is read back and never asked, so nothing is echoed.
        wish = Wish(order=order.id, by=by, reason=f"canceled at {name}", at=(name,), heard_from=name)
        found = [made for made in self._wishes.make(wish).cases if made.connection == name]
        return (found[-1] if found else None), "read back"

    def has_new_shipment(self, order: Order) -> bool:
        """Whether an order as it comes in has a shipment that the host does not know yet, and a case to alarm for."""
        if not order.shipments or not self._ledger.cases(order_id=order.id, states=_ALARMABLE, limit=1):
            return False
        known = {(one.id, one.tracking_number) for one in self._host.order(order.id).shipments}
        return any((one.id, one.tracking_number) not in known for one in order.shipments)

    def shipped(self, order: Order, at: Sequence[str], *, by: str, note: str | None) -> tuple[Case, ...]:
        """Raise the alarm for what was canceled or asked and is said to have shipped; the cases it was raised for.

        at: only at these connections; empty means every fulfillment. Where the service can be read, it is read first.
        """
        raised = []
        for case in {case.connection: case for case in self._ledger.cases(order_id=order.id)}.values():
            if (case.connection not in at) if at else (case.role is Role.CART):
                continue
            if case.state not in _ALARMABLE:
                continue
            known = self._engine.read_back(case) if self._can_read(case) and case.state in _READABLE else case
            if known.state in _ALARMABLE:
                known = self._alarm(known, note or f"{by} says that it shipped", person=by)
            if known.state is State.SHIPPED_ANYWAY:
                raised.append(known)
        return tuple(raised)

    def _alarm(self, case: Case, text: str, person: str | None = None) -> Case:
        remedy = "stop the parcel at the service or the carrier, and tell the customer"
        event = Event(EventKind.SHIPPED, self._engine.now(), text=text, remedy=remedy, person=person)
        return self._engine.apply(case, event)

    def _latest(self, order: Order, name: str) -> Case | None:
        found = [case for case in self._ledger.cases(order_id=order.id) if case.connection == name]
        return found[-1] if found else None

    def _can_read(self, case: Case) -> bool:
        try:
            hook = self._connections.get(case.connection).loaded.manager.hook.orderdesk_check
        except OrderDeskError:
            return False
        return bool(hook.get_hookimpls())
