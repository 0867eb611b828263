"""An example order, as a client would create it: for tests and demonstrations."""

from __future__ import annotations

__all__ = ["example_order"]


def example_order(number: str, **changed: object) -> dict[str, object]:
    """A body for POST /api/orders that the simulator accepts, with attributes in `changed` set otherwise."""
    address = {
        "name": "Sam Example",
        "address1": "1 Example Street",
        "address2": "",
        "city": "Springfield",
        "state": "IL",
        "country": "US",
        "postal-code": "62701",
        "phone": "217-555-0175",
        "email": "sam@example.com",
    }
    line = {
        "line-number": 1,
        "quantity": 2,
        "description": "Pillow",
        "product-code": "PILLOW",
        "designs": [{"image-remote-url": "https://files.example.com/pillow.png"}],
    }
    attributes = {"vendor-po": number, "shipping-method": "SAMPLE", "test-order": "new"} | changed
    included = [
        {"type": "shipping-address", "attributes": address},
        {"type": "line-items", "attributes": line},
    ]
    return {"data": {"type": "orders", "attributes": attributes}, "included": included}
