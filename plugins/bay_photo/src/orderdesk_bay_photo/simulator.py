"""A simulator of Bay Photo's order APIs, as far as they are documented; the rest is invented and named so.

Documented (https://order-api.bayphoto.com/docs/order_api/v1 and /v2), and judged here: both kinds of credentials, where
tokens and V1 orders go, how long a token lasts, the bodies of new orders, that V1's order_name is used once and that
V2's integrator_identifier detects a duplicate. Invented: every reply, every refusal, where V2 takes new orders, how an
order is canceled and read, and its life (`orderdesk_devkit.simulators.profile`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from starlette.requests import Request

from orderdesk_devkit.simulators.http_requests import bearer, form_in, object_in
from orderdesk_devkit.simulators.profile import FATE, Durations, Outcome, WireSimulator
from orderdesk_devkit.simulators.simulator import Deed, Switch
from orderdesk_devkit.simulators.tokens import Tokens
from orderdesk_sdk.plugin import Clock, hours

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "SUBMIT", "TOKEN", "BayPhotoSimulator"]

TOKEN = "not-a-real-token"  # Not "simulated...": a word of the bodies would look like its beginning.
CLIENT_ID = "not-a-real-client"
CLIENT_SECRET = "not-a-real-client-secret"
SUBMIT = "/simulator-defined/submit"
"""Below V2's root; invented."""
TOKEN_LASTS = hours(2)
SCOPES = {"integrator:order:read", "integrator:order:write"}

_V1_PARTS = {"order_name": str, "order_date": str, "shipping_billing_code": str, "customer": dict, "products": list}
_V1_CUSTOMER = ("name", "email", "phone", "address1", "address2", "city", "state", "country", "zip")
_V1_PHOTO = (
    "image_file_name",
    "image_source_path",
    "crop_width",
    "crop_height",
    "crop_x",
    "crop_y",
    "node_uid",
)
_V2_PARTS = {"integrator_identifier": str, "placed_at": str, "shipping": dict, "images": dict, "products": list}
_V2_ADDRESS = ("name", "street_address", "city", "state_or_region", "postal_code", "country")
_V2_PRODUCT = ("name", "code", "quantity", "images", "options")
_LONGEST = 255


class BayPhotoSimulator(WireSimulator):
    """Bay Photo's documented calls before an invented lab."""

    vendor: ClassVar[str] = "Bay Photo"
    switches: ClassVar[tuple[Switch, ...]] = (
        Switch("api", ("v1", "v2"), text="which API the account has"),
        Switch("expires_in", ("told", "untold"), text="whether a token's reply tells how long it lasts"),
        FATE,
    )

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._tokens = Tokens(TOKEN_LASTS, lambda number: f"issued-token-{number:06}")

    def settings(self, url: str) -> Mapping[str, object]:
        ours: dict[str, object] = {"api": self.switch("api"), "base_url": url, "token_url": f"{url}/oauth/token"}
        if self.switch("api") == "v1":
            ours |= {"token": TOKEN}
        else:
            ours |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "submit_path": SUBMIT}
        return {**ours, "shipping_code": "FEDEX2", "wire": self.wire()}

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:
        match request.method, request.url.path, self.switch("api"):
            case "POST", "/oauth/token", "v2":
                return "token", None, self._token(body)
            case "POST", "/api/v1/orders.json", "v1":
                document = object_in(body)
                return "create", _text(document, "order_name"), self._create(request, document, "order_name")
            case "POST", path, "v2" if path == f"/order_api/v2{SUBMIT}":
                document = object_in(body)
                name = "integrator_identifier"
                return "create", _text(document, name), self._create(request, document, name)
            case _:
                return super().answer(request, body)

    def lets_in(self, request: Request) -> bool:
        if self.switch("api") == "v1":
            return request.headers.get("authorization") == f'Token token="{TOKEN}"'
        return self._tokens.good(bearer(request), self.clock.now())

    def _token(self, body: bytes) -> Outcome:
        form = form_in(body)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Outcome(401, "refused: client", {"error": "invalid_client"})
        if form.get("grant_type") != "client_credentials" or not SCOPES >= set(form.get("scope", "").split()) != set():
            return Outcome(400, "refused: grant or scope", {"error": "invalid_scope"})
        token = self._tokens.issue(self.clock.now())
        lasts = {"expires_in": int(TOKEN_LASTS.total_seconds())} if self.switch("expires_in") == "told" else {}
        return Outcome(200, "issued", {"access_token": token, "token_type": "Bearer", **lasts})

    def _create(self, request: Request, document: Mapping[str, object], name: str) -> Outcome:
        if not self.lets_in(request):
            return Outcome(401, "refused: credentials", {"error": "not let in"})
        now = self.clock.now()
        mistake = _mistake_v1(document) if name == "order_name" else _mistake_v2(document, now)
        number = _text(document, name)
        if mistake is None and self.has(number):
            mistake = f"{name} {number} is used"
        if mistake is not None:
            return Outcome(422, f"refused: {mistake}", {"error": mistake})
        self.put(number)
        # Nothing is documented of this reply, so it states no number that a plugin could come to rely on.
        return Outcome(201, "created", {"simulated": {"stage": "queued"}}, Deed.ORDER_CREATED)


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _mistake_v1(document: Mapping[str, object]) -> str | None:
    """The first thing that V1's document does not have, or None."""
    match document:
        case {"customer": {**customer}, "products": [*products]} if products:
            wrong = _wrong(document, _V1_PARTS) or _lacks(customer, _V1_CUSTOMER)
        case _:
            return "customer or products are wrong"
    try:
        datetime.strptime(_text(document, "order_date"), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        wrong = wrong or "order_date is wrong"
    for product in products:
        match product:
            case {"product_id": str() | int(), "qty": int(quantity), "photos": [{**photo}, *_]} if quantity > 0:
                wrong = wrong or _lacks(photo, _V1_PHOTO)
            case _:
                return "a product is wrong"
    return wrong


def _mistake_v2(document: Mapping[str, object], now: datetime) -> str | None:
    """The first thing that V2's schema does not allow, or None. It forbids properties of other names."""
    match document:
        case {"shipping": {"code": str(code), "destination_address": {**address}}, "images": {**images}} if code:
            wrong = (
                _wrong(document, _V2_PARTS) or _exactly(document, tuple(_V2_PARTS)) or _exactly(address, _V2_ADDRESS)
            )
        case _:
            return "shipping or images are wrong"
    if not 0 < len(_text(document, "integrator_identifier")) <= _LONGEST:
        wrong = wrong or "integrator_identifier has 1 to 255 characters"
    try:
        if datetime.fromisoformat(_text(document, "placed_at")) > now:
            wrong = wrong or "placed_at is not in the past"
    except (ValueError, TypeError):
        wrong = wrong or "placed_at is wrong"
    products = document.get("products")
    for product in products if isinstance(products, list) else []:
        match product:
            case {"quantity": int(quantity), "images": {"1": {"image_id": str(image)}}} if quantity > 0:
                wrong = (
                    wrong or _exactly(product, _V2_PRODUCT) or (None if image in images else "an image is not there")
                )
            case _:
                return "a product is wrong"
    return wrong


def _wrong(document: Mapping[str, object], parts: Mapping[str, type]) -> str | None:
    return next((f"{name} is wrong" for name, kind in parts.items() if not isinstance(document.get(name), kind)), None)


def _lacks(document: Collection[object], names: tuple[str, ...]) -> str | None:
    return next((f"{name} is missing" for name in names if name not in document), None)


def _exactly(document: Collection[object], names: tuple[str, ...]) -> str | None:
    return _lacks(document, names) or next((f"{name} is not allowed" for name in document if name not in names), None)
