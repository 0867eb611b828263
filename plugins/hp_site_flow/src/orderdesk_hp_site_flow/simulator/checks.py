"""What is wrong with a request: its signature, and the order that it submits.

Mistakes in an order are paths with messages, as in an error of code 208. That they are is documented by the vendor's
client; each of them here is the simulator's choice. How a request is signed is worked out here once more, apart from
the plugin's own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from orderdesk_hp_site_flow.simulator.store import Item

__all__ = ["SECRET", "TOKEN", "items_of", "mistakes_in", "number_of", "signature_fault"]

TOKEN = "simulated-token"
SECRET = "simulated-site-flow-secret"
Mistake = tuple[str, str]
SHIP_TO = ("name", "address1", "town", "postcode", "isoCountry")
_HASHES = {"SHA256": hashlib.sha256, "SHA1": hashlib.sha1}
"""SHA1 is still accepted; that it is meant where no algorithm is named is inferred from older documentation."""


def signature_fault(method: str, raw_path: str, headers: Mapping[str, str]) -> str | None:
    """What is wrong with the signature of a request, or None. raw_path: as it was sent, without the query.

    The timestamp is any text, of any age: the vendor's own clients write it in four ways, and one resends it.
    Only "Token Not Found" is documented; the other texts are the simulator's choice.
    """
    token, colon, signature = headers.get("x-oneflow-authorization", "").partition(":")
    stamp = headers.get("x-oneflow-date", "")
    hashed = _HASHES.get(headers.get("x-oneflow-algorithm", "SHA1").upper())
    if token != TOKEN:
        return "Token Not Found"
    if not colon or not stamp or hashed is None:
        return "SIM: x-oneflow-authorization, x-oneflow-date or x-oneflow-algorithm cannot be read"
    wanted = hmac.new(SECRET.encode(), f"{method.upper()} {unquote(raw_path)} {stamp}".encode(), hashed).hexdigest()
    return None if hmac.compare_digest(wanted.encode(), signature.encode()) else "SIM: the signature is another"


def mistakes_in(document: object, destination: str) -> list[Mistake]:
    """The mistakes in an order, judged by the documented minimum. Unknown fields are ignored, as documented."""
    return list(_mistakes(document, destination))


def number_of(document: object) -> str:
    """The sourceOrderId; "" where there is none."""
    number = _at(document, "orderData").get("sourceOrderId")
    return number if isinstance(number, str) else ""


def items_of(document: object) -> list[Item]:
    """The items of an order without mistakes."""
    items = _list(_at(document, "orderData").get("items"))
    return [Item(str(item["sku"]), int(str(item["quantity"])), str(item["sourceItemId"])) for item in items]


def _mistakes(document: object, destination: str) -> Iterator[Mistake]:
    data = _at(document, "orderData")
    if _at(document, "destination").get("name") != destination:
        yield "destination.name", "SIM: unknown destination"
    if not number_of(document):
        yield "orderData.sourceOrderId", "SIM: is required"
    items, shipments = _list(data.get("items")), _list(data.get("shipments"))
    if not items:
        yield "orderData.items", "SIM: at least one is required"
    if not shipments:
        yield "orderData.shipments", "SIM: at least one is required"
    for index, item in enumerate(items):
        yield from _item(f"orderData.items[{index}]", item, len(shipments))
    for index, shipment in enumerate(shipments):
        yield from _shipment(f"orderData.shipments[{index}]", shipment)


def _item(path: str, item: Mapping[str, object], shipments: int) -> Iterator[Mistake]:
    for name in ("sku", "sourceItemId"):
        if not isinstance(item.get(name), str) or not item[name]:
            yield f"{path}.{name}", "SIM: is required"
    quantity, at = item.get("quantity"), item.get("shipmentIndex", 0)
    if type(quantity) is not int or quantity < 1:
        yield f"{path}.quantity", "SIM: must be 1 or more"
    if type(at) is not int or not 0 <= at < max(shipments, 1):
        yield f"{path}.shipmentIndex", "SIM: there is no such shipment"
    components = _list(item.get("components"))
    if not components:
        yield f"{path}.components", "SIM: at least one is required"
    for index, component in enumerate(components):
        if not component.get("code") or not component.get("path"):
            yield f"{path}.components[{index}]", "SIM: code and path are required"


def _shipment(path: str, shipment: Mapping[str, object]) -> Iterator[Mistake]:
    to, carrier = _at(shipment, "shipTo"), _at(shipment, "carrier")
    for name in SHIP_TO:
        if not to.get(name):
            yield f"{path}.shipTo.{name}", "SIM: is required"
    if not carrier.get("alias") and not (carrier.get("code") and carrier.get("service")):
        yield f"{path}.carrier", "SIM: alias, or code and service, is required"


def _at(document: object, name: str) -> Mapping[str, object]:
    value = document.get(name) if isinstance(document, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
