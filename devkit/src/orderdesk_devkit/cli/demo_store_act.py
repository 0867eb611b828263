"""The second act of `demo`: the orders are in an Order Desk store, and cancels come from a folder there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from orderdesk_devkit.cli.narrator import Narrator
from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.cli.sandbox_store import ORDER_DESK
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_devkit.testing.message_receiver import receiving
from orderdesk_sdk.cases.receipt import Receipt
from orderdesk_sdk.cli.output.cancellations import show_receipt_summary
from orderdesk_sdk.cli.worker import ChangeListener, Worker
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["CHAPTERS", "StoreAct", "StoreActResult"]

CHAPTERS = 2
FROM_FOLDER, FROM_DESK = "1044", "1042"
"""The order that a person moves in Order Desk, and the one that is canceled from here."""
REPEATS = 5
SEEDED = 2
"""Entries of a history that are older than this act."""
CONFIGURATION = """[orders]
store_id = "{store_id}"
api_key = {{ env = "ORDERDESK_API_KEY" }}
contact = "ops@lantern.example\""""


@frozen
class StoreActResult:
    """How it ended.

    Args:
        receipts: of the order from the folder, and of the one from the desk.
        histories: what Order Desk shows of each, entry by entry.
        folders: where each of them lies in the end.
        started: how many cancellations the order from the folder has.
    """

    receipts: tuple[Receipt, ...]
    histories: tuple[tuple[str, ...], ...]
    folders: tuple[str, ...]
    started: int


class StoreAct:
    """One telling, in a folder of its own."""

    def __init__(self, folder: Path, narrator: Narrator) -> None:
        self._folder = folder
        self._narrator = narrator

    def play(self) -> StoreActResult:
        """Tell it. Raises ConfigurationError where a simulator is not installed."""
        clock = VirtualClock()
        path = self._folder / "orderdesk.toml"
        with running(path, clock, order_desk=True) as simulators:
            store, _ = simulators[ORDER_DESK]
            assert isinstance(store, OrderDeskSimulator), "that is what has this name"
            listeners = [ChangeListener(self._narrator.show_event)]
            with Desk(read_config(path), clock=clock, listeners=listeners) as desk, receiving(desk) as url:
                store.add_rule(f"{url}/cancel", folder="Canceled", name="Post canceled orders")
                work = self._worker(desk, store, clock)
                self._from_folder(store, work)
                started = len(desk.ledger.cancellations(desk.order_store.get_order(FROM_FOLDER).id))
                self._from_desk(desk, store, work)
                return self._result(desk, store, started)

    def _worker(self, desk: Desk, store: OrderDeskSimulator, clock: VirtualClock) -> Callable[[], None]:
        def work() -> None:
            # What a move makes the store post comes after it, and what follows from that after the post.
            for _ in range(2):
                store.deliver_due()
                Worker(desk).run(until_idle=True)
                clock.advance(minutes(1))

        return work

    def _from_folder(self, store: OrderDeskSimulator, work: Callable[[], None]) -> None:
        say = self._narrator.say
        self._narrator.chapter("Second act: an Order Desk store. Its folder Canceled cancels")
        say("The orders are in a store at Order Desk now, which is simulated too. These lines lead there:")
        self._narrator.quote(CONFIGURATION.format(store_id=store.store_id))
        say(f"Ann moves {FROM_FOLDER} to Canceled, in Order Desk. A rule there posts the order to us, signed:")
        store.move_order(FROM_FOLDER, "Canceled", by="Ann")
        work()
        store.redeliver(FROM_FOLDER, times=REPEATS)
        work()
        say(f"Order Desk posted it {REPEATS} times more, and nothing more was done. Its history of the order:")
        self._show_history(store, FROM_FOLDER)

    def _from_desk(self, desk: Desk, store: OrderDeskSimulator, work: Callable[[], None]) -> None:
        self._narrator.chapter("The other way round: canceled here, and moved in Order Desk last")
        desk.cancel(FROM_DESK, by="Ann", reason="customer asked")
        if store.actual_status(self._id(desk, FROM_DESK)) == "Canceled":
            raise OrderDeskError("the order was moved before it was canceled", location="demo")
        work()
        self._show_history(store, FROM_DESK)
        self._narrator.say("The rule posted that move as well: it was ours, so nothing was started. The receipt:")
        if self._narrator.screen is not None:
            show_receipt_summary(self._narrator.screen, desk.cancellations.receipt(FROM_DESK))

    def _show_history(self, store: OrderDeskSimulator, number: str) -> None:
        for entry in store.history(number)[SEEDED:]:
            told = _without_mark(entry["note"]).partition(". ")[0].rstrip(".")
            self._narrator.quote(f"{entry['date_added'][11:]}  {entry['source_name']:<13}  {told}")

    def _id(self, desk: Desk, number: str) -> str:
        return desk.order_store.get_order(number).id

    def _result(self, desk: Desk, store: OrderDeskSimulator, started: int) -> StoreActResult:
        numbers = (FROM_FOLDER, FROM_DESK)
        return StoreActResult(
            tuple(desk.cancellations.receipt(number) for number in numbers),
            tuple(tuple(_without_mark(entry["note"]) for entry in store.history(number)) for number in numbers),
            tuple(store.actual_status(self._id(desk, number)) for number in numbers),
            started,
        )


def _without_mark(note: str) -> str:
    """A note without the mark by which it is known again."""
    return note.partition("] ")[2] if note.startswith("[od-") else note
