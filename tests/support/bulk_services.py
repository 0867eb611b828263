"""Ten made-up services for bulks, each with its own rate: eight that are well, a slow one and one that says nothing.

Simulated in this process; their log says what each was asked and when, by the clock of the test.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import IdentifierFormat, Integration, Limit
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.fake_services import FakeServiceSettings

__all__ = ["NAMES", "BulkPlugin", "BulkServices", "import_bulk_orders", "open_bulk_desk"]

HEALTHY = tuple(f"well{number}" for number in range(8))
NAMES = (*HEALTHY, "slow", "dead")
SLOW_SECONDS = 5.0
DEAD_SECONDS = 10.0


class BulkPlugin:
    """A service that acknowledges at once, at a rate."""

    def __init__(self, slug: str, limit: Limit) -> None:
        self._slug = slug
        self._declared = Integration(
            slug=slug,
            title=slug.title(),
            settings=FakeServiceSettings,
            base_url="endpoint",
            cancel=(Button(Polling(minutes(2), hours(1))),),
            limits={"*": limit},
            remote_id_format=IdentifierFormat("[0-9a-z-]+", 20, "they know few signs"),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return self._declared

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        response = yield service.post(f"/{self._slug}", request.remote_id, json={"do": "cancel"})
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        return answer.acknowledged(response) if response.is_success else answer.not_processed(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        response = yield service.get(f"/{self._slug}", request.remote_id)
        if not response.is_success:
            return answer.unknown(response)
        word = text_at(response, "status")
        return answer.canceled(response, status=word) if word == "canceled" else answer.pending(response, status=word)


class BulkServices:
    """All services behind one URL: `/SERVICE/NUMBER`. `asked` is the log: service, number, seconds by the clock."""

    def __init__(self, clock: Clock, *, too_late: Sequence[str] = ()) -> None:
        self._clock = clock
        self._too_late = frozenset(too_late)
        self._lock = threading.Lock()
        self.asked: list[tuple[str, str, float]] = []

    def __call__(self, request: bytes) -> bytes:
        """The response to a request; none at all from the dead one."""
        method, path, *_ = request.split(b"\r\n", 1)[0].decode().split()
        _, service, number = path.split("/")
        at = self._clock.monotonic()
        if method != "GET":
            with self._lock:
                self.asked.append((service, number, at))
        if service == "slow":
            self._clock.sleep_until(at + SLOW_SECONDS)
        if service == "dead":
            self._clock.sleep_until(at + DEAD_SECONDS)
            return b""
        if number in self._too_late:
            return http_response(409, b"{}")
        with self._lock:
            was_asked = any(entry[:2] == (service, number) for entry in self.asked)
        body = {"number": number, "status": "canceled" if was_asked else "open"}
        return http_response(200, json.dumps(body).encode())

    def requests_to(self, service: str) -> list[str]:
        """The orders that a service was asked to cancel, in turn."""
        return [number for name, number, _ in self.asked if name == service]


@contextmanager
def open_bulk_desk(
    folder: Path, clock: Clock, services: BulkServices, *, limit: Limit, names: Sequence[str] = NAMES
) -> Iterator[Desk]:
    """A desk in this process before the services."""
    registry = PluginRegistry(find=lambda **_: ())
    with ExitStack() as stack:
        server = stack.enter_context(RawServer(responding(services)))
        connections = {}
        for name in names:
            registry.register(BulkPlugin(name, limit), name)
            connections[name] = ConnectionConfig(name, name, {"endpoint": server.url}, f"[connections.{name}]")
        limits = DeskLimits(HttpLimits(read_timeout=60, timeout=60), plugin_timeout=120)
        config = Config(folder / "orderdesk.db", connections)
        yield stack.enter_context(Desk(config, clock=clock, registry=registry, limits=limits))


def import_bulk_orders(desk: Desk, per_service: int, names: Sequence[str] = NAMES) -> list[str]:
    """Orders that were submitted to one service each; their numbers, one of each service after the other."""
    numbers = [(name, f"{name}-{number}") for number in range(per_service) for name in names]
    desk.orders.import_orders([Order(f"id-{n}", n, lines=(OrderLine(1, code="MUG"),)) for _, n in numbers], by="Ann")
    for name, number in numbers:
        role = desk.connections.get(name).integration.role
        placed = RemoteOrder(name, number, desk.clock.now(), role)
        desk.order_store.add_remote_order(f"id-{number}", placed, by="Ann")
    return [number for _, number in numbers]
