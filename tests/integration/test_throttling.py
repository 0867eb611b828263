"""A service that wants to be left alone: no flow sees its response, and the case is due when the service wants it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SettableStatus
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import Button, Polling, WithinTime
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

CHECKED = Polling(every=minutes(2), give_up=hours(24))


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")


def throttled(response: httpx.Response) -> timedelta | None:
    told = response.json().get("wait")
    return None if told is None else seconds(told)


class Shop:
    """Two writes and a read; every response that it gets to see is taken for success, as a careless plugin does it."""

    def __init__(self, button: Button) -> None:
        self._button = button

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(self._button,),
            retry_after=throttled,
            statuses=(SettableStatus("held", "Held"),),
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        yield service.put("/hold", request.remote_id, operation="hold")
        response = yield service.put("/cancel", request.remote_id, operation="cancel")
        return answer.acknowledged(response)

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.put("/status", request.remote_order.remote_id, operation="status")
        return answer.changed(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id, operation="read")
        return answer.canceled(response)


class RecordedCalls:
    """A service that wants to be left alone at these paths, for so many seconds."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.calls: list[str] = []

    def __call__(self, request: bytes) -> bytes:
        method, path, _ = request.decode("latin-1").split(" ", 2)
        self.calls.append(f"{method} {path}")
        wait = self.at.get(path)
        return http_response(200, json.dumps({} if wait is None else {"wait": wait}).encode())


@pytest.fixture
def wants() -> RecordedCalls:
    return RecordedCalls()


@pytest.fixture
def service_url(wants: RecordedCalls) -> Iterator[str]:
    with RawServer(responding(wants)) as server:
        yield server.url


def a_desk(folder: Path, url: str, button: Button) -> Desk:
    config = Config(folder / "desk.db", {"shop": ConnectionConfig("shop", "shop", {"endpoint": url}, "shop")})
    registry = PluginRegistry(find=lambda group: [])
    registry.register(Shop(button), "shop")
    desk = Desk(config, clock=VirtualClock(), registry=registry, limits=DeskLimits(plugin_timeout=5))
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
    desk.orders.register("1042", connection="shop", by="Ann")
    return desk


def test_a_cancel_that_is_throttled_with_200_is_no_answer_and_is_asked_again_in_time(
    wants: RecordedCalls, service_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path, service_url, Button(CHECKED)) as desk:
        wants.at["/hold/1042"] = 35
        (case,) = desk.cancel("1042", by="Ann").cases
        assert (case.state, case.due_at) == (State.PENDING, desk.clock.now() + seconds(35))
        (exchange,) = (entry.content for entry in desk.ledger.history(case.id) if isinstance(entry.content, Exchange))
        assert exchange.failure is not None
        assert (exchange.status, exchange.failure.retry_after) == (200, seconds(35)), "as the ledger has it"
        wants.at.clear()
        assert isinstance(desk.clock, VirtualClock)
        desk.clock.advance(seconds(36))
        desk.run_due()
        assert desk.cancellations.get_case(case.id).state is State.ACKNOWLEDGED
        assert wants.calls == ["PUT /hold/1042", "PUT /hold/1042", "PUT /cancel/1042"]


def test_what_is_throttled_after_a_write_stays_unclear_and_is_read_back_no_sooner_than_the_service_wants(
    wants: RecordedCalls, service_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path, service_url, Button(CHECKED)) as desk:
        wants.at["/cancel/1042"] = 90
        (case,) = desk.cancel("1042", by="Ann").cases
        assert (case.state, case.due_at) == (State.UNKNOWN, desk.clock.now() + seconds(90))


def test_a_read_back_that_is_throttled_is_made_again_when_the_service_wants_it(
    wants: RecordedCalls, service_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path, service_url, Button(CHECKED)) as desk:
        (case,) = desk.cancel("1042", by="Ann").cases
        wants.at["/orders/1042"] = 3600
        assert isinstance(desk.clock, VirtualClock)
        desk.clock.advance(minutes(3))
        desk.run_due()
        found = desk.cancellations.get_case(case.id)
        assert (found.state, found.due_at) == (State.ACKNOWLEDGED, desk.clock.now() + hours(1))
        asked = len(wants.calls)
        desk.cases.poll(case.id)
        assert len(wants.calls) == asked, "a person who looks does not break the service's word either"


def test_a_status_change_that_is_throttled_is_made_again_when_the_service_wants_it(
    wants: RecordedCalls, service_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path, service_url, Button(CHECKED)) as desk:
        wants.at["/status/1042"] = 3600
        (change,) = desk.status_changes.create("1042", "held", by="Ann", connections=["shop"]).changes
        assert (change.state, change.due_at) == (State.PENDING, desk.clock.now() + hours(1))
        wants.at.clear()
        assert isinstance(desk.clock, VirtualClock)
        desk.clock.advance(hours(1) + seconds(1))
        desk.run_due()
        assert wants.calls == ["PUT /status/1042", "PUT /status/1042"]


def test_a_wait_does_not_outlast_the_window_of_the_route(
    wants: RecordedCalls, service_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path, service_url, Button(CHECKED, window=WithinTime(minutes(2)))) as desk:
        wants.at["/hold/1042"] = 3600
        (case,) = desk.cancel("1042", by="Ann").cases
        assert (case.state, case.due_at) == (State.PENDING, desk.clock.now() + minutes(2))
