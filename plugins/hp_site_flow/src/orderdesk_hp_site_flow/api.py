"""Site Flow's API: its paths, the body of a new order, and what its responses and postbacks say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orderdesk_hp_site_flow.settings import SiteFlowSettings
from orderdesk_sdk.plugin import (
    Answer,
    ConfigurationError,
    LineAnswer,
    NotificationKind,
    Order,
    OrderLine,
    ServiceErrors,
    answer,
    country_code,
    integer_at,
    lines_match,
    normalize_status,
    not_processed_answer,
    object_list,
    objects_at,
    require_success,
    single_object,
    text_at,
)

if TYPE_CHECKING:
    import httpx

ORDERS = "/order"
BY_SOURCE = "/order/bysourceid"
STATUS = ("orderData", "status")
NUMBER = ("orderData", "sourceOrderId")
ACTIVE = ("pending", "dataready", "printready", "complete")
OPEN = (*ACTIVE, "error")
WEBHOOK_EVENTS = {
    "canceled": NotificationKind.CANCELED,
    "ordercanceled": NotificationKind.CANCELED,
    "shipped": NotificationKind.SHIPPED,
    "shipmentshipped": NotificationKind.SHIPPED,
}
ERRORS = ServiceErrors("error", "check token, secret and source_account with the print company", details="validations")


def order_in(response: httpx.Response, number: str) -> Mapping[str, object] | None:
    """The order in a response, which is one or a list of them: the documents do not tell. None: Site Flow has none.

    Raises
    MalformedResponseError for another order and for several, EndFlow where the response tells of none.
    """
    if ERRORS.is_not_found(response):
        return None
    told = require_success(
        response, access_hint=ERRORS.access_hint, fallback=not_processed_answer, error_key=ERRORS.key
    )
    return single_object(told, "order", "data", number_path=NUMBER, number=number)


def numbers_in(response: httpx.Response) -> list[str]:
    """The number of each order in a response. Raises MalformedResponseError."""
    return [text_at(response, *NUMBER, within=one) for one in object_list(response, "order", "data")]


def answer_from_order(response: httpx.Response, number: str, before: str | None = None) -> Answer:
    """What a response to a read says of an order. before: its status before it was asked for. Raises as `order_in`."""
    if (found := order_in(response, number)) is None:
        return answer.unknown(response, message=f"Site Flow shows no order {number}")
    if normalize_status(status := text_at(response, *STATUS, within=found)) == "canceled":
        return answer.canceled(response, status=status, message=caveat(before))
    return answer.from_status(
        response,
        status,
        canceled_statuses=(),
        shipped_statuses=["shipped"],
        open_statuses=OPEN,
        normalized_status=normalize_status(status),
    )


def caveat(before: str | None) -> str | None:
    """What a person must know of a cancel, by the status before it; None where production had not begun."""
    stood = "nobody knows how far it was" if normalize_status(before or "") in ("", "canceled") else f"it was {before}"
    warning = f"{stood} before: what was batched by then may still be produced; ask the print company to stop it"
    return None if normalize_status(before or "") in ("pending", "dataready") else warning


def has_items_of(response: httpx.Response, order: Order) -> bool:
    """Whether an order there is not in error, and has the SKUs and quantities of this one.

    Raises MalformedResponseError.
    """
    found = order_in(response, order.number) or {}
    items = objects_at(response, "orderData", "items", within=found)
    there = [
        LineAnswer(text_at(response, "sku", within=item), integer_at(response, item, "quantity"), 0) for item in items
    ]
    return normalize_status(text_at(response, *STATUS, within=found)) in ACTIVE and lines_match(there, order)


def new_order(order: Order, settings: SiteFlowSettings) -> dict[str, object]:
    """The body that creates an order. Raises ConfigurationError where a line has no artwork or no component code."""
    to = order.shipping
    without_artwork = [line.code for line in order.lines if not line.metadata.get(settings.artwork_key)]
    if without_artwork or not settings.component_code:
        raise ConfigurationError(
            f"no artwork for {', '.join(without_artwork)}" if without_artwork else "no component code",
            hint=f"put its URL into the metadata {settings.artwork_key} of each line, and set component_code",
        )
    address = {
        "name": to.recipient,
        "companyName": to.company,
        "address1": to.address1,
        "address2": to.address2,
        "address3": to.address3,
        "town": to.city,
        "state": to.state,
        "postcode": to.postal_code,
        "isoCountry": country_code(to.country, location="shipTo.isoCountry"),
        "phone": to.phone,
        "email": order.email,
    }
    shipment = {
        "shipTo": {name: text for name, text in address.items() if text},
        "shipmentIndex": 0,
        "carrier": {"alias": settings.carrier_alias or order.shipping_method},
    }
    return {
        "destination": {"name": settings.destination},
        "orderData": {
            "sourceOrderId": order.number,
            "items": [_item(line, number, settings) for number, line in enumerate(order.lines, start=1)],
            "shipments": [shipment],
        },
    }


def _item(line: OrderLine, number: int, settings: SiteFlowSettings) -> dict[str, object]:
    artwork = line.metadata[settings.artwork_key]
    return {
        "sku": line.code,
        "sourceItemId": str(number),
        "quantity": line.quantity,
        "shipmentIndex": 0,
        "components": [{"code": settings.component_code, "path": artwork, "fetch": True}],
    }
