"""A resubmit flow is told whether an earlier try may have made the order; one that cannot know is not asked in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.profile import ApiProfileSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore


@settings
class ShopSettings:
    url: str = url(help="the shop's API")


class BlindShop:
    """A shop that cannot be read: it is sent to once."""

    def __init__(self) -> None:
        self.unsure: list[bool] = []

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="url",
            cancel=(),
            resubmission=NewNumber(),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[ShopSettings]
    ) -> Flow[Answer | RemoteOrder]:
        self.unsure.append(request.may_exist)
        if request.may_exist:
            return answer.unknown(None, message="nobody can look")
        response = yield service.post("/orders")
        return (
            service.remote_order("1042-1")
            if response.is_success
            else auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)
        )


@contextmanager
def opened(folder: Path, plugin: BlindShop, responses: list[int]) -> Iterator[Desk]:
    """A desk whose order 1042 was canceled at a shop that gives these responses."""
    clock = VirtualClock()
    tap = RequestRecorder(ApiProfileSimulator(clock).app)
    tap.override = lambda seen: (responses.pop(0), "{}")
    registry = PluginRegistry()
    registry.register(plugin, "shop")
    with serve(tap) as served:
        connection = ConnectionConfig("shop", "shop", {"url": served.url}, "[connections.shop]")
        with Desk(Config(folder / "desk.db", {"shop": connection}), clock=clock, registry=registry) as desk:
            assert isinstance(desk.order_store, SqliteOrderStore)
            desk.order_store.import_orders([Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))], by="Ann")
            desk.orders.register("1042", connection="shop", by="Ann")
            (case,) = desk.cancel("1042", by="Ann").cases
            desk.cases.confirm(case.id, by="Ann")
            yield desk


def after_waiting(desk: Desk, work: ResubmitCase) -> ResubmitCase:
    assert work.due_at is not None
    desk.clock.sleep_until(desk.clock.monotonic() + (work.due_at - desk.clock.now()).total_seconds())
    assert desk.run_due().problems == ()
    return desk.ledger.case(work.id, ResubmitCase)


def test_what_a_service_provably_did_not_do_is_not_held_against_the_next_try(tmp_path: Path) -> None:
    plugin = BlindShop()
    with opened(tmp_path, plugin, [401, 401, 201]) as desk:
        work = after_waiting(desk, after_waiting(desk, desk.resubmissions.create("1042", by="Ann", number="1042-1")))
    assert (work.state, plugin.unsure) == (State.DONE, [False, False, False])


@pytest.mark.parametrize("status", [302, 408, 500])
def test_a_try_of_unknown_fate_is_told_to_the_next_ones(tmp_path: Path, status: int) -> None:
    plugin = BlindShop()
    with opened(tmp_path, plugin, [401, status]) as desk:
        work = after_waiting(desk, desk.resubmissions.create("1042", by="Ann", number="1042-1"))
        assert work.state is State.UNKNOWN
        work = after_waiting(desk, work)
        assert plugin.unsure == [False, False, True]
        assert (work.state, work.message) == (State.ACTION_REQUIRED, "nobody can look")
        assert "find out at the service" in str(work.hint)
        assert work.due_at is not None
        assert work.due_at - desk.clock.now() == hours(4)


class ForgetfulShop(BlindShop):
    """A shop whose read is shared with whoever read the same an hour ago."""

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[ShopSettings]
    ) -> Flow[Answer | RemoteOrder]:
        there = yield service.get("/orders", request.order.number, cache_for=hours(1))
        if there.status_code == 404:
            there = yield service.post("/orders")
        return service.remote_order(request.order.number) if there.is_success else answer.unknown(there)


def test_what_was_read_before_a_request_left_does_not_tell_that_it_did_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, ForgetfulShop(), [404, 500, 200]) as desk:
        work = desk.resubmissions.create("1042", by="Ann", number="1042-1")
        assert work.state is State.UNKNOWN
        assert after_waiting(desk, work).state is State.DONE, "it was found, and not made twice"
