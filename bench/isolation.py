"""How long a healthy connection's cases take while a slow and a dead connection have as many due, over alone."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from attrs import evolve
from starlette.types import Receive, Scope, Send

from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from bench.loopback import Loopback, app
from bench.store import SECRETS, simulator_settings
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = ["shares"]

SLOW = 5.0
"""Seconds that the slow service takes for a call."""
HEALTHY = "healthy"
CHECK_INTERVAL = 0.002
"""Seconds between two looks at whether all are asked."""


async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
    """As the loopback service, but for the time that a cancel takes."""
    if scope["type"] == "http" and not scope["path"].endswith("/token"):
        await asyncio.sleep(SLOW)
    await app(scope, receive, send)


def shares(effort: Scale) -> Iterator[Figure]:
    """Seconds until all of a healthy connection's cases are asked."""
    count = effort.pick(150, 1000)
    with ExitStack() as stack:
        urls = {
            HEALTHY: stack.enter_context(Loopback()).url,
            "slow": stack.enter_context(serve(slow_app)).url,
            "dead": f"http://127.0.0.1:{_unresponsive_port(stack)}",
        }
        alone, crowded = interleaved(
            effort.pick(1, 3, 5), [lambda: _seconds(urls, count, 0), lambda: _seconds(urls, count, count)]
        )
    name = f"{count:,} cases of a healthy connection, {count:,} due at a slow and at a dead one each"
    yield compare(name, "s", "alone", crowded, alone, goal=Goal(Bound.AT_MOST, 1.2))


def _unresponsive_port(stack: ExitStack) -> int:
    """The port of a host that takes connections and never says a word."""
    deaf = stack.enter_context(socket.socket())
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(128)
    port: int = deaf.getsockname()[1]
    return port


def _seconds(urls: dict[str, str], healthy: int, others: int) -> float:
    made = {
        name: {key: {"text": value} if key in SECRETS else value for key, value in simulator_settings(url).items()}
        for name, url in urls.items()
    }
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
        config = Config(
            Path(folder) / "bench.db",
            {name: ConnectionConfig(name, "amazon-mcf", settings, "bench") for name, settings in made.items()},
        )
        desk = Desk(config)
        try:
            for name in urls:  # The healthy ones are due last.
                if name != HEALTHY:
                    _due(desk, name, others)
            _due(desk, HEALTHY, healthy)
            return _until_sent(desk)
        finally:
            desk.close(wait=False)


def _due(desk: Desk, at: str, count: int) -> None:
    sample = read_order_text(SAMPLE_ORDERS, location="samples")[0]
    orders: list[Order] = [evolve(sample, id=f"{at}-{each}", number=f"{at[0].upper()}-{each}") for each in range(count)]
    desk.orders.import_orders(orders, by="bench")
    for order in orders:
        desk.order_store.add_remote_order(
            order.id, RemoteOrder(at, order.number, desk.clock.now(), ConnectionRole.FULFILLMENT), by="bench"
        )
        desk.cancel(order.id, by="bench", send_now=False)


def _until_sent(desk: Desk) -> float:
    stop = threading.Event()

    def work() -> None:
        with suppress(OrderDeskError), desk.ending_on(stop):  # It is broken off when the healthy ones are asked.
            while not stop.is_set():
                desk.run_due()

    began = time.perf_counter()
    threading.Thread(target=work, daemon=True).start()
    while desk.ledger.cases(CancelCase, connection=HEALTHY, states=(State.PENDING, State.SENDING), limit=1):
        time.sleep(CHECK_INTERVAL)
    took = time.perf_counter() - began
    stop.set()
    return took
