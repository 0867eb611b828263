"""The client that most people use (python-amazon-sp-api) at work, in a process of its own.

    python public_client.py URL ORDER_ID < SETTINGS

Creates an order, reads it, cancels it, lets the clock of the simulator at URL go on, and reads it again. Prints what it
saw as one JSON object. It offers no setting for its hosts: it is handed a marketplace and a token client of loopback.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests
from sp_api.api import FulfillmentOutbound
from sp_api.auth import AccessTokenClient


def main(url: str, order_id: str) -> dict[str, object]:
    settings = json.load(sys.stdin)

    class LoopbackTokens(AccessTokenClient):  # type: ignore[misc]  # it ships no types
        scheme = "http://"
        host = urlsplit(url).netloc

    api = FulfillmentOutbound(
        SimpleNamespace(endpoint=url, marketplace_id=settings["marketplace_id"], region="us-east-1"),
        credentials={
            "refresh_token": settings["refresh_token"],
            "lwa_app_id": settings["client_id"],
            "lwa_client_secret": settings["client_secret"],
        },
        auth_token_client_class=LoopbackTokens,
    )

    def status() -> object:
        return api.get_fulfillment_order(order_id).payload["fulfillmentOrder"]["fulfillmentOrderStatus"]

    api.create_fulfillment_order(
        sellerFulfillmentOrderId=order_id,
        displayableOrderId="1042",
        displayableOrderDate="2026-01-05T08:00:00Z",
        displayableOrderComment="Thank you",
        shippingSpeedCategory="Standard",
        destinationAddress={
            "name": "Sam Example",
            "addressLine1": "1 Example Street",
            "city": "Springfield",
            "stateOrRegion": "IL",
            "postalCode": "62701",
            "countryCode": "US",
        },
        items=[{"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 2}],
    )
    seen: dict[str, object] = {"created": status()}
    advance(url, 60)
    api.cancel_fulfillment_order(order_id)
    seen["asked"] = status()
    advance(url, 240)
    seen["canceled"] = status()
    return seen


def advance(url: str, seconds: int) -> None:
    requests.post(f"{url}/_simulator/clock", json={"advance_seconds": seconds}, timeout=60).raise_for_status()


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2]), sys.stdout)
