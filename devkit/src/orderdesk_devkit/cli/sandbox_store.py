"""`sandbox --order-desk`: a simulated Order Desk store that owns the sample orders, submitted to what is simulated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from orderdesk_sdk.errors import InvalidStateError, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
    from orderdesk_devkit.simulators.simulator import Simulator
    from orderdesk_sdk.clock import Clock

__all__ = ["ORDER_DESK", "orders_table", "served_store", "taking_messages"]

ORDER_DESK: Final = "order-desk"
"""Under this name the store is among the simulators; no integration has it."""
_CARTS: Final = {"Paper Lantern Shop": "shopify", "CommerceHub": "commercehub"}
"""Which connection the cart of a sample order is."""
_SUBMITTED: Final = {"1042": "amazon-mcf", "1044": "amazon-mcf", "1045": "mww"}
"""Who fulfills a sample order; 1043 is new."""
_ITEMS: Final = {"1044": ("BLANKET-TRAIL", "bdlinx")}
"""Of which order an item has a fulfillment method of its own."""
_TIME: Final = "%Y-%m-%d %H:%M:%S"
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


@contextmanager
def served_store(clock: Clock, simulators: Mapping[str, Simulator], port: int) -> Iterator[tuple[Simulator, str]]:
    """The store with its URL, served within the block; what its rules post is sent again when it is due."""
    from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
    from orderdesk_devkit.simulators.server import serve

    store = OrderDeskSimulator(clock)
    _seed(store, simulators)
    with serve(store.app, port=port) as served, store.delivering():
        yield store, served.url


@contextmanager
def taking_messages(path: Path, clock: Clock, simulators: Mapping[str, tuple[Simulator, str]]) -> Iterator[str]:
    """The URL at which messages are taken within the block, for the desk of a configuration; `work` handles them.

    A rule of the store, where there is one, posts there what comes into its folder Canceled.
    """
    from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
    from orderdesk_devkit.testing.message_receiver import receiving
    from orderdesk_sdk.desk.config import read_config
    from orderdesk_sdk.desk.desk import Desk

    with Desk(read_config(path), clock=clock) as desk, receiving(desk) as url:
        store, _ = simulators.get(ORDER_DESK, (None, ""))
        if isinstance(store, OrderDeskSimulator):
            store.add_rule(f"{url}/cancel", folder="Canceled", name="Cancel everywhere")
        yield url


def orders_table(settings: Mapping[str, object], slugs: Mapping[str, object]) -> dict[str, object]:
    """The `[orders]` table that leads to the store: its own settings, and which connection each cart is."""
    carts = {name: slug if slug in slugs else "" for name, slug in _CARTS.items()}
    return {**settings, "api_key": {"text": settings["api_key"]}, "connections": carts}


def _seed(store: OrderDeskSimulator, simulators: Mapping[str, Simulator]) -> None:
    """Put the sample orders there: submitted ones in Prepared and at the services that are simulated, others in New."""
    from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
    from orderdesk_sdk.plugin.registry import PluginRegistry

    registry = PluginRegistry()
    documents = json.loads(SAMPLE_ORDERS)
    newest = max(_moment(document["date_added"]) for document in documents)
    documents = [_shifted(document, store.clock.now() - newest) for document in documents]
    store.import_orders(json.dumps(documents))
    for document in documents:
        number, lines = str(document["source_id"]), _lines(document)
        places = [_CARTS[document["source_name"]], _SUBMITTED.get(number, ""), _ITEMS.get(number, ("", ""))[1]]
        for slug in places:
            if slug in simulators:
                with suppress(InvalidStateError, ValidationError):  # Some take no orders but over their own API.
                    simulators[slug].add_order(number, lines=lines)
        if (service := places[1]) in simulators:
            store.submit_order(number, registry.load(service).integration.title, number)
            store.move_order(number, "Prepared", by="Auto")
        if number in _ITEMS and (method := places[2]) in simulators:
            store.set_fulfillment_method(number, _ITEMS[number][0], registry.load(method).integration.title)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _shifted(value: object, by: timedelta) -> Any:
    """The same with each moment moved, so that the newest order has come in just now: windows count from then."""
    match value:
        case dict():
            return {name: "" if name == "date_shipped" else _shifted(inner, by) for name, inner in value.items()}
        case list():
            return [_shifted(inner, by) for inner in value]
        case str() if _MOMENT.fullmatch(value):
            return (_moment(value) + by).strftime(_TIME)
        case _:
            return value


def _lines(document: Mapping[str, object]) -> list[tuple[str, int]]:
    items = document["order_items"]
    return [(str(item["code"]), int(item["quantity"])) for item in items] if isinstance(items, list) else []
