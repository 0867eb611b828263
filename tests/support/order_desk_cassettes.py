"""What is said between the order store and a simulated Order Desk, kept as cassettes.

python -m tests.support.order_desk_cassettes    records all of them anew, always the same but for the date
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attrs import frozen

from orderdesk_devkit.simulators.orderdesk.access import API_KEY
from orderdesk_devkit.testing.cassettes import CassetteHeader, CassetteSetup, Provenance, Source, record, replay
from orderdesk_devkit.testing.scenarios import sdk_version
from orderdesk_devkit.testing.scrubbing import Scrubber
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.orderdesk_api.api import order_desk_integration
from orderdesk_sdk.stores.orderdesk_api.errors import HistoryFullError
from orderdesk_sdk.stores.orderdesk_api.order_document import private_texts
from orderdesk_sdk.stores.orderdesk_api.settings import DEFAULT_URL
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from tests.support.order_desk import AT, ORDER_ID, ORDER_NUMBER, LiveStore, live_store, remote_order

__all__ = ["FOLDER", "SCENARIOS", "Scenario", "record_scenario", "replayed"]

FOLDER = Path(__file__).resolve().parent.parent / "unit" / "stores" / "orderdesk_api" / "cassettes"
SERVICE_VERSION = "API v2, its reference of 2018 and help pages of 2026"
_KEPT_OF_STORE = ("id", "name", "folders")


@frozen
class Scenario:
    """A conversation. before: what is done to the simulated store first."""

    name: str
    play: Callable[[OrderDeskStore], object]
    before: Callable[[LiveStore], object] = lambda _: None


def _read(store: OrderDeskStore) -> None:
    order = store.get_order(ORDER_NUMBER)
    assert [remote.connection for remote in store.remote_orders(order.id)] == ["bay", "shop"]
    assert (store.folder_of(order.id), store.next_free_number(order.id)) == ("New", "1042-1")


def _cancel(store: OrderDeskStore) -> None:
    store.add_receipt(ORDER_ID, "Canceled everywhere.", by="Ann", key="all canceled")
    moved = store.move(OrderId(ORDER_ID), "Canceled", by="Ann")
    assert (moved.source, moved.destination) == ("New", "Canceled")


def _register(store: OrderDeskStore) -> None:
    store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
    assert remote_order() in store.remote_orders(ORDER_ID)


def _duplicate(store: OrderDeskStore) -> None:
    copy = store.duplicate(OrderId(ORDER_ID), by="Ann", number="1042-1")
    assert store.original_of(copy.id) == ORDER_ID


def _full_history(store: OrderDeskStore) -> None:
    try:
        store.add_receipt(ORDER_ID, "Canceled everywhere.", by="Ann", key="all canceled")
    except HistoryFullError:
        return
    raise AssertionError("it took the note")


def _fill(live: LiveStore) -> None:
    live.simulator.fill_history(ORDER_ID, 250)


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("read", _read, lambda live: live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")),
        Scenario("note-and-move", _cancel),
        Scenario("register", _register),
        Scenario("duplicate", _duplicate),
        Scenario("full-history", _full_history, _fill),
    )
}


class StoreScrubber(Scrubber):
    """Hides the texts of people, and all of `GET /store` but what the order store keeps of it."""

    def body(self, url: str, text: str) -> str:
        """The body as it is kept."""
        if url.partition("?")[0].endswith("/store"):
            text = json.dumps(_public_part(json.loads(text))) if text else text
        return super().body(url, text)


def _public_part(document: dict[str, Any]) -> dict[str, Any]:
    store: Mapping[str, Any] = document["store"]
    kept = {name: store[name] for name in _KEPT_OF_STORE}
    return {"status": document["status"], "store": {**kept, "settings": {"timezone": store["settings"]["timezone"]}}}


def _scrubber(live: LiveStore, settings: object) -> StoreScrubber:
    with live.simulator.lock:
        record = live.simulator.state.find(ORDER_ID).record
        texts = private_texts(record) - {"US"}
    return StoreScrubber(order_desk_integration(), settings, [Secret(text) for text in sorted(texts)])


@contextmanager
def _fixed_marks() -> Iterator[None]:
    """Notes have the same marks each time."""
    with patch("orderdesk_sdk.stores.orderdesk_api.order_history.secrets.token_hex", return_value="recorded"):
        yield


def record_scenario(scenario: Scenario, file: Path) -> None:
    """Play a scenario to the simulated store, and keep what was said."""
    clock = VirtualClock()
    setup = CassetteSetup(clock.now(), ORDER_NUMBER, AT, AT, (), {}, {})
    told = Provenance(Source.SIMULATOR, "order-desk", SERVICE_VERSION, datetime.now(UTC).date(), sdk_version())
    with live_store(clock) as live, live.opened() as store, _fixed_marks():
        scenario.before(live)
        with record(file, CassetteHeader(told, setup), _scrubber(live, live.settings())):
            scenario.play(store)


@contextmanager
def replayed(scenario: Scenario, file: Path) -> Iterator[OrderDeskStore]:
    """An order store that hears what was recorded. The network is off."""
    clock = VirtualClock()
    with live_store(clock) as live:  # For what it knows of people, which nobody may ask it for.
        scrubber = _scrubber(live, live.settings(url=DEFAULT_URL, api_key=Secret(API_KEY)))
        with live.opened(url=DEFAULT_URL) as store, _fixed_marks(), replay(file, scrubber):
            yield store


if __name__ == "__main__":
    for each in SCENARIOS.values():
        record_scenario(each, FOLDER / f"{each.name}.yaml")
