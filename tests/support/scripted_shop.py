"""A shop whose every reply a test writes, for tests of what becomes of resubmissions and status changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orderdesk_devkit.simulators.profile import WireSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.request_recorder import SeenRequest, Tap
from orderdesk_sdk.cases.errand import Errand
from orderdesk_sdk.cli.worker import Worker
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Line, Order, Placement, Role
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.connection_settings import host, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import NotStated
from orderdesk_sdk.plugin.integration import Integration, NewNumber, Status
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.requests import ResubmitRequest, StatusRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.orders import LocalHost

__all__ = ["Replies", "ScriptedShop", "ShopSettings", "absent", "idle_errand", "only_errand", "sends", "shop_desk"]

Replies = Callable[[SeenRequest], tuple[int, str]]


@settings
class ShopSettings:
    url: str = host(help="the shop's API")


class ScriptedShop:
    """A shop whose flows look, then send; what does not say that it worked is unclear."""

    looks = True
    role = Role.CART

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="url",
            cancel=(),
            resubmit=NewNumber(),
            role=self.role,
            statuses=(Status("held", "On hold"),),
            identified_by={"*": NotStated("a test writes what it says")},
        )

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[ShopSettings]) -> Flow[Answer | Placement]:
        number = request.order.number
        if self.looks:
            there = yield service.get("/orders", number)
            if there.is_success:
                return service.placement(number)
            if there.status_code != 404:
                return answer.not_done(there)
        reply = yield service.post("/orders", number)
        if reply.is_success and "errors" not in reply.text:
            return service.placement(number)
        if reply.status_code == 401:
            return answer.not_done(reply, text="not let in")
        if reply.status_code == 409:
            return answer.refused(reply, Refusal.NOT_ALLOWED, text="that number is taken")
        return answer.unclear(reply)

    @hookimpl
    def orderdesk_change_status(self, request: StatusRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        if not self.looks:
            return answer.unclear(None, text="nobody can look")
        there = yield service.get("/orders", request.remote_id)
        if "held" in there.text:
            return answer.changed(there, status="held")
        reply = yield service.put("/orders", request.remote_id)
        return answer.changed(reply, status="held") if "held" in reply.text else answer.unclear(reply)


@contextmanager
def shop_desk(folder: Path, plugin: ScriptedShop, replies: Replies) -> Iterator[tuple[Desk, Tap]]:
    """A desk whose order 1042 was canceled at a shop that answers so."""
    folder.mkdir(exist_ok=True)
    clock = VirtualClock()
    tap = Tap(WireSimulator(clock).app)
    tap.instead = replies
    registry = Registry()
    registry.register(plugin, "shop")
    with serve(tap) as served:
        connection = ConnectionConfig("shop", "shop", {"url": served.url}, "[connections.shop]")
        with Desk(Config(folder / "desk.db", {"shop": connection}), clock=clock, registry=registry) as desk:
            assert isinstance(desk.host, LocalHost)
            orders = [Order(f"id-{number}", number, lines=(Line(1, code="MUG"),)) for number in ("1042", "2000")]
            desk.host.import_orders(orders, by="Ann")
            desk.place("1042", at="shop", by="Ann")
            (case,) = desk.cancel("1042", by="Ann").cases
            desk.confirm(case.id, by="Ann")
            yield desk, tap


def absent(post: tuple[int, str]) -> Replies:
    """A shop that never has the order, and answers a create so."""
    return lambda seen: (404, "{}") if seen.method == "GET" else post


def only_errand(desk: Desk) -> Errand:
    """The errand that there is."""
    (found,) = desk.errands()
    return found


def sends(tap: Tap) -> list[str]:
    """The methods of what was sent that may change something."""
    return [seen.method for seen in tap.requests if seen.method != "GET"]


def idle_errand(desk: Desk) -> Errand:
    """The errand once `work --until-idle` has returned."""
    Worker(desk).run(until_idle=True)
    return only_errand(desk)
