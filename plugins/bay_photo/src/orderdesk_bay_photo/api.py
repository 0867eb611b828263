"""Bay Photo's two order APIs: the path and body of a new order in either, and the response to one.

V1: https://order-api.bayphoto.com/docs/order_api/v1; V2: https://order-api.bayphoto.com/docs/order_api/v2
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from orderdesk_bay_photo.settings import BayPhotoSettings
from orderdesk_sdk.plugin import (
    Answer,
    Order,
    OrderLine,
    Rejection,
    ValidationError,
    answer,
    auth_or_rate_limit_answer,
    country_code,
)

if TYPE_CHECKING:
    import httpx

V1_ORDERS = "/api/v1/orders.json"
V2_ROOT = "/order_api/v2"
ACCESS_HINT = "check the credentials of this connection, and with Bay Photo that its API is enabled for your account"
WHOLE_IMAGE = {  # centered
    "crop_width": 100,
    "crop_height": 100,
    "crop_x": 50,
    "crop_y": 50,
    "node_uid": "1",
}


def new_order(order: Order, settings: BayPhotoSettings, now: datetime) -> tuple[str, dict[str, object]]:
    """The path and body that create an order.

    Raises ValidationError, with the hint, for what keeps it from being sent.
    """
    if settings.api_version == "v2" and not settings.submit_path.startswith("/"):
        raise ValidationError(
            f"where V2 takes new orders below {V2_ROOT} is not public: submit_path, which begins with /, is missing",
            hint="ask Bay Photo, or duplicate the order in Order Desk and submit the copy there",
        )
    if not (settings.shipping_code or order.shipping_method):
        raise ValidationError("neither the order nor the settings have a shipping method", hint="set shipping_code")
    incomplete = [
        f"{line.code or line.name} has no {' and no '.join(keys)}"
        for line in order.lines
        if (keys := _missing_keys(line, settings))
    ]
    if incomplete or not order.lines:
        raise ValidationError(
            f"Bay Photo needs a product and an image for each line: {'; '.join(incomplete) or 'there is none'}",
            hint="put it into the line's metadata; an image is a URL of http or https that ends in a file's name",
        )
    country = country_code(order.shipping.country, location="the order's address")
    if settings.api_version == "v1":
        return V1_ORDERS, _v1_order(order, settings, now, country)
    return V2_ROOT + settings.submit_path, _v2_order(order, settings, now, country)


def not_created(made: httpx.Response, number: str) -> Answer:
    """What a response to a new order comes to that does not tell of success. number: the order's."""
    if made.status_code in (400, 409, 422):
        return answer.rejected(
            made,
            Rejection.NOT_ALLOWED,
            message=f"Bay Photo answered {made.status_code}; what that says is not documented",
            hint=f"look there whether {number} is used, and at the order's products and images",
        )
    return auth_or_rate_limit_answer(made, access_hint=ACCESS_HINT) or answer.unknown(made)


def _v1_order(order: Order, settings: BayPhotoSettings, now: datetime, country: str) -> dict[str, object]:
    to = order.shipping
    head = {
        "order_name": order.number,
        "order_date": f"{order.added_at or now:%Y-%m-%d %H:%M:%S} UTC",
        "shipping_billing_code": settings.shipping_code or order.shipping_method,
        "drop_ship": settings.drop_ship,
        "return_shipping_id": settings.return_shipping_id,
        "customer": {
            "name": to.recipient,
            "email": order.email,
            "phone": to.phone,
            "address1": to.address1,
            "address2": to.additional_lines,
            "city": to.city,
            "state": to.state,
            "country": country,
            "zip": to.postal_code,
        },
    }
    products = [_v1_product(line, settings) for line in order.lines]
    return {name: value for name, value in head.items() if value != ""} | {"products": products}


def _v1_product(line: OrderLine, settings: BayPhotoSettings) -> dict[str, object]:
    url = _line_value(line, settings.image_key)
    return {
        "product_id": _line_value(line, settings.product_key),
        "qty": line.quantity,
        "photos": [{"image_file_name": _file_name(url), "image_source_path": url, **WHOLE_IMAGE}],
    }


def _v2_order(order: Order, settings: BayPhotoSettings, now: datetime, country: str) -> dict[str, object]:
    to = order.shipping
    address = {
        "name": to.recipient,
        "street_address": [part for part in (to.address1, to.address2, to.address3) if part],
        "city": to.city,
        "state_or_region": to.state,
        "postal_code": to.postal_code,
        "country": country,
    }
    urls = {f"iid-{number}": _line_value(line, settings.image_key) for number, line in enumerate(order.lines, start=1)}
    return {
        "integrator_identifier": order.number,
        "placed_at": f"{min(order.added_at or now, now):%Y-%m-%dT%H:%M:%SZ}",
        "shipping": {
            "code": settings.shipping_code or order.shipping_method,
            "destination_address": address,
        },
        "images": {name: {"url": url, "filename": _file_name(url)} for name, url in urls.items()},
        "products": [
            {
                "name": line.name or line.code,
                "code": _line_value(line, settings.product_key),
                "quantity": line.quantity,
                "images": {"1": {"image_id": name}},
                "options": [],
            }
            for name, line in zip(urls, order.lines, strict=True)
        ],
    }


def _missing_keys(line: OrderLine, settings: BayPhotoSettings) -> list[str]:
    """Those of the two keys, product and image, under which a line has nothing that Bay Photo can use."""
    image = _line_value(line, settings.image_key)
    has_image = urlsplit(image).scheme in ("https", "http") and _file_name(image)
    has_product = _line_value(line, settings.product_key)
    return [settings.product_key] * (not has_product) + [settings.image_key] * (not has_image)


def _line_value(line: OrderLine, key: str) -> str:
    return str(line.metadata.get(key) or line.variations.get(key) or "").strip()


def _file_name(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name
