"""A simulator of Bay Photo's order APIs, as far as they are documented; the rest is invented and named so.

Documented (https://order-api.bayphoto.com/docs/order_api/v1 and /v2), and judged here: both kinds of credentials, where
tokens and V1 orders go, how long a token lasts, the bodies of new orders, that V1's order_name is used once and that
V2's integrator_identifier detects a duplicate. Invented: every response, every rejection, where V2 takes new orders,
how an order is canceled and read, and its life (`orderdesk_devkit.simulators.profile`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from starlette.requests import Request

from orderdesk_devkit.simulators.http_requests import bearer_token, parse_form_body, parse_object_body
from orderdesk_devkit.simulators.profile import FATE, ApiProfileSimulator, CallResult, Durations
from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect
from orderdesk_devkit.simulators.tokens import Tokens
from orderdesk_sdk.plugin import Clock, hours

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "SUBMIT", "TOKEN", "BayPhotoSimulator"]

TOKEN = "not-a-real-token"  # Not "simulated...": a word of the bodies would look like its beginning.
CLIENT_ID = "not-a-real-client"
CLIENT_SECRET = "not-a-real-client-secret"
SUBMIT = "/simulator-defined/submit"
"""Below V2's root; invented."""
TOKEN_LIFETIME = hours(2)
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
_MAX_LENGTH = 255


class BayPhotoSimulator(ApiProfileSimulator):
    """Bay Photo's documented calls before an invented lab."""

    vendor: ClassVar[str] = "Bay Photo"
    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption("api", ("v1", "v2"), description="which API the account has"),
        BehaviorOption(
            "expires_in", ("told", "untold"), description="whether a token's response tells how long it lasts"
        ),
        FATE,
    )

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._tokens = Tokens(TOKEN_LIFETIME, lambda number: f"issued-token-{number:06}")

    def settings(self, url: str) -> Mapping[str, object]:
        ours: dict[str, object] = {
            "api_version": self.option("api"),
            "base_url": url,
            "token_url": f"{url}/oauth/token",
        }
        if self.option("api") == "v1":
            ours |= {"token": TOKEN}
        else:
            ours |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "submit_path": SUBMIT}
        return {**ours, "shipping_code": "FEDEX2", "api": self.api_profile()}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        match request.method, request.url.path, self.option("api"):
            case "POST", "/oauth/token", "v2":
                return "token", None, self._token(body)
            case "POST", "/api/v1/orders.json", "v1":
                document = parse_object_body(body)
                return "create", _text(document, "order_name"), self._create(request, document, "order_name")
            case "POST", path, "v2" if path == f"/order_api/v2{SUBMIT}":
                document = parse_object_body(body)
                name = "integrator_identifier"
                return "create", _text(document, name), self._create(request, document, name)
            case _:
                return super().handle(request, body)

    def is_authorized(self, request: Request) -> bool:
        if self.option("api") == "v1":
            return request.headers.get("authorization") == f'Token token="{TOKEN}"'
        return self._tokens.is_valid(bearer_token(request), self.clock.now())

    def _token(self, body: bytes) -> CallResult:
        form = parse_form_body(body)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return CallResult(401, "refused: client", {"error": "invalid_client"})
        if form.get("grant_type") != "client_credentials" or not SCOPES >= set(form.get("scope", "").split()) != set():
            return CallResult(400, "refused: grant or scope", {"error": "invalid_scope"})
        token = self._tokens.issue(self.clock.now())
        lasts = {"expires_in": int(TOKEN_LIFETIME.total_seconds())} if self.option("expires_in") == "told" else {}
        return CallResult(200, "issued", {"access_token": token, "token_type": "Bearer", **lasts})

    def _create(self, request: Request, document: Mapping[str, object], name: str) -> CallResult:
        if not self.is_authorized(request):
            return CallResult(401, "refused: credentials", {"error": "not let in"})
        now = self.clock.now()
        mistake = _mistake_v1(document) if name == "order_name" else _mistake_v2(document, now)
        number = _text(document, name)
        if mistake is None and self.has(number):
            mistake = f"{name} {number} is used"
        if mistake is not None:
            return CallResult(422, f"refused: {mistake}", {"error": mistake})
        self.set_stage(number)
        # Nothing is documented of this response, so it states no number that a plugin could come to rely on.
        return CallResult(201, "created", {"simulated": {"stage": "queued"}}, Effect.ORDER_CREATED)


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _mistake_v1(document: Mapping[str, object]) -> str | None:
    """The first thing that V1's document does not have, or None."""
    match document:
        case {"customer": {**customer}, "products": [*products]} if products:
            wrong = _wrong(document, _V1_PARTS) or _missing(customer, _V1_CUSTOMER)
        case _:
            return "customer or products are wrong"
    try:
        datetime.strptime(_text(document, "order_date"), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        wrong = wrong or "order_date is wrong"
    for product in products:
        match product:
            case {"product_id": str() | int(), "qty": int(quantity), "photos": [{**photo}, *_]} if quantity > 0:
                wrong = wrong or _missing(photo, _V1_PHOTO)
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
    if not 0 < len(_text(document, "integrator_identifier")) <= _MAX_LENGTH:
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


def _missing(document: Collection[object], names: tuple[str, ...]) -> str | None:
    return next((f"{name} is missing" for name in names if name not in document), None)


def _exactly(document: Collection[object], names: tuple[str, ...]) -> str | None:
    return _missing(document, names) or next((f"{name} is not allowed" for name in document if name not in names), None)
