"""Somebody else's request to cancel in the console: accepted or rejected by a supervisor, with its deadline shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer
from orderdesk_sdk.web.server import serving
from tests.support.fake_market import FakeMarketplace, FakeMarketServices, market_webhook
from tests.support.fake_services import FakeManualService, open_fake_desk
from tests.web.conftest import ORDER, WebShop
from tests.web.console.conftest import page_of, press


@pytest.fixture
def shop(tmp_path: Path, clock: VirtualClock) -> Iterator[WebShop]:
    """A shop whose marketplace asks for the cancellation of order 1042, which a person ships by phone."""
    services = FakeMarketServices()
    with (
        RawServer(responding(services)) as service,
        open_fake_desk(
            tmp_path / "desk.db",
            clock,
            service.url,
            (FakeMarketplace(), FakeManualService()),
            orders=(ORDER,),
            web=WebConfig(),
        ) as desk,
        serving(desk, works=False) as server,
    ):
        for connection in ("market", "phone"):
            desk.orders.register("1042", connection=connection, by="a test")
        services.ask()
        desk.notifications.handle_webhook("market", market_webhook())
        yield WebShop(desk, server.url, services)


@pytest.fixture
def ann(shop: WebShop) -> Iterator[httpx.Client]:
    with shop.signed_in(Role.SUPERVISOR, "Ann") as client:
        yield client


def request_of(shop: WebShop) -> ResponseCase:
    (found,) = shop.desk.responses.list()
    return found


def test_the_inbox_leads_to_the_request_with_its_deadline_and_what_silence_means(
    shop: WebShop, ann: httpx.Client
) -> None:
    inbox = page_of(ann, "/inbox")
    assert "Request to us" in inbox.one("ol", class_="work-list").text
    page = page_of(ann, f"/cases/{request_of(shop).id}")
    told = page.one("section", id="accept").text
    assert "to be answered by" in told
    assert "Without an answer: it counts as" in told
    assert "told as" in page.one("select", id="f-refusal_reason").text, "in the asker's own codes"


def test_a_request_is_accepted_in_the_name_of_the_session(shop: WebShop, ann: httpx.Client) -> None:
    path = f"/cases/{request_of(shop).id}"
    done = press(ann, page_of(ann, path), f"{path}/accept", acceptance="as you like", by="Eve")
    assert done.headers["location"] == f"{path}?notice=accepted"
    decision = request_of(shop).decision
    assert decision is not None
    assert (decision.by, decision.text, decision.answer) == ("Ann", "as you like", None)
    assert {case.connection for case in shop.desk.cases.list()} == {"phone"}, "the place behind it is asked"


def test_a_request_is_rejected_with_a_reason_of_the_list(shop: WebShop, ann: httpx.Client) -> None:
    path = f"/cases/{request_of(shop).id}"
    page = page_of(ann, path)
    assert press(ann, page, f"{path}/refuse", refusal_reason="because").status_code == 422
    assert press(ann, page, f"{path}/refuse", refusal_reason="shipped", refusal="on its way").status_code == 303
    decision = request_of(shop).decision
    assert decision is not None
    assert (decision.answer, decision.rejection, decision.by) == (ResponseAnswer.REJECT, Rejection.SHIPPED, "Ann")


def test_an_operator_sees_the_request_and_may_not_answer_it(shop: WebShop) -> None:
    with shop.signed_in(Role.OPERATOR, "Olga") as olga:
        page = page_of(olga, f"/cases/{request_of(shop).id}")
    assert "a supervisor may do this" in page.one("section", id="accept").text
    assert not [one for one in page.all("form") if one.attributes["action"].endswith(("/accept", "/refuse"))]
