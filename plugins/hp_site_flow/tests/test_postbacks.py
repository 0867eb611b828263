"""Triggers of Site Flow: a hint where to look, by a shared token; never evidence."""

from __future__ import annotations

import json

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness, connection_config
from orderdesk_hp_site_flow import orderdesk_parse_webhook
from orderdesk_hp_site_flow.settings import SiteFlowSettings
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import ConfigurationError, SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.runtime.connection_config import make_settings

integration = "hp-site-flow"


def hints(simulator: SiteFlowSimulator, body: bytes, **changed: object) -> tuple[OrderNotification, ...]:
    """What the plugin reads in a message, under the settings that the simulator gives."""
    table: dict[str, object] = {**simulator.settings("https://site-flow.example"), **changed}
    connection = connection_config("hp-site-flow", table, PluginRegistry())
    settings = make_settings(SiteFlowSettings, connection)
    assert isinstance(settings, SiteFlowSettings)
    service = Service("print", settings, settings.base_url, simulator.clock.now(), "agent", ConnectionRole.FULFILLMENT)
    return orderdesk_parse_webhook(WebhookRequest({}, body), service)


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("Order Cancelled", "cancelled", NotificationKind.CANCELED),
        ("Order Cancelled", "printready", NotificationKind.CANCELED),
        ("Shipment Shipped", "complete", NotificationKind.SHIPPED),
        ("Order Print Ready", "printready", NotificationKind.CHANGED),
        ("Shipment Updated", "shipped", NotificationKind.SHIPPED),
        ("Component Printed", "printready", NotificationKind.CHANGED),
    ],
)
def test_a_trigger_hints_at_its_order_by_its_event_or_status(
    simulator: SiteFlowSimulator, event: str, status: str, kind: NotificationKind
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    assert hints(simulator, simulator.webhook(event, ORDER)) == (OrderNotification(ORDER, kind),)


def test_a_trigger_with_another_token_is_not_trusted(simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    document = json.loads(simulator.webhook("Order Cancelled", ORDER)) | {"token": "guessed"}
    with pytest.raises(SignatureVerificationError):
        hints(simulator, json.dumps(document).encode())


def test_without_a_profile_of_ours_no_trigger_is_read(simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    settings = make_settings(SiteFlowSettings, connection_config("hp-site-flow", minimum(simulator), PluginRegistry()))
    assert isinstance(settings, SiteFlowSettings)
    service = Service("print", settings, settings.base_url, simulator.clock.now(), "agent", ConnectionRole.FULFILLMENT)
    with pytest.raises(SignatureVerificationError, match="this connection expects no webhooks"):
        orderdesk_parse_webhook(WebhookRequest({}, simulator.webhook("Order Cancelled", ORDER)), service)


def minimum(simulator: SiteFlowSimulator) -> dict[str, object]:
    """Only the settings that are required."""
    given = simulator.settings("https://site-flow.example")
    return {name: given[name] for name in ("token", "api_secret", "source_account", "destination")}


def test_a_template_that_does_not_say_where_the_order_stands_is_told_at_the_start(simulator: SiteFlowSimulator) -> None:
    with pytest.raises(ConfigurationError, match=r"webhook\.order: is missing"):
        hints(simulator, b"", webhook={"event": "/event", "token_path": "/token"})


def test_a_cancel_by_the_print_company_is_read_back_and_not_echoed(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES, status="cancelled")
    (heard,) = harness.desk.notifications.handle_webhook(
        harness.connection, WebhookRequest({}, simulator.webhook("Order Cancelled", ORDER))
    )
    assert heard.order_number == ORDER
    assert heard.case is not None
    assert heard.case.state is State.CANCELED
    assert "nobody knows how far it was before" in str(heard.case.message)
    assert {seen.method for seen in harness.recorder.requests} == {"GET"}


def test_a_trigger_that_is_not_true_cancels_nothing(harness: SimulatedHarness, simulator: SiteFlowSimulator) -> None:
    """It may be ahead of what can be read, so the order is looked at for a while; then a person has it."""
    simulator.add_order(ORDER, lines=LINES)
    harness.desk.notifications.handle_webhook(
        harness.connection, WebhookRequest({}, simulator.webhook("Order Cancelled", ORDER))
    )
    assert harness.case.state is State.REPORTED
    assert {seen.method for seen in harness.recorder.requests} == {"GET"}
    assert simulator.actual_status(ORDER) == "dataready"


def test_a_trigger_settles_a_cancel_before_its_time_to_be_read_back(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel()
    (heard,) = harness.desk.notifications.handle_webhook(
        harness.connection, WebhookRequest({}, simulator.webhook("Order Cancelled", ORDER))
    )
    assert heard.case is not None
    assert (heard.case.state, heard.case.message) == (State.CANCELED, None)
