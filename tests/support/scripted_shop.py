"""A shop whose every response a test writes, for tests of what becomes of resubmissions and status changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orderdesk_devkit.simulators.profile import ApiProfileSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.request_recorder import RecordedRequest, RequestRecorder
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cli.worker import Worker
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber, SettableStatus
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

__all__ = ["Responses", "ScriptedShop", "ShopSettings", "absent", "idle_case", "only_case", "sends", "shop_desk"]

Responses = Callable[[RecordedRequest], tuple[int, str]]


@settings
class ShopSettings:
    url: str = url(help="the shop's API")


class ScriptedShop:
    """A shop whose flows look, then send; what does not say that it worked is unclear."""

    reads_first = True
    role = ConnectionRole.CART

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="url",
            cancel=(),
            resubmission=NewNumber(),
            role=self.role,
            statuses=(SettableStatus("held", "On hold"),),
            identified_by={"*": NotStated("a test writes what it says")},
        )

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[ShopSettings]
    ) -> Flow[Answer | RemoteOrder]:
        number = request.order.number
        if self.reads_first:
            there = yield service.get("/orders", number)
            if there.is_success:
                return service.remote_order(number)
            if there.status_code != 404:
                return answer.not_processed(there)
        response = yield service.post("/orders", number)
        if response.is_success and "errors" not in response.text:
            return service.remote_order(number)
        if response.status_code == 401:
            return answer.not_processed(response, message="not let in")
        if response.status_code == 409:
            return answer.rejected(response, Rejection.NOT_ALLOWED, message="that number is taken")
        return answer.unknown(response)

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        if not self.reads_first:
            return answer.unknown(None, message="nobody can look")
        there = yield service.get("/orders", request.remote_id)
        if "held" in there.text:
            return answer.changed(there, status="held")
        response = yield service.put("/orders", request.remote_id)
        return answer.changed(response, status="held") if "held" in response.text else answer.unknown(response)


@contextmanager
def shop_desk(folder: Path, plugin: ScriptedShop, responses: Responses) -> Iterator[tuple[Desk, RequestRecorder]]:
    """A desk whose order 1042 was canceled at a shop that answers so."""
    folder.mkdir(exist_ok=True)
    clock = VirtualClock()
    tap = RequestRecorder(ApiProfileSimulator(clock).app)
    tap.override = responses
    registry = PluginRegistry()
    registry.register(plugin, "shop")
    with serve(tap) as served:
        connection = ConnectionConfig("shop", "shop", {"url": served.url}, "[connections.shop]")
        with Desk(Config(folder / "desk.db", {"shop": connection}), clock=clock, registry=registry) as desk:
            assert isinstance(desk.order_store, SqliteOrderStore)
            orders = [Order(f"id-{number}", number, lines=(OrderLine(1, code="MUG"),)) for number in ("1042", "2000")]
            desk.order_store.import_orders(orders, by="Ann")
            desk.orders.register("1042", connection="shop", by="Ann")
            (case,) = desk.cancel("1042", by="Ann").cases
            desk.cases.confirm(case.id, by="Ann")
            yield desk, tap


def absent(post: tuple[int, str]) -> Responses:
    """A shop that never has the order, and answers a create so."""
    return lambda seen: (404, "{}") if seen.method == "GET" else post


def only_case(desk: Desk) -> Case:
    """The case that there is."""
    (found,) = desk.cases.list_others()
    return found


def sends(recorder: RequestRecorder) -> list[str]:
    """The methods of what was sent that may change something."""
    return [seen.method for seen in recorder.requests if seen.method != "GET"]


def idle_case(desk: Desk) -> Case:
    """The case once `work --until-idle` has returned."""
    Worker(desk).run(until_idle=True)
    return only_case(desk)
