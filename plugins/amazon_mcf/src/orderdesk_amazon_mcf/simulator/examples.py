"""An example order, as a client would create it: for tests and demonstrations."""

from __future__ import annotations

__all__ = ["example_address", "example_order"]


def example_address() -> dict[str, object]:
    """A destination that the simulator accepts."""
    return {
        "name": "Sam Example",
        "addressLine1": "1 Example Street",
        "city": "Springfield",
        "stateOrRegion": "IL",
        "postalCode": "62701",
        "countryCode": "US",
    }


def example_order(remote_id: str, **changed: object) -> dict[str, object]:
    """A body for createFulfillmentOrder that the simulator accepts, with the fields in `changed` set otherwise."""
    return {
        "sellerFulfillmentOrderId": remote_id,
        "displayableOrderId": "1042",
        "displayableOrderDate": "2026-01-05T08:00:00Z",
        "displayableOrderComment": "Thank you",
        "shippingSpeedCategory": "Standard",
        "destinationAddress": example_address(),
        "items": [{"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 4}],
    } | changed
