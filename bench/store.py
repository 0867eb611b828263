"""A store for measuring: a desk over a new ledger, with orders that were submitted to one Amazon MCF connection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve, frozen

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.opening import LedgerLocation, open_order_store
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["CONNECTION", "Store", "open_store", "simulator_settings"]

CONNECTION = "mcf"
SECRETS = ("refresh_token", "client_id", "client_secret")


@frozen
class Store:
    """A desk and the numbers of its orders, which are their numbers at the service too."""

    desk: Desk
    numbers: tuple[str, ...]
    path: LedgerLocation


def simulator_settings(url: str) -> dict[str, str]:
    """The settings of a connection to a service that takes any credentials."""
    return {
        "refresh_token": "Atzr|bench",
        "client_id": "bench-client",
        "client_secret": "bench-secret",
        "endpoint": url,
        "token_url": f"{url}/auth/o2/token",
    }


@contextmanager
def open_store(
    orders: int,
    settings: dict[str, str],
    *,
    in_flight: int = 8,
    clock: Clock | None = None,
    path: LedgerLocation | None = None,
    first: int = 0,
) -> Iterator[Store]:
    """A store with new orders. Every commit of its ledger is flushed to disk.

    Args:
        path: a ledger that is there, or the URL of a database; None makes a SQLite file in a directory that is gone
            afterwards.
        first: the number of the first order, so that several processes may share a ledger.
    """
    made: dict[str, object] = {name: {"text": value} if name in SECRETS else value for name, value in settings.items()}
    time = clock or SystemClock()
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
        location = path or Path(folder) / "bench.db"
        config = Config(location, {CONNECTION: ConnectionConfig(CONNECTION, "amazon-mcf", made, "bench")})
        host = open_order_store(location, clock=time)
        with Desk(config, order_store=host, clock=time, limits=DeskLimits(HttpLimits(in_flight=in_flight))) as desk:
            numbers = tuple(order.number for order in _import(host, range(first, first + orders)))
            for number in numbers:
                desk.orders.register(number, connection=CONNECTION, by="bench")
            yield Store(desk, numbers, location)


def _import(host: SqlOrderStore, numbers: range) -> list[Order]:
    sample = read_order_text(SAMPLE_ORDERS, location="samples")[0]
    orders = [evolve(sample, id=str(700_000 + index), number=f"B-{index}") for index in numbers]
    host.import_orders(orders, by="bench")
    return orders
