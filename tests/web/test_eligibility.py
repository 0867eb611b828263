"""A person or a program asks over the web what a service says of an order: read, recorded, shown, and not too often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.clock import hours
from orderdesk_sdk.web.references import order_ref
from orderdesk_sdk.web.server import serving
from tests.support.eligibility_toy import AsksFirst, Market
from tests.support.fake_services import FakeServices
from tests.web.conftest import WebShop
from tests.web.console.conftest import page_of, press

TESTED = PluginUnderTest(slug="toy", plugin=AsksFirst(), simulator=Market)
PAGE = f"/orders/{order_ref(TESTED.order.id)}"


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ConformanceHarness]:
    with TESTED.open_harness(tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(harness: ConformanceHarness, fake_services: FakeServices) -> Iterator[WebShop]:
    with serving(harness.desk, works=False) as server:
        yield WebShop(harness.desk, server.url, fake_services)


def asked(harness: ConformanceHarness) -> int:
    assert isinstance(harness.service, Market)
    return len(harness.service.asked)


def test_an_operator_asks_over_the_api_and_the_plan_has_it(shop: WebShop, harness: ConformanceHarness) -> None:
    harness.service.set_option("reasons", "no stock")
    with shop.api(Role.OPERATOR) as api:
        before = api.get("orders/1042/plan").json()["entries"][0]
        assert before["eligibility"] == {"reading": None, "stale_at": None, "is_stale": False}
        assert before["steps"][0]["needs"] == "reason; ask first"
        said = api.post("orders/1042/eligibility", json={})
        assert said.status_code == 200
        (result,) = said.json()["results"]
        assert [one["code"] for one in result["reading"]["reasons"]] == ["BUYER_ASKED", "OTHER_REASON"]
        assert result["reading"]["exchanges"][0]["status"] == 200
        planned = api.get("orders/1042/plan").json()["entries"][0]
    assert planned["eligibility"]["reading"]["is_eligible"] is True
    assert planned["eligibility"]["reading"]["read_by"].startswith("token operator-")
    assert [one["code"] for one in planned["steps"][0]["reasons"]] == ["BUYER_ASKED", "OTHER_REASON"]
    assert shop.desk.audit.list(1)[0].record.action is AuditAction.ELIGIBILITY_READ


def test_a_viewer_does_not_ask_and_nobody_asks_too_often(shop: WebShop, harness: ConformanceHarness) -> None:
    with shop.api(Role.VIEWER) as api:
        assert api.post("orders/1042/eligibility", json={}).status_code == 403
    with shop.api(Role.OPERATOR) as api:
        allowed = shop.desk.config.web.polls_per_minute
        codes = [api.post("orders/1042/eligibility", json={}).status_code for _ in range(allowed + 1)]
    assert codes == [200] * allowed + [429]
    assert asked(harness) == allowed


def test_a_token_asks_only_where_it_may(shop: WebShop, harness: ConformanceHarness) -> None:
    with shop.api(Role.OPERATOR, "elsewhere") as api:
        assert api.post("orders/1042/eligibility", json={}).status_code == 404
    with shop.api(Role.OPERATOR, "toy") as api:
        assert api.post("orders/1042/eligibility", json={"connection": "elsewhere"}).status_code == 422
    assert asked(harness) == 0


def test_the_order_page_asks_and_shows_what_the_service_says(shop: WebShop, harness: ConformanceHarness) -> None:
    with shop.signed_in(Role.OPERATOR, "Ann") as ann:
        page = page_of(ann, PAGE)
        assert "was not asked yet" in page.one(class_="eligibility").text
        pressed = press(ann, page, f"{PAGE}/eligibility")
        assert (pressed.status_code, pressed.headers["location"]) == (303, f"{PAGE}?notice=eligibility-read")
        page = page_of(ann, PAGE)
        assert "The service says: eligible. Read" in page.one(class_="eligibility").text
        assert "counts against the seller" in page.one("select", name="reason").text
    record = shop.desk.audit.list(2)[1].record
    assert (record.actor, record.action) == ("Ann", AuditAction.ELIGIBILITY_READ)
    assert record.subject == order_subject(TESTED.order.id)


def test_whoever_is_about_to_confirm_is_told_that_the_service_would_not(
    shop: WebShop, harness: ConformanceHarness
) -> None:
    harness.wait_for(harness.clock.now() + hours(2))
    harness.read_eligibility()
    with shop.signed_in(Role.OPERATOR, "Ann") as ann:
        shown = press(ann, page_of(ann, PAGE), f"{PAGE}/review", reason="BUYER_ASKED")
    assert shown.status_code == 200
    assert "not eligible (too late)" in shown.text
    assert "only its answer decides" in shown.text


def test_the_page_says_why_the_service_could_not_be_asked(shop: WebShop, harness: ConformanceHarness) -> None:
    assert isinstance(harness.service, Market)
    harness.service.is_down = True
    with shop.signed_in(Role.OPERATOR, "Ann") as ann:
        refused = press(ann, page_of(ann, PAGE), f"{PAGE}/eligibility")
    assert refused.status_code == 409
    assert "did not say whether it would cancel" in refused.text


def test_a_viewer_sees_what_was_read_and_why_they_cannot_ask(shop: WebShop, harness: ConformanceHarness) -> None:
    harness.read_eligibility()
    with shop.signed_in(Role.VIEWER, "Vera") as vera:
        part = page_of(vera, PAGE).one(class_="eligibility")
    assert "eligible" in part.text
    assert "your role is viewer" in part.text
    assert not part.all("form")
