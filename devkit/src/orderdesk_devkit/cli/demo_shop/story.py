"""Half a day in the shop to look at: what is asked, answered, lost and left for a person, told to a real desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, cast

from orderdesk_devkit.cli.demo_shop.catalog import DEMO_ORDERS, DemoOrder, bulk_orders
from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk

__all__ = ["LENGTH", "ShopStory"]

LENGTH: Final = hours(6.25)
"""How long the story takes, by its clock."""
_STEP: Final = minutes(5)
"""At least so often somebody looks whether others ask us to cancel."""
_ANN: Final = "Ann"
_REASON: Final = "customer asked"
_OUTAGE: Final = 100_000
"""How many calls a service that is away does not answer: more than anybody makes."""


class _AskingSimulator(Protocol):
    """A simulator of a service at which somebody can ask us to cancel; what it takes besides is its own."""

    def ask_to_cancel(self, remote_id: str, /, *details: str) -> None:
        """Let somebody ask us to cancel."""


class ShopStory:
    """Tells it to a desk whose clock stands LENGTH before the moment at which somebody looks.

    Args:
        simulators: by connection; they go by the same clock.
        with_bulk: the orders to cancel at once are there, too.
    """

    def __init__(
        self, desk: Desk, simulators: Mapping[str, Simulator], clock: VirtualClock, *, with_bulk: bool = True
    ) -> None:
        self._desk = desk
        self._simulators = simulators
        self._clock = clock
        self._end = clock.now() + LENGTH
        self._with_bulk = with_bulk
        self._orders = {order.number: order for order in DEMO_ORDERS}

    def tell(self) -> None:
        """Let it all happen; the clock stands at the end of the story then, and nothing is due."""
        bulk = tuple(bulk_orders()) if self._with_bulk else ()
        self._desk.orders.import_orders(
            [order.to_order(self._end) for order in (*bulk, *self._orders.values())], by="demo"
        )
        self._settled_by_evidence()
        self._rejected()
        self._alarm()
        self._waiting_for_a_person()
        self._under_way()
        for order in bulk:
            self._submit(order)
        self._fresh()

    def _settled_by_evidence(self) -> None:
        """Asked, polled and canceled: by a button, with the cart last, and by a rule. One went out again."""
        self._submit_all("1042", "1044")
        self._until(hours(6))
        self._cancel("1042", "the customer changed her mind")
        self._cancel("1044", _REASON)
        self._submit_all("1045")
        self._desk.orders.move("1045", "Canceled", by=_ANN)
        self._until(hours(5.75))
        self._submit_all("1046", at=("shopify", "amazon-mcf"))
        self._submit_all("1053")
        self._cancel("1053", _REASON)  # It waits for a mail since, and is overdue at the end.
        self._until(hours(5.2))
        self._desk.resubmissions.create("1042", by=_ANN)
        self._record(_ANN, AuditAction.RESUBMITTED, "1042")

    def _rejected(self) -> None:
        """Too late: one of three services, and a printer that has begun."""
        self._submit_all("1047")
        self._simulators["mww"].set_option("window", "early", remote_id="1046")
        self._until(hours(4.75))
        self._submit_all("1046", at=("mww", "bdlinx"))
        self._submit_all("1048")
        self._cancel("1046", _REASON)
        self._cancel("1048", "ordered twice")
        self._until(hours(4))
        self._cancel("1047", _REASON)

    def _alarm(self) -> None:
        """Called canceled, and shipped all the same."""
        self._submit_all("1049")
        self._simulators["hp-site-flow"].set_option("batched", "produced anyway", remote_id="1049")
        self._cancel("1049", _REASON)
        self._until(hours(2.5))
        self._desk.notifications.report_shipped("1049", by="Mara", note="UPS scanned a parcel of it")
        self._record("Mara", AuditAction.SHIPMENT_REPORTED, "1049")

    def _waiting_for_a_person(self) -> None:
        """The window closed, so a mail was written; and others ask us."""
        self._submit_all("1043")
        self._until(hours(2))
        self._cancel("1043", "ordered twice")
        self._until(hours(1.5))
        self._simulators["shopify-fulfillment"].set_option("service", "silent", remote_id="5055")
        self._submit_all("1055")
        self._until(hours(1.25))
        self._submit_all("1051", "1060", "1061")
        self._ask_us("shopify-fulfillment", "5055", "the customer moved")
        self._ask_us("commercehub", "1061")

    def _under_way(self) -> None:
        """Lost on the way, taken back, gathered for a batch, and acknowledged a moment ago."""
        bay = self._simulators["bay-photo"]
        bay.faults.add(Fault.LOST_RESPONSE, method="POST", path="/cancel")
        bay.faults.add(Fault.SERVER_ERROR_HTML, times=_OUTAGE, path="1051")
        self._until(hours(1))
        self._cancel("1051", _REASON)
        self._desk.cancel("1060", by=_ANN, reason=_REASON, send_now=False)
        self._desk.cancellations.withdraw("1060", by=_ANN, note="the customer keeps it")
        self._record(_ANN, AuditAction.CANCEL_REQUESTED, "1060", _REASON)
        self._record(_ANN, AuditAction.WITHDRAWN, "1060")
        self._submit_all("1052")
        self._until(minutes(35))
        self._submit_all("1057")
        self._until(minutes(12))
        self._cancel("1052", _REASON)
        self._submit_all("1050", "1058", "1059")
        self._until(minutes(3))
        self._cancel("1050", _REASON)

    def _fresh(self) -> None:
        """Within the window of two minutes: one was canceled a moment ago, others are still to be."""
        self._until(seconds(25))
        for number, connection in (("1054", "mww-europe"), ("1056", "mww"), ("1063", "mww")):
            self._simulators[connection].set_option("window", "early", remote_id=number)
            self._submit_all(number)
        self._until(seconds(10))
        self._cancel("1054", _REASON)
        self._until(timedelta(0))

    def _ask_us(self, connection: str, remote_id: str, message: str = "") -> None:
        """Let the one behind a connection ask us to cancel; it is heard at the next look."""
        asking = cast("_AskingSimulator", self._simulators[connection])
        asking.ask_to_cancel(remote_id, *([message] if message else []))

    def _submit_all(self, *numbers: str, at: tuple[str, ...] = ()) -> None:
        for number in numbers:
            self._submit(self._orders[number], at)

    def _submit(self, order: DemoOrder, at: tuple[str, ...] = ()) -> None:
        for connection, remote_id in order.places:
            if at and connection not in at:
                continue
            if connection in self._simulators:
                self._simulators[connection].add_order(remote_id, lines=order.lines)
            self._desk.orders.register(order.number, connection=connection, by="demo", remote_id=remote_id)

    def _cancel(self, number: str, reason: str) -> None:
        self._desk.cancel(number, by=_ANN, reason=reason)
        self._record(_ANN, AuditAction.CANCEL_REQUESTED, number, reason)

    def _record(self, actor: str, action: AuditAction, number: str, detail: str = "") -> None:
        """Write down who did it, as the console does where a person presses."""
        order = self._desk.orders.get(number)
        self._desk.audit.record(actor, action, order_subject(order.id), detail, "127.0.0.1")

    def _until(self, before_end: timedelta) -> None:
        """Let time pass up to so long before the end; whatever falls due meanwhile is done then."""
        target = self._end - before_end
        while self._clock.now() < target:
            due = self._desk.run_due().next_due or target
            self._move_to(min(target, self._clock.now() + _STEP, max(due, self._clock.now() + seconds(1))))
        self._desk.run_due()

    def _move_to(self, moment: datetime) -> None:
        left = moment - self._clock.now()
        if left > timedelta(0):
            self._clock.advance(left)
