"""Site Flow's API: its paths, the body of a new order, and what its responses and postbacks say."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from orderdesk_hp_site_flow.settings import SiteFlowSettings
from orderdesk_sdk.plugin import (
    Answer,
    ConfigurationError,
    HintKind,
    Line,
    LineAnswer,
    Order,
    OwnErrors,
    answer,
    count_in,
    country_code,
    fold,
    need,
    nothing_done,
    objects_at,
    one_of,
    one_or_many,
    same_lines,
    text_at,
)

ORDERS = "/order"
BY_SOURCE = "/order/bysourceid"
STATUS = ("orderData", "status")
NUMBER = ("orderData", "sourceOrderId")
ALIVE = ("pending", "dataready", "printready", "complete")
OPEN = (*ALIVE, "error")
POSTBACK_WORDS = {
    "canceled": HintKind.CANCELED,
    "ordercanceled": HintKind.CANCELED,
    "shipped": HintKind.SHIPPED,
    "shipmentshipped": HintKind.SHIPPED,
}
ERRORS = OwnErrors("error", "check token, secret and source_account with the print company", details="validations")


def order_in(reply: httpx.Response, number: str) -> Mapping[str, object] | None:
    """The order in a reply, which is one or a list of them: the documents do not tell. None: Site Flow has none. Raises
    MalformedReply for another order and for several, Ended where the reply tells of none.
    """
    if ERRORS.is_unknown(reply):
        return None
    told = need(reply, check=ERRORS.check, otherwise=nothing_done, own=ERRORS.key)
    return one_of(told, "order", "data", at=NUMBER, number=number)


def numbers_in(reply: httpx.Response) -> list[str]:
    """The number of each order in a reply. Raises MalformedReply."""
    return [text_at(reply, *NUMBER, within=one) for one in one_or_many(reply, "order", "data")]


def standing(reply: httpx.Response, number: str, before: str | None = None) -> Answer:
    """What a reply to a read says of an order. before: its status before it was asked for. Raises as `order_in`."""
    if (found := order_in(reply, number)) is None:
        return answer.unclear(reply, text=f"Site Flow shows no order {number}")
    if fold(status := text_at(reply, *STATUS, within=found)) == "canceled":
        return answer.canceled(reply, status=status, text=caveat(before))
    return answer.by_status(reply, status, canceled_in=(), shipped_in=["shipped"], open_in=OPEN, word=fold(status))


def caveat(before: str | None) -> str | None:
    """What a person must know of a cancel, by the status before it; None where production had not begun."""
    stood = "nobody knows how far it was" if fold(before or "") in ("", "canceled") else f"it was {before}"
    warning = f"{stood} before: what was batched by then may still be produced; ask the print company to stop it"
    return None if fold(before or "") in ("pending", "dataready") else warning


def has_items_of(reply: httpx.Response, order: Order) -> bool:
    """Whether an order there is not in error, and has the SKUs and quantities of this one. Raises MalformedReply."""
    found = order_in(reply, order.number) or {}
    items = objects_at(reply, "orderData", "items", within=found)
    there = [LineAnswer(text_at(reply, "sku", within=item), count_in(reply, item, "quantity"), 0) for item in items]
    return fold(text_at(reply, *STATUS, within=found)) in ALIVE and same_lines(there, order)


def new_order(order: Order, settings: SiteFlowSettings) -> dict[str, object]:
    """The body that creates an order. Raises ConfigurationError where a line has no artwork or no component code."""
    to = order.shipping
    without_artwork = [line.code for line in order.lines if not line.metadata.get(settings.artwork_key)]
    if without_artwork or not settings.component_code:
        raise ConfigurationError(
            f"no artwork for {', '.join(without_artwork)}" if without_artwork else "no component code",
            remedy=f"put its URL into the metadata {settings.artwork_key} of each line, and set component_code",
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
        "isoCountry": country_code(to.country, place="shipTo.isoCountry"),
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


def _item(line: Line, number: int, settings: SiteFlowSettings) -> dict[str, object]:
    artwork = line.metadata[settings.artwork_key]
    return {
        "sku": line.code,
        "sourceItemId": str(number),
        "quantity": line.quantity,
        "shipmentIndex": 0,
        "components": [{"code": settings.component_code, "path": artwork, "fetch": True}],
    }
