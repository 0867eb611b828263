"""The story that `demo` tells: what happens is real, only the five services are simulated and time is virtual."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from attrs import evolve, frozen

from orderdesk_devkit.cli.demo_store_act import CHAPTERS as STORE_CHAPTERS
from orderdesk_devkit.cli.demo_store_act import StoreAct, StoreActResult
from orderdesk_devkit.cli.narrator import Narrator
from orderdesk_devkit.cli.sandbox import load_simulators, settings_table
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.events import RuleExecution
from orderdesk_sdk.cases.receipt import Receipt
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cli.output.cancellations import show_evidence, show_plan, show_receipt, show_receipt_summary
from orderdesk_sdk.cli.output.rules import show_executions
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.worker import ChangeListener, Worker
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import receipt_document
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.toolkit.private_files import write_private
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.email.config import EmailConfig
from orderdesk_sdk.transport.email.smtp import message_id

__all__ = ["DemoScript", "DemoResult"]

CONNECTIONS: Mapping[str, tuple[str, ...]] = {
    "1042": ("amazon-mcf",),
    "1043": ("mww",),
    "1044": ("commercehub", "amazon-mcf"),
    "1045": ("bdlinx",),
    "1046": ("shopify", "amazon-mcf"),
}
"""Where the orders are submitted at the beginning, by connections named as their integrations."""
SUBMITTED_LATER = ("mww", "bdlinx")
"""Where 1046 is submitted an hour later."""
MAIL = EmailConfig(sender="Paper Lantern Shop <orders@lantern.example>", mode="draft")
RULE = {
    "name": "Canceled folder cancels at BDLinx",
    "event": "order moved",
    "when": "folder == 'Canceled' and source_name != 'Shopify'",
    "do": [{"action": "Cancel Order at BDLinx", "reason": "customer asked"}],
}
CART_RULE = {
    "name": "Canceled folder tells Shopify",
    "event": "order moved",
    "when": "folder == 'Canceled' and source_name == 'Shopify'",
    "do": [{"action": "Change Order Status at Shopify to Canceled", "reason": "customer asked"}],
}
_REQUESTED_BY = "Ann"
_CHAPTERS = 8 + STORE_CHAPTERS


@frozen
class DemoResult:
    """How it ended."""

    receipts: tuple[Receipt, ...]
    resubmission: ResubmitCase
    rejection: str
    rule_executions: tuple[tuple[datetime, RuleExecution], ...]
    store: StoreActResult


class DemoScript:
    """One telling, with its ledger in `folder`.

    Args:
        quiet: nothing is shown.
        keep_receipts: receipts are written there as well.
    """

    def __init__(self, folder: Path, *, quiet: bool, keep_receipts: bool) -> None:
        self._folder = folder
        self._keeps_receipts = keep_receipts
        self._clock = VirtualClock()
        self._narrator = Narrator(None if quiet else Screen(), _CHAPTERS)

    def run(self) -> DemoResult:
        """Tell it. What it needs is installed (`demo_requirements`)."""
        simulators = self._simulators()
        with self._narrator.show_progress(), ExitStack() as stack:
            connections = {}
            for slug, simulator in simulators.items():
                url = stack.enter_context(serve(simulator.app)).url
                table = settings_table(PluginRegistry(), slug, simulator.settings(url))
                connections[slug] = ConnectionConfig(slug, slug, table, f"[connections.{slug}]")
            rules = read_rules([RULE, CART_RULE], "the demo's rules")
            config = Config(self._folder / "orderdesk.db", connections, email=MAIL, rules=rules)
            with Desk(config, clock=self._clock, listeners=[ChangeListener(self._narrator.show_event)]) as desk:
                receipts, resubmission, rejection, fired = self._play(desk, simulators)
            store = self._second_act()
            if not self._keeps_receipts:
                self._narrator.say("\nNothing is left behind; --keep DIR keeps ledger and receipts.", "dim")
            return DemoResult(receipts, resubmission, rejection, fired, store)

    def _second_act(self) -> StoreActResult:
        with tempfile.TemporaryDirectory(prefix="orderdesk-store-") as folder:
            return StoreAct(Path(folder), self._narrator).play()

    def _simulators(self) -> dict[str, Simulator]:
        wanted = {slug for places in CONNECTIONS.values() for slug in places}
        return {slug: simulator for slug, simulator in load_simulators(self._clock).items() if slug in wanted}

    def _play(
        self, desk: Desk, simulators: Mapping[str, Simulator]
    ) -> tuple[tuple[Receipt, ...], ResubmitCase, str, tuple[tuple[datetime, RuleExecution], ...]]:
        say = self._narrator.say
        say("Five simulated services run on this machine, and their clock is virtual. Nothing real is touched.", "dim")
        self._orders(desk, simulators)
        self._button_then_email(desk)
        self._response_lost(desk, simulators["amazon-mcf"])
        self._cart_last(desk)
        self._canceled_by_rule(desk)
        resubmission, rejection = self._resubmit_and_confirm(desk)
        self._one_service_rejects(desk, simulators)
        self._narrator.chapter("The receipts: what each verdict rests on")
        receipts = tuple(desk.cancellations.receipt(number) for number in CONNECTIONS)
        if self._narrator.screen is not None:
            show_receipt(self._narrator.screen, receipts[0])
            self._narrator.screen.line()
            for receipt in receipts[1:-1]:
                for found in receipt.cancellations[0].cases:
                    show_evidence(self._narrator.screen, found)
        if self._keeps_receipts:
            self._save_receipts(receipts)
        fired = [desk.ledger.rule_executions(desk.order_store.get_order(number).id) for number in ("1045", "1046")]
        return receipts, resubmission, rejection, (*fired[0], *fired[1])

    def _orders(self, desk: Desk, simulators: Mapping[str, Simulator]) -> None:
        self._narrator.chapter("Orders come in, and are submitted to whoever makes or ships them")
        samples = read_order_text(SAMPLE_ORDERS, location="the sample orders")
        again = evolve(samples[0], id="58105", number="1046", source_name="Shopify")
        desk.orders.import_orders([*samples, again], by="demo")
        rows = []
        for number, places in CONNECTIONS.items():
            order = desk.order_store.get_order(number)
            for slug in places:
                self._submit(desk, simulators[slug], order, slug)
            units = ", ".join(f"{line.quantity} x {line.name}" for line in order.lines)
            rows.append((number, order.source_name, units, ", ".join(places)))
        if self._narrator.screen is not None:
            self._narrator.screen.table(("order", "from", "units", "submitted to"), rows)

    def _submit(self, desk: Desk, simulator: Simulator, order: Order, slug: str) -> None:
        simulator.add_order(order.number, lines=[(line.code, line.quantity) for line in order.lines])
        desk.orders.register(order.number, connection=slug, by="demo")

    def _button_then_email(self, desk: Desk) -> None:
        self._narrator.chapter("Order 1043 at MWW: a button, then an e-mail")
        self._narrator.say("Ann presses MWW's button in time. MWW says no, so the case falls back to the e-mail:")
        self._follow_up(desk, "1043", "ordered twice")
        draft = next(
            entry.content
            for entry in desk.ledger.history(self._case(desk, "1043").id)
            if isinstance(entry.content, str) and entry.content.startswith("draft:")
        )
        self._narrator.quote(draft.removeprefix("draft:\n"))
        self._narrator.say("Ann sends it. Sent is not canceled: the case waits for MWW's answer.")

    def _response_lost(self, desk: Desk, amazon: Simulator) -> None:
        self._narrator.chapter("Order 1042 at Amazon: the response gets lost")
        amazon.faults.add(Fault.LOST_RESPONSE, method="PUT")
        self._narrator.say("Ann presses the button, and the line goes dead. Did Amazon act? That is not guessed:")
        self._follow_up(desk, "1042", "the customer changed her mind")
        self._narrator.say(
            "It was polled: the order stood there, undecided. Amazon's cancel does no harm when repeated, so it was"
            " sent once more. Amazon only acknowledges it; it was polled until Amazon had decided."
        )

    def _cart_last(self, desk: Desk) -> None:
        self._narrator.chapter("Order 1044 at Amazon, from CommerceHub: the cart is told last")
        if self._narrator.screen is not None:
            show_plan(self._narrator.screen, desk.cancellations.plan("1044"), with_reasons=False)
        self._narrator.say("A reason is needed there. Without one nothing is asked anywhere:")
        try:
            desk.cancel("1044", by=_REQUESTED_BY)
        except ValidationError as error:
            self._narrator.at(self._clock.now(), f"{error.message} - {error.hint}", "yellow")
        else:
            raise OrderDeskError("1044 was canceled without a reason", location="demo")
        self._follow_up(desk, "1044", "customer asked")

    def _canceled_by_rule(self, desk: Desk) -> None:
        self._narrator.chapter("Order 1045 at BDLinx: a rule does it")
        self._narrator.say(f"Ann moves it to Canceled. That cancels nothing, but a rule says: {RULE['name']}.")
        desk.orders.move("1045", "Canceled", by=_REQUESTED_BY)
        desk.orders.move("1045", "Canceled", by=_REQUESTED_BY)
        self._work(desk)
        self._narrator.say("She moved it twice; the rule fired once:")
        if self._narrator.screen is not None:
            show_executions(
                self._narrator.screen, "1045", desk.ledger.rule_executions(desk.order_store.get_order("1045").id)
            )

    def _resubmit_and_confirm(self, desk: Desk) -> tuple[ResubmitCase, str]:
        self._narrator.chapter("Sent out again, and MWW's answer")
        self._narrator.say("The customer of 1042 wants it after all. It goes out under a number Amazon has never seen:")
        made = desk.resubmissions.create("1042", by=_REQUESTED_BY)
        self._narrator.at(made.updated_at, f"resubmitted as order {made.order_number}: {made.state.value}", "green")
        self._narrator.say("The same for 1043 is rejected, as MWW has not answered yet: the order would be duplicated.")
        rejection = ""
        try:
            desk.resubmissions.create("1043", by=_REQUESTED_BY)
        except InvalidStateError as error:
            rejection = str(error)
            self._narrator.at(self._clock.now(), f"{error.message} - {error.hint}", "yellow")
        else:
            raise OrderDeskError("1043 was submitted again although its original is not settled", location="demo")
        self._narrator.say("MWW's mail comes in. Ann reads it and files it as the evidence:")
        case = self._case(desk, "1043")
        desk.cases.confirm(case.id, by=_REQUESTED_BY, email=self._answer(case))
        return made, rejection

    def _one_service_rejects(self, desk: Desk, simulators: Mapping[str, Simulator]) -> None:
        self._narrator.chapter("Order 1046, from Shopify, at three services: one rejects the cancellation")
        self._clock.advance(hours(1))
        self._narrator.say("Amazon has had it for an hour; MWW and BDLinx are given it now. Ann cancels it everywhere:")
        simulators["mww"].set_option("window", "early", remote_id="1046")
        for slug in SUBMITTED_LATER:
            self._submit(desk, simulators[slug], desk.order_store.get_order("1046"), slug)
        self._follow_up(desk, "1046", "customer asked")
        self._narrator.say(f"She moves it to Canceled all the same, where a rule says: {CART_RULE['name']}.")
        desk.orders.move("1046", "Canceled", by=_REQUESTED_BY)
        self._work(desk)
        self._narrator.say("What Amazon ships is no canceled order, so no rule tells Shopify that it is. The receipt:")
        if self._narrator.screen is not None:
            show_receipt_summary(self._narrator.screen, desk.cancellations.receipt("1046"))

    def _answer(self, case: CancelCase) -> bytes:
        """MWW's mail, which is invented like everything that the simulators say."""
        mail = EmailMessage()
        mail["From"] = "MWW Support <support@mww.example>"
        mail["Date"] = format_datetime(self._clock.now())
        mail["Subject"] = f"Re: Please cancel order {case.remote_id}"
        mail["Message-ID"] = "<774@mww.example>"
        mail["In-Reply-To"] = message_id(case.id, case.route, MAIL.sender)
        mail.set_content("We canceled the order. It will not ship.")
        return mail.as_bytes()

    def _follow_up(self, desk: Desk, number: str, reason: str) -> None:
        desk.cancel(number, by=_REQUESTED_BY, reason=reason)
        self._work(desk)

    def _work(self, desk: Desk) -> None:
        Worker(desk).run(until_idle=True)
        self._clock.advance(minutes(1))

    def _case(self, desk: Desk, number: str) -> CancelCase:
        return desk.cases.list(order=number)[-1]

    def _save_receipts(self, receipts: tuple[Receipt, ...]) -> None:
        for receipt in receipts:
            text = json.dumps(receipt_document(receipt), indent=2)
            write_private(self._folder / f"receipt-{receipt.order_number}.json", f"{text}\n".encode())
        write_private(self._folder / "orderdesk.toml", b'[ledger]\nurl = "sqlite:///orderdesk.db"\n')
        self._narrator.say(
            f"\nKept in {self._folder}: the ledger, the receipts as JSON, and an orderdesk.toml that leads there."
        )
