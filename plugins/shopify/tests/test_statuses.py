"""Statuses that can be set at Shopify: looked at first, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime

import orderdesk_shopify
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.fake_client import FakeJournal
from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.order_numbers import validated_identities
from orderdesk_sdk.plugin.requests import StatusChangeRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.runtime.flow_runner import run_flow
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.redaction import Redactor
from orderdesk_shopify.settings import CartSettings
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def set_status(simulator: ShopifySimulator, status: str, remote_id: str = "1042") -> tuple[Answer, list[str]]:
    """What a flow that sets a status ends with at a served shop, and the operations that it took there."""
    before = len(simulator.log)
    request = StatusChangeRequest(Order("1", "1042"), RemoteOrder("shop", remote_id, NOW, ConnectionRole.CART), status)
    with serve(simulator.app) as served:
        settings = CartSettings(shop_url=served.url, access_token=Secret("simulated-access-token"))
        its = Service("shop", settings, served.url, NOW, "agent", ConnectionRole.CART)
        declared = orderdesk_shopify.orderdesk_integration()
        client = HttpClient(declared, settings, Redactor.of_settings((), settings), simulator.clock)
        grounds = AnswerVerifier(
            validated_identities(declared.identified_by),
            (ExpectedOrder.from_request(request),),
        )
        driven = run_flow(
            lambda: orderdesk_shopify.orderdesk_change_status(request, its), Answer, client, FakeJournal(), grounds
        )
        client.close()
    assert isinstance(driven.outcome, Answer)
    return driven.outcome, [record.operation for record in simulator.log[before:]]


def test_an_order_is_archived_and_opened_again(simulator: ShopifySimulator) -> None:
    archived, calls = set_status(simulator, "archived")
    assert (archived.outcome, archived.status, simulator.actual_status("1042")) == (
        Outcome.CHANGED,
        "archived",
        "archived",
    )
    assert calls == ["Order", "Archive"]
    opened, _ = set_status(simulator, "open")
    assert (opened.outcome, opened.status, simulator.actual_status("1042")) == (Outcome.CHANGED, "open", "open")


def test_a_status_that_is_set_already_is_not_set_again(simulator: ShopifySimulator) -> None:
    answer, calls = set_status(simulator, "open")
    assert (answer.outcome, calls) == (Outcome.CHANGED, ["Order"])


def test_a_canceled_order_can_be_archived(simulator: ShopifySimulator) -> None:
    simulator.cancel_in_admin("1042")
    assert set_status(simulator, "archived")[0].outcome is Outcome.CHANGED


def test_a_status_of_an_unknown_order_is_refused(simulator: ShopifySimulator) -> None:
    assert set_status(simulator, "archived", "7")[0].rejection is Rejection.NOT_ALLOWED


def test_a_status_whose_reply_is_hidden_is_unclear_and_then_found_set(simulator: ShopifySimulator) -> None:
    simulator.set_option("mutation_reply", "lost")
    assert set_status(simulator, "archived")[0].outcome is Outcome.UNKNOWN
    assert set_status(simulator, "archived")[0].outcome is Outcome.CHANGED


def test_a_status_without_the_scope_is_not_set(simulator: ShopifySimulator) -> None:
    simulator.set_option("scopes", "missing")
    assert (set_status(simulator, "archived")[0].outcome, simulator.actual_status("1042")) == (
        Outcome.NOT_PROCESSED,
        "open",
    )
