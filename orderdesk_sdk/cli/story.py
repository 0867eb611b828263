"""The story that `demo` tells: what happens is real, only Amazon is simulated and time is virtual."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from attrs import frozen
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from orderdesk_sdk.case import Case, Event, EventKind
from orderdesk_sdk.cli.case_tables import event_line, plan_table, receipt_page
from orderdesk_sdk.cli.sandbox import load_simulators, settings_table
from orderdesk_sdk.cli.shapes import receipt_shape
from orderdesk_sdk.cli.tables import Screen
from orderdesk_sdk.cli.times import shown
from orderdesk_sdk.cli.worker import Watcher, Worker
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError, NotAllowedError, OrderDeskError
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.receipt import Receipt
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.testing.fault_queue import Fault
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.simulator import Simulator

__all__ = ["Story", "Told"]

_SLUG = "amazon-mcf"
_WHO = "Ann"
_CHAPTERS = 6
_TECHNICAL = frozenset({EventKind.SEND, EventKind.CHECK, EventKind.RESUME})


@frozen
class Told:
    """How it ended."""

    receipts: tuple[Receipt, ...]
    resubmission: Resubmission
    refusal: str


class Story:
    """One telling, with its ledger in `folder`. quiet: nothing is shown. kept: receipts are written there as well."""

    def __init__(self, folder: Path, *, quiet: bool, kept: bool) -> None:
        self._folder = folder
        self._kept = kept
        self._screen = None if quiet else Screen()
        self._clock = VirtualClock()
        self._progress: Progress | None = None

    def tell(self) -> Told:
        """Tell it. Raises ConfigurationError where the simulator is not installed."""
        simulator = load_simulators(self._clock).get(_SLUG)
        if simulator is None:
            raise ConfigurationError(
                f"the simulator of {_SLUG} is not installed",
                place="orderdesk.simulators",
                remedy="pip install 'orderdesk-amazon-mcf[sandbox]'",
            )
        with self._shown_progress(), serve(simulator.app) as served:
            settings = settings_table(Registry(), _SLUG, simulator.settings(served.url))
            connections = {_SLUG: ConnectionConfig(_SLUG, _SLUG, settings, f"[connections.{_SLUG}]")}
            config = Config(self._folder / "orderdesk.db", connections)
            watching = Registry(listeners=(Watcher(self._hear),))
            with Desk(config, clock=self._clock, registry=watching) as desk:
                return self._play(desk, simulator)

    def _play(self, desk: Desk, simulator: Simulator) -> Told:
        self._say("A simulated Amazon runs on this machine, and its clock is virtual. Nothing real is touched.", "dim")
        self._orders(desk)
        self._canceled(desk, simulator)
        self._too_late(desk, simulator)
        self._reply_lost(desk, simulator)
        resubmission, refusal = self._resubmitted(desk)
        self._chapter("The receipts: what each verdict rests on")
        receipts = tuple(desk.receipt(number) for number in ("1042", "1043", "1044"))
        for number, receipt in enumerate(receipts):
            if self._screen is not None:
                if number:
                    self._screen.line()
                receipt_page(self._screen, receipt)
        if self._kept:
            self._keep(receipts)
        else:
            self._say("\nNothing is left behind; --keep DIR keeps ledger and receipts.", "dim")
        return Told(receipts, resubmission, refusal)

    def _orders(self, desk: Desk) -> None:
        self._chapter("Orders come in from the cart")
        assert isinstance(desk.host, LocalHost)
        orders = read_order_text(SAMPLE_ORDERS, place="the sample orders")
        desk.host.import_orders(orders, by="demo")
        for order in orders[:3]:
            who = f"{order.shipping.first_name} {order.shipping.last_name}".strip() or order.shipping.company
            units = ", ".join(f"{line.quantity} x {line.name}" for line in order.lines)
            self._at(order.number, f"{who}: {units}")

    def _canceled(self, desk: Desk, simulator: Simulator) -> None:
        self._chapter("Order 1042: canceled, after a while")
        self._submit(desk, simulator, "1042")
        self._say("The customer changes her mind. Before anything is sent, the plan says what would happen:")
        if self._screen is not None:
            self._screen.line()
            plan_table(self._screen, desk.plan("1042"))
            self._screen.line()
        self._say("Ann presses the button. Amazon takes note, no more; so it is read back until Amazon has decided:")
        desk.cancel("1042", by=_WHO, reason="the customer changed her mind")
        self._follow_up(desk)

    def _too_late(self, desk: Desk, simulator: Simulator) -> None:
        self._chapter("Order 1043: too late")
        self._submit(desk, simulator, "1043")
        self._clock.advance(minutes(45))
        self._say("45 minutes pass, and the warehouse begins to pick it. Then Ann presses the button:")
        desk.cancel("1043", by=_WHO, reason="ordered twice")
        self._follow_up(desk)

    def _reply_lost(self, desk: Desk, simulator: Simulator) -> None:
        self._chapter("Order 1044: the reply gets lost")
        self._submit(desk, simulator, "1044")
        simulator.faults.add(Fault.LOST_REPLY, method="PUT")
        self._say(
            "Ann presses the button, and the line goes dead before the reply. Did Amazon act? That is not guessed:"
        )
        desk.cancel("1044", by=_WHO, reason="wrong address")
        self._follow_up(desk)
        self._say(
            "It was read back: the order stood there, undecided. Amazon's cancel does no harm when repeated, so it was"
            " sent once more, and read back until Amazon had decided."
        )

    def _resubmitted(self, desk: Desk) -> tuple[Resubmission, str]:
        self._chapter("Sent out again")
        self._say("The customer of 1042 wants it after all. It goes out again, under a number Amazon has never seen:")
        made = desk.resubmit("1042", by=_WHO)
        self._at(made.updated_at, f"resubmitted as order {made.order_number}: {made.state.value}", "green")
        self._say("The same for 1043, which was not canceled, is refused: it would be made twice.")
        try:
            desk.resubmit("1043", by=_WHO)
        except NotAllowedError as error:
            self._at(self._clock.now(), f"{error.text} - {error.remedy}", "yellow")
            return made, str(error)
        raise OrderDeskError("1043 was submitted a second time although its original goes on", place="demo")

    def _submit(self, desk: Desk, simulator: Simulator, number: str) -> None:
        order = desk.host.order(number)
        simulator.add_order(number, lines=[(line.code, line.quantity) for line in order.lines])
        desk.place(number, at=_SLUG, by="demo")
        self._at(self._clock.now(), f"submitted to Amazon MCF as {number}")

    def _follow_up(self, desk: Desk) -> None:
        Worker(desk).run(until_idle=True)
        self._clock.advance(minutes(1))

    def _hear(self, case: Case, event: Event) -> None:
        if self._screen is None or event.kind in _TECHNICAL:
            return
        self._screen.hanging(shown(event.at, seconds=True), event_line(case, event))

    def _say(self, text: str, style: str = "") -> None:
        if self._screen is not None:
            for line in text.split("\n"):
                self._screen.line(line, style)

    def _at(self, head: datetime | str, text: str, style: str = "") -> None:
        if self._screen is not None:
            shown_head = head if isinstance(head, str) else shown(head, seconds=True)
            self._screen.hanging(shown_head, text, style=style)

    def _chapter(self, title: str) -> None:
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], advance=1, description=title)
        self._say("")
        self._say(title, "bold")

    @contextmanager
    def _shown_progress(self) -> Iterator[None]:
        if self._screen is None or not self._screen.is_terminal:
            yield
            return
        columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=self._screen.console, transient=True) as progress:
            progress.add_task("starting", total=_CHAPTERS)
            self._progress = progress
            yield

    def _keep(self, receipts: tuple[Receipt, ...]) -> None:
        for receipt in receipts:
            text = json.dumps(receipt_shape(receipt), indent=2)
            (self._folder / f"receipt-{receipt.order_number}.json").write_text(text + "\n", encoding="utf-8")
        (self._folder / "orderdesk.toml").write_text('[ledger]\nurl = "sqlite:///orderdesk.db"\n', encoding="utf-8")
        self._say(
            f"\nKept in {self._folder}: the ledger, the receipts as JSON, and an orderdesk.toml that leads there."
        )
