"""Amazon's own client at work, in a process of its own: importing it sets up the root logger of whoever does so.

    python amazon_client.py URL ORDER_ID < SETTINGS

Creates the order, reads it, cancels it, lets the clock of the simulator at URL go on, reads it again, and cancels it
once more, too late. Prints what it saw as one JSON object.
"""

from __future__ import annotations

import json
import sys

import requests
from spapi import ApiException, FbaOutboundApi, SPAPIClient, SPAPIConfig
from spapi.models import fulfillment_outbound_v2020_07_01 as models


def main(url: str, order_id: str) -> dict[str, object]:
    settings = json.load(sys.stdin)
    config = SPAPIConfig(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        refresh_token=settings["refresh_token"],
        region="NA",
    )
    client = SPAPIClient(config, oauth_endpoint=settings["token_url"], endpoint=settings["endpoint"])
    api = FbaOutboundApi(client.api_client)
    seen: dict[str, object] = {"agent": client.api_client.user_agent}
    api.create_fulfillment_order(order(order_id))
    seen["created"] = status(api, order_id)
    advance(url, 60)
    seen["received"] = status(api, order_id)
    seen["cancel_errors"] = api.cancel_fulfillment_order(order_id).errors
    seen["asked"] = status(api, order_id)
    advance(url, 240)
    payload = api.get_fulfillment_order(order_id).payload
    seen["canceled"] = payload.fulfillment_order.fulfillment_order_status
    seen["units"] = [[item.quantity, item.cancelled_quantity] for item in payload.fulfillment_order_items]
    listed = api.list_all_fulfillment_orders().payload.fulfillment_orders
    seen["listed"] = [one.seller_fulfillment_order_id for one in listed]
    try:
        api.cancel_fulfillment_order(order_id)
    except ApiException as error:
        seen["too_late"] = [error.status, json.loads(error.body)["errors"][0]["code"]]
    return seen


def order(order_id: str) -> models.CreateFulfillmentOrderRequest:
    address = models.Address(
        name="Sam Example",
        address_line1="1 Example Street",
        city="Springfield",
        state_or_region="IL",
        postal_code="62701",
        country_code="US",
    )
    item = models.CreateFulfillmentOrderItem(seller_sku="MUG", seller_fulfillment_order_item_id="1", quantity=2)
    return models.CreateFulfillmentOrderRequest(
        seller_fulfillment_order_id=order_id,
        displayable_order_id="1042",
        displayable_order_date="2026-01-05T08:00:00Z",
        displayable_order_comment="Thank you",
        shipping_speed_category="Standard",
        destination_address=address,
        items=[item],
    )


def status(api: FbaOutboundApi, order_id: str) -> object:
    return api.get_fulfillment_order(order_id).payload.fulfillment_order.fulfillment_order_status


def advance(url: str, seconds: int) -> None:
    requests.post(f"{url}/_simulator/clock", json={"advance_seconds": seconds}, timeout=60).raise_for_status()


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2]), sys.stdout)
