"""The seam to Bay Photo's two order documents: the path and body of a new order in either.

V1: https://order-api.bayphoto.com/docs/order_api/v1; V2: https://order-api.bayphoto.com/docs/order_api/v2
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from orderdesk_bay_photo.account import BayPhotoSettings
from orderdesk_sdk.countries import country_code
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.order import Line, Order

V2_ROOT = "/order_api/v2"
WHOLE = {"crop_width": 100, "crop_height": 100, "crop_x": 50, "crop_y": 50, "node_uid": "1"}  # centered


def new_order(order: Order, settings: BayPhotoSettings, now: datetime) -> tuple[str, dict[str, object]]:
    """The path and body that create an order. Raises InputError, with the remedy, for what keeps it from being sent."""
    if settings.api == "v2" and not settings.submit_path.startswith("/"):
        text = f"where V2 takes new orders below {V2_ROOT} is not public: submit_path, which begins with /, is missing"
        raise InputError(text, remedy="ask Bay Photo, or duplicate the order in Order Desk and submit the copy there")
    if not (settings.shipping_code or order.shipping_method):
        raise InputError("neither the order nor the settings have a shipping method", remedy="set shipping_code")
    lacks = ((line.code or line.name, _bare(line, settings)) for line in order.lines)
    bare = [f"{name} has no {' and no '.join(keys)}" for name, keys in lacks if keys]
    if bare or not order.lines:
        text = f"Bay Photo needs a product and an image for each line: {'; '.join(bare) or 'there is none'}"
        remedy = "put it into the line's metadata; an image is a URL of http or https that ends in a file's name"
        raise InputError(text, remedy=remedy)
    country = country_code(order.shipping.country, place="the order's address")
    if settings.api == "v1":
        return "/api/v1/orders.json", _v1(order, settings, now, country)
    return V2_ROOT + settings.submit_path, _v2(order, settings, now, country)


def _v1(order: Order, settings: BayPhotoSettings, now: datetime, country: str) -> dict[str, object]:
    to = order.shipping
    customer = {
        "name": to.recipient, "email": order.email, "phone": to.phone, "address1": to.address1,
        "address2": to.further, "city": to.city, "state": to.state, "country": country, "zip": to.postal_code,
    }  # fmt: skip
    head = {
        "order_name": order.number, "order_date": f"{order.added_at or now:%Y-%m-%d %H:%M:%S} UTC",
        "shipping_billing_code": settings.shipping_code or order.shipping_method, "drop_ship": settings.drop_ship,
        "return_shipping_id": settings.return_shipping_id, "customer": customer,
    }  # fmt: skip
    products = [
        {"product_id": _of(line, settings.product_key), "qty": line.quantity, "photos": [
            {"image_file_name": _file(url), "image_source_path": url, **WHOLE},
        ]} for line in order.lines if (url := _of(line, settings.image_key))
    ]  # fmt: skip
    return {name: value for name, value in head.items() if value != ""} | {"products": products}


def _v2(order: Order, settings: BayPhotoSettings, now: datetime, country: str) -> dict[str, object]:
    to = order.shipping
    address = {
        "name": to.recipient, "street_address": [part for part in (to.address1, to.address2, to.address3) if part],
        "city": to.city, "state_or_region": to.state, "postal_code": to.postal_code, "country": country,
    }  # fmt: skip
    urls = {f"iid-{number}": _of(line, settings.image_key) for number, line in enumerate(order.lines, start=1)}
    products = [
        {"name": line.name or line.code, "code": _of(line, settings.product_key), "quantity": line.quantity,
         "images": {"1": {"image_id": name}}, "options": []}
        for name, line in zip(urls, order.lines, strict=True)
    ]  # fmt: skip
    return {
        "integrator_identifier": order.number, "placed_at": f"{min(order.added_at or now, now):%Y-%m-%dT%H:%M:%SZ}",
        "shipping": {"code": settings.shipping_code or order.shipping_method, "destination_address": address},
        "images": {name: {"url": url, "filename": _file(url)} for name, url in urls.items()}, "products": products,
    }  # fmt: skip


def _bare(line: Line, settings: BayPhotoSettings) -> list[str]:
    image = _of(line, settings.image_key)
    usable = urlsplit(image).scheme in ("https", "http") and _file(image)
    return [settings.product_key] * (not _of(line, settings.product_key)) + [settings.image_key] * (not usable)


def _of(line: Line, key: str) -> str:
    return str(line.metadata.get(key) or line.variations.get(key) or "").strip()


def _file(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name
