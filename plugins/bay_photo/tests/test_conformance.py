"""What every plugin must stand, by each of Bay Photo's two APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance, Resubmission
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import Rejection, hours

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


def with_lines(**parts: Any) -> Callable[[Order], Order]:
    """Makes an order of which each line has these parts."""
    return lambda order: evolve(order, lines=tuple(evolve(line, **parts) for line in order.lines))


def with_parts(**parts: Any) -> Callable[[Order], Order]:
    """Makes an order that has these parts."""
    return lambda order: evolve(order, **parts)


def with_image(url: str) -> Callable[[Order], Order]:
    """Makes an order whose lines have this image."""
    return with_lines(metadata={**PRINTS, "print_url": url})


COMMON = (
    Resubmission(State.DONE, change=with_parts(shipping_method="")),
    Resubmission(
        State.REJECTED,
        change=with_parts(shipping_method=""),
        settings={"shipping_code": ""},
        creates=0,
        message="shipping_code",
    ),
    Resubmission(
        State.REJECTED,
        change=with_lines(metadata={}),
        creates=0,
        message="MUG-11 has no print_sku and no print_url; CANVAS-12X16 has no print_sku and no print_url",
    ),
    Resubmission(
        State.REJECTED, change=with_lines(metadata={}, code=""), creates=0, message="Photo mug, 11 oz has no print_sku"
    ),
    Resubmission(State.REJECTED, change=with_parts(lines=()), creates=0, message="there is none"),
    Resubmission(State.DONE, change=with_lines(metadata={}, variations=PRINTS)),
    Resubmission(State.DONE, change=with_image("http://files.example.com/a.jpg")),
    *(
        Resubmission(State.REJECTED, change=with_image(url), creates=0, message="no print_url")
        for url in ("ftp://files.example.com/a.jpg", "https://files.example.com/")
    ),
    *(Resubmission(State.REJECTED, refused=status, message="whether 1042-1 is used") for status in (400, 409, 422)),
    *(Resubmission(State.UNKNOWN, refused=status) for status in (200, 500)),
    Resubmission(State.REJECTED, there="queued"),
)
"""What becomes of a resubmission in either API."""


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
        Ending("gone", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending("stopped", State.CANCELED, proof=READ),
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
    repeatable: ClassVar = ()
    resubmissions: ClassVar = (
        *COMMON,
        Resubmission(State.DONE, settings={"shipping_code": ""}, body={"shipping_billing_code": "Ground"}),
        Resubmission(State.DONE, settings={"return_shipping_id": "R7"}, body={"return_shipping_id": "R7"}),
        Resubmission(State.PENDING, refused=401),
    )
    refused_settings: ClassVar = ({"token": ""}, {"api_version": "v2"})
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
    repeatable: ClassVar = ()
    token_lifetime = hours(2)
    resubmissions: ClassVar = (
        *COMMON,
        Resubmission(State.DONE, settings={"shipping_code": ""}, body={"shipping": {"code": "Ground"}}),
        Resubmission(State.PENDING, refused=401, creates=2),  # The second one with a new token.
        Resubmission(State.DONE, change=with_lines(name=""), body={"products": [{"name": "MUG-11"}, {}]}),
        Resubmission(State.REJECTED, settings={"submit_path": "submit"}, creates=0, message="submit_path"),
    )
    refused_settings: ClassVar = ({"client_id": ""}, {"client_secret": ""})
