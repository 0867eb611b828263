"""An example order, as a client would submit it: for tests and demonstrations."""

from __future__ import annotations

from orderdesk_hp_site_flow.simulator.views import DESTINATION

__all__ = ["example_order"]


def example_order(number: str, **changed: object) -> dict[str, object]:
    """A body for POST /api/order that the simulator accepts: the documented minimum, with `changed` in orderData."""
    address = {
        "name": "Sam Example",
        "address1": "1 Example Street",
        "town": "Springfield",
        "postcode": "62701",
        "isoCountry": "US",
    }
    component = {"code": "Content", "path": "https://files.example.com/mug.pdf", "fetch": True}
    item = {"sku": "MUG", "sourceItemId": "1", "quantity": 2, "components": [component]}
    data = {
        "sourceOrderId": number,
        "items": [item],
        "shipments": [{"shipTo": address, "carrier": {"alias": "standard"}}],
    }
    return {"destination": {"name": DESTINATION}, "orderData": data | changed}
