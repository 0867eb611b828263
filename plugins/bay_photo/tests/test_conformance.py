"""What every plugin must stand, by each of Bay Photo's two APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection

pytestmark = pytest.mark.slow

PRINTS = {"print_sku": "PR-8X10", "print_url": "https://files.example.com/a.jpg"}
READ = "GET order"
STOP = ExpectedRequest("POST", "/simulated-api/orders/1042/stop", {"why": "customer asked"})


def v1_product(quantity: int) -> dict[str, object]:
    """A product of a new order of v1, whose image is taken whole."""
    photo = {
        "image_file_name": "a.jpg",
        "image_source_path": PRINTS["print_url"],
        "crop_width": 100,
        "crop_height": 100,
        "crop_x": 50,
        "crop_y": 50,
        "node_uid": "1",
    }
    return {"product_id": "PR-8X10", "qty": quantity, "photos": [photo]}


def v2_product(name: str, quantity: int, image: str) -> dict[str, object]:
    """A product of a new order of v2."""
    return {
        "name": name,
        "code": "PR-8X10",
        "quantity": quantity,
        "images": {"1": {"image_id": image}},
        "options": [],
    }


NEW_V1_ORDER = {
    "order_name": "1042-1",
    "order_date": "2026-01-05 09:10:00 UTC",
    "shipping_billing_code": "FEDEX2",
    "drop_ship": True,
    "customer": {
        "name": "Nora Lindqvist",
        "email": "nora.lindqvist@example.com",
        "phone": "503-555-0142",
        "address1": "418 Alder Street",
        "address2": "Apt 6",
        "city": "Portland",
        "state": "OR",
        "country": "US",
        "zip": "97205",
    },
    "products": [v1_product(2), v1_product(1)],
}
NEW_V2_ORDER = {
    "integrator_identifier": "1042-1",
    "placed_at": "2026-01-05T09:10:00Z",
    "shipping": {
        "code": "FEDEX2",
        "destination_address": {
            "name": "Nora Lindqvist",
            "street_address": ["418 Alder Street", "Apt 6"],
            "city": "Portland",
            "state_or_region": "OR",
            "postal_code": "97205",
            "country": "US",
        },
    },
    "images": {name: {"url": PRINTS["print_url"], "filename": "a.jpg"} for name in ("iid-1", "iid-2")},
    "products": [v2_product("Photo mug, 11 oz", 2, "iid-1"), v2_product("Canvas print", 1, "iid-2")],
}


class TestBayPhoto(PluginConformance):
    integration = "bay-photo"
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS
    other_settings: ClassVar = {"api_version": {"api_version": "v2", "client_id": "an id", "client_secret": "a secret"}}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("client_id", "client_secret", "token_url", "submit_path"), "it is of v2, which another class tries"
    )
    endings: ClassVar = (
        Ending("queued", State.CANCELED, proof=READ),
        Ending("printing", State.REJECTED, rejection=Rejection.TOO_LATE, proof="POST stop"),
        Ending("gone", State.REJECTED, rejection=Rejection.TOO_LATE, proof="POST stop"),
        Ending("stopped", State.REJECTED, rejection=Rejection.TOO_LATE, proof="POST stop"),
        Ending(
            "queued",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            options={"fate": "ships anyway"},
        ),
    )
    requests: ClassVar = (STOP, ExpectedRequest("POST", "/api/v1/orders.json", NEW_V1_ORDER))
    personal_documents: ClassVar = ({"customer": PERSON, "destination_address": PERSON},)


class TestBayPhotoV2(PluginConformance):
    integration = "bay-photo"
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS
    options: ClassVar[Mapping[str, str]] = {"api": "v2"}
    other_settings: ClassVar = {"api_version": {"api_version": "v1", "token": "a token"}}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("token", "return_shipping_id", "drop_ship"), "it is of v1, which another class tries"
    )
    requests: ClassVar = (STOP, ExpectedRequest("POST", "/order_api/v2/simulator-defined/submit", NEW_V2_ORDER))
