"""Triggers of Site Flow: a hint where to look, by a shared token; never evidence."""

from __future__ import annotations

import json

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage, configured
from orderdesk_hp_site_flow import orderdesk_receive
from orderdesk_hp_site_flow.settings import SiteFlowSettings
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import ConfigurationError, UntrustedMessage
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message
from orderdesk_sdk.runtime.connection_config import make_settings

integration = "hp-site-flow"


def hints(simulator: SiteFlowSimulator, body: bytes, **changed: object) -> tuple[Hint, ...]:
    """What the plugin reads in a message, under the settings that the simulator gives."""
    table: dict[str, object] = {**simulator.settings("https://site-flow.example"), **changed}
    connection = configured("hp-site-flow", table, Registry())
    settings = make_settings(SiteFlowSettings, connection)
    assert isinstance(settings, SiteFlowSettings)
    service = Service("print", settings, settings.base_url, simulator.clock.now(), "agent", Role.FULFILLMENT)
    return orderdesk_receive(Message({}, body), service)


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("Order Cancelled", "cancelled", HintKind.CANCELED),
        ("Order Cancelled", "printready", HintKind.CANCELED),
        ("Shipment Shipped", "complete", HintKind.SHIPPED),
        ("Order Print Ready", "printready", HintKind.CHANGED),
        ("Shipment Updated", "shipped", HintKind.SHIPPED),
        ("Component Printed", "printready", HintKind.CHANGED),
    ],
)
def test_a_trigger_hints_at_its_order_by_its_event_or_status(
    simulator: SiteFlowSimulator, event: str, status: str, kind: HintKind
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    assert hints(simulator, simulator.postback(event, ORDER)) == (Hint(ORDER, kind),)


def test_a_trigger_with_another_token_is_not_trusted(simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    document = json.loads(simulator.postback("Order Cancelled", ORDER)) | {"token": "guessed"}
    with pytest.raises(UntrustedMessage):
        hints(simulator, json.dumps(document).encode())


def test_without_a_profile_of_ours_no_trigger_is_read(simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    settings = make_settings(SiteFlowSettings, configured("hp-site-flow", minimum(simulator), Registry()))
    assert isinstance(settings, SiteFlowSettings)
    service = Service("print", settings, settings.base_url, simulator.clock.now(), "agent", Role.FULFILLMENT)
    with pytest.raises(UntrustedMessage, match="no messages are expected"):
        orderdesk_receive(Message({}, simulator.postback("Order Cancelled", ORDER)), service)


def minimum(simulator: SiteFlowSimulator) -> dict[str, object]:
    """Only the settings that are required."""
    given = simulator.settings("https://site-flow.example")
    return {name: given[name] for name in ("token", "api_secret", "source_account", "destination")}


def test_a_template_that_does_not_say_where_the_order_stands_is_told_at_the_start(simulator: SiteFlowSimulator) -> None:
    with pytest.raises(ConfigurationError, match=r"postback\.order: is missing"):
        hints(simulator, b"", postback={"event": "/event", "token_at": "/token"})


def test_a_cancel_by_the_print_company_is_read_back_and_not_echoed(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES, status="cancelled")
    (heard,) = stage.desk.receive(stage.connection, Message({}, simulator.postback("Order Cancelled", ORDER)))
    assert heard.order_number == ORDER
    assert heard.case is not None
    assert heard.case.state is State.CANCELED
    assert "nobody knows how far it was before" in str(heard.case.text)
    assert {seen.method for seen in stage.tap.requests} == {"GET"}


def test_a_trigger_that_is_not_true_cancels_nothing(stage: SimulatedStage, simulator: SiteFlowSimulator) -> None:
    """It may be ahead of what can be read, so the order is looked at for a while; then a person has it."""
    simulator.add_order(ORDER, lines=LINES)
    stage.desk.receive(stage.connection, Message({}, simulator.postback("Order Cancelled", ORDER)))
    assert stage.case.state is State.HEARD
    assert {seen.method for seen in stage.tap.requests} == {"GET"}
    assert simulator.truth(ORDER) == "dataready"


def test_a_trigger_settles_a_cancel_before_its_time_to_be_read_back(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    (heard,) = stage.desk.receive(stage.connection, Message({}, simulator.postback("Order Cancelled", ORDER)))
    assert heard.case is not None
    assert (heard.case.state, heard.case.text) == (State.CANCELED, None)
