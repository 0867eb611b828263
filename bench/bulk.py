"""10,000 orders in one bulk over ten connections, one dead, one slow: how long the others take over their optimum."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from attrs import evolve
from starlette.types import Receive, Scope, Send

from bench.figure import Bound, Figure, Goal, Scale, Spread, compare
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, Limit
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = ["bulk"]

LIMIT = Limit(10, 30)
SLOW_SECONDS = 5.0
HEALTHY = tuple(f"well{number}" for number in range(8))


@settings
class BenchSettings:
    """Where the service is."""

    endpoint: str = url(help="the service")


class BenchPlugin:
    """A service that cancels at once, ten times a second."""

    def __init__(self, slug: str) -> None:
        self._integration = Integration(
            slug=slug,
            title=slug.title(),
            settings=BenchSettings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            limits={"*": LIMIT},
            identified_by={"*": NotStated("its response is empty")},
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return self._integration

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[BenchSettings]) -> Flow[Answer]:
        """Ask."""
        response = yield service.post("/cancel", request.remote_id)
        return answer.canceled(response) if response.is_success else answer.not_processed(response)


class BenchServices:
    """All services in one process: `/NAME/cancel/ORDER`. Knows when each was asked last, and how often."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.last: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the shape of an ASGI app
        """Answer at once, after seconds, or not within the time that anybody waits."""
        if scope["type"] != "http":
            return
        name = scope["path"].split("/")[1]
        self.asked[name] += 1
        self.last[name] = time.monotonic()
        if name not in HEALTHY:
            await asyncio.sleep(SLOW_SECONDS if name == "slow" else 3600)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})


def bulk(effort: Scale) -> Iterator[Figure]:
    """Seconds from the start of a bulk to a healthy service's last request, the slowest of eight."""
    per_service = effort.pick(100, 1000)
    services = BenchServices()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orderdesk-bench-")))
        base = stack.enter_context(serve(services)).url
        desk = _desk(folder, base)
        stack.callback(desk.close, wait=False)
        numbers = _import(desk, per_service)
        began, left, recorded_after = time.monotonic(), per_service * len(HEALTHY), 0.0
        run = desk.cancel_many(map(BulkRequest, numbers), by="bench", idempotency_key="bench")
        for result in run:
            if not recorded_after and run.recorded == len(numbers):
                recorded_after = time.monotonic() - began
            left -= result.order.startswith("well")
            if not left:
                break
        took = max(services.last[name] for name in HEALTHY) - began
        cases = len(desk.ledger.cases(CancelCase, limit=2 * len(numbers)))
    if cases != len(numbers) or any(services.asked[name] != per_service for name in HEALTHY):
        raise RuntimeError(f"{cases} cases of {len(numbers)}, and the services were asked {dict(services.asked)}")
    optimum = (per_service - LIMIT.burst) / LIMIT.per_second
    name = f"{len(numbers):,} orders in bulk, ten connections, one dead, one slow: the others"
    yield compare(name, "s", "their buckets' optimum", [took], [optimum], goal=Goal(Bound.AT_MOST, 1.05))
    yield Figure(f"{name}: all recorded after", "s", Spread.of([recorded_after]))


def _desk(folder: Path, base: str) -> Desk:
    registry = PluginRegistry(find=lambda **_: ())
    names = (*HEALTHY, "slow", "dead")
    for name in names:
        registry.register(BenchPlugin(name), name)
    connections = {name: ConnectionConfig(name, name, {"endpoint": f"{base}/{name}"}, "bench") for name in names}
    return Desk(Config(folder / "bench.db", connections), registry=registry, limits=DeskLimits())


def _import(desk: Desk, per_service: int) -> list[str]:
    """Orders of all services in turn, each submitted to one."""
    sample = read_order_text(SAMPLE_ORDERS, location="samples")[0]
    names = tuple(desk.connections.names())
    numbers = [f"{name}-{number}" for number in range(per_service) for name in names]
    desk.orders.import_orders([evolve(sample, id=f"id-{number}", number=number) for number in numbers], by="bench")
    for number in numbers:
        name = number.split("-")[0]
        placed = RemoteOrder(name, number, desk.clock.now(), desk.connections.get(name).integration.role)
        desk.order_store.add_remote_order(f"id-{number}", placed, by="bench")
    return numbers
