"""A process that cancels an order of a live Order Desk store is killed at each call to the store, and started again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.orders.serialization import read_order_text
from tests.support.fake_services import FakeServices
from tests.support.order_desk import ORDER_ID, LiveStore, live_store
from tests.support.order_desk_child import KILLED
from tests.support.warm_python import WarmPython

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_CALLS = 300


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    warm = WarmPython()
    yield warm
    warm.close()


class Shop:
    """A simulated store with one order at a service, and processes that work on it."""

    def __init__(self, python: WarmPython, folder: Path, live: LiveStore, services: FakeServices, url: str) -> None:
        self.live, self.services = live, services
        self._python, self._folder, self._url = python, folder, url
        live.simulator.set_option("rate_limit", "off")  # The children have clocks of their own.
        live.simulator.submit_order(ORDER_ID, "The Mill", "77")

    def child(self, task: str, passed: int, killed_at: int = 0, moment: str = "before") -> int:
        """Run a process, at so many minutes of the story; its exit code."""
        arguments = (task, str(self._folder), self.live.url, self._url, str(passed), str(killed_at), moment)
        ran = self._python.run("tests.support.order_desk_child", *arguments, at=ROOT)
        assert ran.code in (0, KILLED), ran.output
        return ran.code

    def notes(self) -> Counter[str]:
        """The notes in the order's history, without their marks, and how often each is there."""
        return Counter(entry["note"].partition(" ")[2] for entry in self.live.simulator.history(ORDER_ID))


@contextmanager
def open_shop(python: WarmPython, folder: Path) -> Iterator[Shop]:
    folder.mkdir()
    services = FakeServices()
    with live_store(VirtualClock()) as live, RawServer(responding(services)) as server:
        yield Shop(python, folder, live, services, server.url)


def require_canceled_once(shop: Shop, *, moves: int = 1) -> None:
    notes = shop.notes()
    assert max(notes.values()) == 1
    for text in ("Cancellation at mill: canceled", "Cancellation at cart: canceled", "Canceled everywhere"):
        assert sum(note.startswith(text) for note in notes) == 1
    assert shop.live.simulator.actual_status(ORDER_ID) == "Canceled"
    assert len(shop.live.calls("POST", "move-orders")) == moves
    assert shop.services.writes == ["mill cancel 77", "cart cancel 1042"]


def require_watched_once(shop: Shop) -> None:
    require_canceled_once(shop, moves=0)  # A person has moved it.


def require_resubmitted_once(shop: Shop) -> None:
    assert shop.services.writes[2:] == ["mill make 1042-1"]
    assert len(shop.live.simulator.state.orders) == len(read_order_text(SAMPLE_ORDERS, location="samples")) + 1
    with shop.live.opened() as store:
        copy = store.get_order("1042-1")
        assert [one.connection for one in store.remote_orders(copy.id)] == ["mill"]
        assert store.original_of(copy.id) == ORDER_ID
        assert copy.id in str(store.get_order(OrderId(ORDER_ID)).metadata)


def require_registered_once(shop: Shop) -> None:
    with shop.live.opened() as store:
        found = [one for one in store.remote_orders(ORDER_ID) if one.connection == "phone"]
        assert [one.remote_id for one in found] == ["5"]
    assert sum(note.startswith("at phone as 5") for note in shop.notes()) <= 1


CHECKS: Mapping[str, Callable[[Shop], None]] = {
    "cancel": require_canceled_once,
    "watch": require_watched_once,
    "resubmit": require_resubmitted_once,
    "register": require_registered_once,
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("task", CHECKS)
def test_nothing_is_lost_and_nothing_is_done_twice(python: WarmPython, tmp_path: Path, task: str, moment: str) -> None:
    for number in range(1, MAX_CALLS):
        with open_shop(python, tmp_path / str(number)) as shop:
            if task == "resubmit":
                assert shop.child("cancel", 0) == 0
            if task == "watch":
                assert shop.child("look", 0) == 0
                shop.live.simulator.move_order(ORDER_ID, "Canceled")
            code = shop.child(task, 60, number, moment)
            assert shop.child(task, 120) == 0
            CHECKS[task](shop)
        if code == 0:
            break
    assert number > 2
