"""What is said between us and Site Flow, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from attrs import evolve

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_devkit.testing.scenarios import (
    Scenario,
    Scenarios,
    cancel_and_follow,
    cancel_and_resubmit,
    with_fault,
    with_order,
)
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore


def resubmit_with_artwork(harness: PluginHarness) -> None:
    order, host = harness.desk.order_store.get_order(harness.order), harness.desk.order_store
    assert isinstance(host, SqliteOrderStore)
    artwork = {"print_url": "https://files.example.com/artwork.pdf"}
    lines = tuple(evolve(line, metadata=artwork) for line in order.lines)
    host.import_orders([evolve(order, lines=lines)], by="a test")
    cancel_and_resubmit(harness)


SCENARIOS = Scenarios(
    "hp-site-flow",
    service_version="order API, as oneflow-sdk-js 2.2.0 calls it",
    table=(
        Scenario(
            "cancel-before-production",
            description="a cancel while files are fetched, polled as cancelled, without a warning",
            play=cancel_and_follow,
            simulator=with_order(SiteFlowSimulator),
            live="cancels the order at Site Flow; take one in Pending or Dataready",
        ),
        Scenario(
            "cancel-in-production",
            description="a cancel after the order was released to production: cancelled, and it may still be produced",
            play=cancel_and_follow,
            simulator=with_order(SiteFlowSimulator, status="printready"),
            options={"batched": "produced anyway"},
            live="cancels the order at Site Flow; take one in Printready, it may be printed and paid all the same",
        ),
        Scenario(
            "shipped",
            description="a shipped order, refused without asking",
            play=cancel_and_follow,
            simulator=with_order(SiteFlowSimulator, status="shipped"),
            live="only reads the order, and sends no cancel; take one in Shipped",
        ),
        Scenario(
            "cancelled-already",
            description="an order that the print company canceled, found so without asking",
            play=cancel_and_follow,
            simulator=with_order(SiteFlowSimulator, status="cancelled"),
            options={"found": "list"},
            live="only reads the order, and sends no cancel; take one in Cancelled",
        ),
        Scenario(
            "reply-lost",
            description="a gateway gives up on a cancel that works; it is polled and not sent again",
            play=cancel_and_follow,
            simulator=with_fault(with_order(SiteFlowSimulator), Fault.SERVER_ERROR_HTML_AFTER, method="PUT"),
            live=None,
        ),
        Scenario(
            "resubmit",
            description="a canceled order submitted again under a new number",
            play=resubmit_with_artwork,
            simulator=with_order(SiteFlowSimulator),
            live="cancels the order, then submits a new one with its lines, which is printed and costs money",
        ),
    ),
)
