"""Order Desk and a desk together: a folder's rule posts an order, its places are canceled, its history tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.cli.sandbox_store import ORDER_DESK
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk


@define
class Shop:
    """A sandbox with a store at Order Desk, and a desk that takes what its rule posts."""

    desk: Desk
    clock: VirtualClock
    store: OrderDeskSimulator
    services: dict[str, Simulator]
    answers: list[int] = field(factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        receipt = self.desk.messages.receive(MessageSource.cancel(), request.headers.items(), await request.body())
        self.answers.append(receipt.status)
        await Response(status_code=receipt.status, headers=receipt.headers)(scope, receive, send)

    def pass_minutes(self, count: int) -> None:
        """Let minutes pass, and do what is due after each, here and at Order Desk."""
        for _ in range(count):
            self.clock.advance(minutes(1))
            self.store.deliver_due()
            self.desk.run_due()

    def cancels(self, number: str) -> int:
        """How often services took a cancel of the order."""
        records = [one for service in self.services.values() for one in service.log]
        return len([one for one in records if one.remote_id == number and one.effect_kind is Effect.CANCEL_ACCEPTED])

    def states(self, number: str) -> dict[str, State]:
        """Where the newest case of the order stands at each connection."""
        return {one.connection: one.state for one in reversed(self.desk.cases.list(order=number))}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    path, clock = tmp_path / "orderdesk.toml", VirtualClock()
    with running(path, clock, order_desk=True) as simulators:
        store = simulators.pop(ORDER_DESK)[0]
        assert isinstance(store, OrderDeskSimulator)
        services = {slug: simulator for slug, (simulator, _) in simulators.items()}
        with Desk(read_config(path), clock=clock) as desk:
            shop = Shop(desk, clock, store, services)
            with serve(shop) as receiver:
                store.add_rule(f"{receiver.url}/orderdesk/cancel", folder="Canceled")
                yield shop
    assert [one.effect for one in store.misuses] == []


def test_an_order_moved_to_canceled_is_canceled_at_its_places(shop: Shop) -> None:
    shop.store.move_order("1042", "Canceled")
    shop.store.deliver_due()
    shop.pass_minutes(15)
    assert shop.states("1042") == {"amazon-mcf": State.CANCELED, "shopify": State.CANCELED}
    assert shop.services["amazon-mcf"].actual_status("1042") == "Cancelled"
    notes = " ".join(entry["note"] for entry in shop.store.history("1042"))
    assert "Cancellation at amazon-mcf: canceled" in notes
    assert "Canceled everywhere" in notes
    assert shop.store.actual_status("1042") == "Canceled"


def test_the_same_message_five_times_cancels_once(shop: Shop) -> None:
    shop.store.move_order("1042", "Canceled")
    shop.store.deliver_due()
    shop.store.redeliver("1042", times=4)
    shop.pass_minutes(15)
    assert {answer // 100 for answer in shop.answers} == {2}
    before = len(shop.store.history("1042"))
    shop.store.redeliver("1042", times=5)
    shop.pass_minutes(5)
    assert shop.cancels("1042") == 2, "one at each place"
    assert len(shop.desk.cases.list(order="1042")) == 2
    assert len(shop.store.history("1042")) == before


@pytest.mark.parametrize("when", ["after the reply", "before the reply", "by hand"])
def test_our_own_move_starts_nothing(shop: Shop, when: str) -> None:
    shop.store.set_option("rule_posts", when)
    shop.desk.cancel("1042", by="Ann", reason="customer asked")
    shop.pass_minutes(20)
    assert shop.store.actual_status("1042") == "Canceled"
    shop.store.deliver_due()  # The move may have been the last thing that was done.
    assert shop.answers, "the rule posted what we moved"
    assert shop.cancels("1042") == 2
    assert len(shop.desk.cases.list(order="1042")) == 2


@pytest.mark.parametrize("path", ["move-orders", "order-history"])
def test_a_lost_reply_leaves_one_move_and_one_note(shop: Shop, path: str) -> None:
    shop.store.faults.add(Fault.LOST_RESPONSE, method="POST", path=path)
    shop.desk.cancel("1042", by="Ann", reason="customer asked")
    shop.pass_minutes(40)
    notes = [entry["note"] for entry in shop.store.history("1042")]
    assert len(notes) == len(set(notes))
    assert notes.count("Order Moved to Canceled Folder") == 1
    assert shop.states("1042") == {"amazon-mcf": State.CANCELED, "shopify": State.CANCELED}


def zone(shop: Shop) -> None:
    shop.store.set_option("timezone", "Australia/Lord_Howe")


def texts(shop: Shop) -> None:
    shop.store.set_option("numbers", "texts")
    shop.store.set_option("refused_as", "200")


def full(shop: Shop) -> None:
    shop.store.fill_history("1042", 250)


def busy(shop: Shop) -> None:
    shop.store.bucket.empty(shop.clock.monotonic())
    shop.store.set_option("rate_headers", "X-Retry-After only")


def edited(shop: Shop) -> None:
    shop.store.set_option("edit_meanwhile", "after each read")


@pytest.mark.parametrize("difficulty", [zone, texts, full, busy, edited])
def test_what_is_difficult_about_the_store_keeps_nothing_from_being_canceled(
    shop: Shop, difficulty: Callable[[Shop], None]
) -> None:
    difficulty(shop)
    shop.store.move_order("1042", "Canceled")
    shop.store.deliver_due()
    shop.pass_minutes(20)
    assert shop.states("1042") == {"amazon-mcf": State.CANCELED, "shopify": State.CANCELED}
    assert shop.cancels("1042") == 2
