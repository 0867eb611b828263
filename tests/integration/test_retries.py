"""What is sent again is the request that was sent, never one that was computed anew; else a person decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Polling, Scope
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer, integer_at, json_object
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.http.limits import HttpLimits


@settings
class ShopSettings:
    url: str = url(help="the shop's API")


class Absolute:
    """A plugin that reads how many are left, and sets a smaller number; it calls that repeatable."""

    private = False
    begins_a_session = False

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="url",
            cancel=(Button(Polling(minutes(2), hours(4)), scope=Scope.QUANTITIES),),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        if self.begins_a_session:
            yield service.post("/session", redact_response=True, idempotent=True)
        there = yield service.get("/orders", request.remote_id, redact_response=self.private)
        left = integer_at(there, json_object(there), "left") - sum(request.lines.values())
        made = yield service.put("/orders", request.remote_id, idempotent=True, json={"left": left})
        return (
            answer.acknowledged(made)
            if made.is_success
            else auth_or_rate_limit_answer(made, access_hint="the key") or answer.unknown(made)
        )

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        if json_object(response).get("settled") is not True:
            return answer.pending(response)
        return answer.canceled(
            response, lines=[LineAnswer("MUG", 3, 3 - integer_at(response, json_object(response), "left"))]
        )


class Shop:
    """Three mugs. Its first response to a write is lost; `loses` how many. writes: the numbers that were set."""

    def __init__(self) -> None:
        self.left = 3
        self.writes: list[int] = []
        self.loses = 1
        self.settled = False
        self.turns_away = 0

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"PUT"):
            if self.writes and self.turns_away:
                self.turns_away -= 1
                return http_response(401)
            self.left = json.loads(body)["left"]
            self.writes.append(self.left)
            if self.loses:
                self.loses -= 1
                return b""
        return http_response(200, json.dumps({"number": "1042", "left": self.left, "settled": self.settled}).encode())


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def opened(shop: Shop, tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[Desk, Absolute]]:
    plugin = Absolute()
    registry = PluginRegistry(find=lambda group: [])
    registry.register(plugin, "shop")
    with ExitStack() as stack:
        url = stack.enter_context(RawServer(responding(shop))).url
        connection = ConnectionConfig("shop", "shop", {"url": url}, "[connections.shop]")
        config = Config(tmp_path / "desk.db", {"shop": connection})
        limits = HttpLimits(read_timeout=60, timeout=60)
        desk = stack.enter_context(Desk(config, clock=clock, registry=registry, limits=DeskLimits(limits)))
        desk.orders.import_orders([Order("id-1042", "1042", lines=(OrderLine(3, code="MUG", id="l1"),))], by="Ann")
        desk.orders.register("1042", connection="shop", by="Ann")
        yield desk, plugin


def follow(desk: Desk, clock: VirtualClock, case: CancelCase, rounds: int = 6) -> CancelCase:
    for _ in range(rounds):
        clock.advance(minutes(2))
        desk.run_due()
    return desk.ledger.case(case.id, CancelCase)


def test_the_request_that_was_lost_is_made_again_and_never_another(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    desk, _ = opened
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    assert case.state is State.UNKNOWN
    after = follow(desk, clock, case)
    assert shop.writes == [2, 2], "one mug was to be canceled"
    assert after.state is State.ACKNOWLEDGED
    shop.settled = True
    assert follow(desk, clock, case).state is State.CANCELED


def test_a_request_that_can_no_longer_be_made_is_a_persons_who_sees_both(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    """What was read the first time is private, and so was not kept; the second time it leads to another request."""
    desk, plugin = opened
    plugin.private = True
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    after = follow(desk, clock, case)
    assert (after.state, shop.writes) == (State.ACTION_REQUIRED, [2])
    assert "the flow would now make another request: PUT" in str(after.message)
    assert '{"left": 1}' in str(after.message).replace('":1', '": 1')
    assert '{"left": 2}' in str(after.message).replace('":2', '": 2')
    assert "cancel what is left" in str(after.hint)


def test_a_person_sends_the_same_request_again_too(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    desk, _ = opened
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    assert desk.cases.retry(case.id, by="Ben").state is State.ACKNOWLEDGED
    assert shop.writes == [2, 2]


def test_a_person_is_told_where_the_same_request_cannot_be_made_again(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    desk, plugin = opened
    plugin.private = True
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    after = desk.cases.retry(case.id, by="Ben")
    assert (after.state, shop.writes) == (State.ACTION_REQUIRED, [2])
    assert "the flow would now make another request" in str(after.message)


def test_a_third_send_is_still_the_first_request(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    desk, _ = opened
    shop.loses = 2
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    follow(desk, clock, case, rounds=12)
    assert shop.writes == [2, 2, 2]


def test_a_second_request_that_was_turned_away_does_not_make_the_first_one_undone(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock
) -> None:
    """Nobody knows of the first what it did, so what is asked for the third time is still the same."""
    desk, _ = opened
    (case,) = desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases
    shop.turns_away = 1
    after = follow(desk, clock, case, rounds=20)
    assert shop.writes == [2, 2], "one mug was to be canceled"
    assert after.state is State.ACKNOWLEDGED


@pytest.mark.parametrize(("lines", "state"), [({"MUG": 1}, State.ACTION_REQUIRED), (None, State.ACKNOWLEDGED)])
def test_behind_a_private_reply_only_a_whole_order_is_asked_for_anew(
    opened: tuple[Desk, Absolute], shop: Shop, clock: VirtualClock, lines: dict[str, int] | None, state: State
) -> None:
    """A private response is kept nowhere, so the flow cannot be driven up to the request that was lost."""
    desk, plugin = opened
    plugin.begins_a_session = True
    (case,) = desk.cancel("1042", by="Ann", lines=lines).cases
    after = follow(desk, clock, case)
    assert after.state is state, after.message
    assert len(shop.writes) == (1 if lines else 2)
