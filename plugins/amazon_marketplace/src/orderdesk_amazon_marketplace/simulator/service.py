"""The simulated service: HTTP in, HTTP out, and what a test may choose and ask behind its back."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_amazon_marketplace.simulator.feeds import Durations, FeedQueue, FeedStatus
from orderdesk_amazon_marketplace.simulator.listing import listed
from orderdesk_amazon_marketplace.simulator.store import CANCELABLE, MARKETPLACE, STORE_PATH, Item, Order, Status, Store
from orderdesk_amazon_marketplace.simulator.views import feed_view, order_view
from orderdesk_devkit.simulators.http_requests import names_language
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.quota import Quota
from orderdesk_devkit.simulators.refresh_tokens import RefreshTokens
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect
from orderdesk_devkit.simulators.tokens import TokenIssuer
from orderdesk_sdk.plugin import Clock, Limit

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "PLAN", "REFRESH_TOKEN", "SELLER", "MarketplaceSimulator"]

CLIENT_ID = "amzn1.application-oa2-client.rehearsed"
CLIENT_SECRET = "rehearsed-client-secret"
REFRESH_TOKEN = "Atzr|rehearsed-refresh-token"
SELLER = "A1REHEARSEDSELLER"
TOKEN_PATH = "/auth/o2/token"
FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
ORDERS = "/orders/2026-01-01/orders"
PLAN: Mapping[str, Limit] = {
    "createFeedDocument": Limit(0.5, burst=15),
    "createFeed": Limit(0.0083, burst=15),
    "getFeed": Limit(2, burst=15),
    "getFeedDocument": Limit(0.0222, burst=10),
    "getOrder": Limit(0.5, burst=30),
    "cancelOrder": Limit(1, burst=5),
}
"""The usage plans of the models; cancelOrder's is that of the withdrawn version."""
OTHERS: Mapping[str, Limit] = {"getFeeds": Limit(0.0222, burst=10), "cancelFeed": Limit(2, burst=15)}
"""Those of what the plugin does not call."""

_OPERATIONS = (
    ("POST", re.compile(re.escape(DOCUMENTS)), "createFeedDocument"),
    ("GET", re.compile(re.escape(DOCUMENTS) + r"/([^/]+)"), "getFeedDocument"),
    ("POST", re.compile(re.escape(FEEDS)), "createFeed"),
    ("GET", re.compile(re.escape(FEEDS)), "getFeeds"),
    ("GET", re.compile(re.escape(FEEDS) + r"/([^/]+)"), "getFeed"),
    ("DELETE", re.compile(re.escape(FEEDS) + r"/([^/]+)"), "cancelFeed"),
    ("GET", re.compile(re.escape(ORDERS) + r"/([^/]+)"), "getOrder"),
    ("PUT", re.compile(re.escape(ORDERS) + r"/([^/]+)/cancellation"), "cancelOrder"),
)
_API_REASONS = frozenset(
    {"NO_INVENTORY", "BUYER_CANCELLED", "SHIPPING_ADDRESS_UNDELIVERABLE", "CUSTOMER_EXCHANGE", "PRICING_ERROR"}
)
_WITH_RATE = frozenset({200, 201, 202, 400, 404})
_BUYERS: Mapping[str, str | None] = {"silent": None, "asks": "BOUGHT_BY_MISTAKE", "asks for no reason": ""}
"""Why the buyer wants an order canceled, by the switch; None: they do not."""


class MarketplaceSimulator(TokenIssuer):
    """Amazon Marketplace by the clock, over HTTP and by method. `seed` makes its tokens, ids and signatures."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption(
            "fate", ("honored", "error", "ignored", "ships anyway"), description="how an order's message in a feed ends"
        ),
        BehaviorOption(
            "feed", ("DONE", "FATAL", "CANCELLED"), description="how a feed ends that is created from now on"
        ),
        BehaviorOption(
            "report",
            ("plain", "gzip", "cp1252", "namespace", "by number", "unnamed", "counts only", "incomplete", "absent"),
            description="how reports are written, if at all, and whether they name the order",
        ),
        BehaviorOption("fulfilled_by", ("MERCHANT", "AMAZON"), description="who sends the orders that come in"),
        BehaviorOption(
            "buyer",
            ("silent", "asks", "asks for no reason"),
            description="whether the buyer of an order that comes in asks Amazon to cancel it",
        ),
        BehaviorOption(
            "canceled_by", ("named", "unnamed"), description="whether a canceled order says who has canceled it"
        ),
        BehaviorOption("cancel_order", ("absent", "works"), description="whether the withdrawn cancelOrder is there"),
        BehaviorOption(
            "user_agent", ("ignored", "required"), description="whether a user-agent without Language answers 400"
        ),
    )
    canceled_statuses = frozenset({Status.CANCELLED.value})
    contradicting_options: ClassVar[Mapping[str, str]] = {"fate": "ships anyway"}

    _tokens: RefreshTokens

    def __init__(self, clock: Clock, *, durations: Durations | None = None, seed: str = "amazon-marketplace") -> None:
        super().__init__(clock)
        self._seed = seed
        self._durations = durations or Durations()
        self._orders = Orders[Order]()
        self._store = Store(seed)
        self._feeds = FeedQueue(SELLER, self._orders, self._store, self._durations, self._fate, self._record_event)
        self._tokens = RefreshTokens(
            seed, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, prefix="Atza|"
        )
        self._quota = Quota({**PLAN, **OTHERS})
        self._answers = 0

    def settings(self, url: str) -> Mapping[str, object]:
        return {
            "seller_id": SELLER,
            "marketplace_ids": [MARKETPLACE],
            "refresh_token": REFRESH_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "endpoint": url,
            "store": url,
            "token_url": url + TOKEN_PATH,
        }

    def actual_status(self, remote_id: str) -> str:
        with self.at_present():
            return self.order(remote_id).status.value

    def order(self, remote_id: str) -> Order:
        """The order itself, to look into or to change. Raises NotFoundError for one that is not there."""
        with self.lock:
            return self._orders.require(remote_id)

    def add_order(
        self,
        remote_id: str,
        *,
        lines: Sequence[tuple[str, int]],
        status: Status | str = Status.UNSHIPPED,
        fulfilled_by: str | None = None,
        buyer_asked: str | None = None,
        canceled_by: str = "MERCHANT",
    ) -> None:
        """Put an order there, with made-up item ids. `lines` are (sku, quantity).

        What is None is as the switches say.

        Raises ValidationError for a used id.
        """
        with self.at_present() as now:
            first = 10 * len(self._orders)
            items = [Item(f"{68828574380000 + first + at}", *line) for at, line in enumerate(lines, start=1)]
            sender = fulfilled_by or self.option("fulfilled_by", remote_id)
            asked = buyer_asked if buyer_asked is not None else _BUYERS[self.option("buyer", remote_id)]
            made = Order(remote_id, items, now, Status(status), now, sender, asked, canceled_by)
            self._orders.add(remote_id, made)
            self.record("add_order", remote_id, f"created: {made.status}")

    def put_status(self, remote_id: str, status: Status | str) -> None:
        with self.at_present() as now:
            self._orders.require(remote_id).enter(Status(status), now)
            self.record("put_status", remote_id, f"-> {status}")

    def advance_to_present(self) -> None:
        self._feeds.report = self.option("report")
        self._feeds.settle(self.clock.now())

    def _fate(self, remote_id: str) -> str:
        return self.option("fate", remote_id)

    def _record_event(self, remote_id: str, effect: str, at: datetime) -> None:
        self.record("feed", remote_id, effect, at=at)

    def respond(self, request: Request, body: bytes) -> Response:
        if request.url.path == TOKEN_PATH:
            return self.logged_response("token", None, self._tokens.exchange(request, body, self.clock.now()))
        if request.url.path.startswith(STORE_PATH + "/"):
            return self._stored(request, body)
        return self._operation(request, body)

    def expired_token(self, request: Request) -> Response:
        self._tokens.expire(request.headers.get("x-amz-access-token", ""))
        return self._respond("token", None, _denied("the access token has expired"))

    def _stored(self, request: Request, body: bytes) -> Response:
        """A call to the object store. That it refuses Amazon's token, which leaked if it comes here, is our choice."""
        name = request.url.path.removeprefix(STORE_PATH + "/")
        found = self._store.opens(request.method, name, request.url.query, self.clock.now())
        leaked = "x-amz-access-token" in request.headers
        if found is None or leaked:
            self.record("store", None, "refused: a token leaked" if leaked else "refused: the URL is not good")
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        if request.method == "GET":
            self.record("store", None, f"{len(found.content or b'')} bytes read")
            return Response(found.content or b"", 200, media_type="application/octet-stream")
        if request.headers.get("content-type") != found.content_type:
            self.record("store", None, "refused: another content type than announced")
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403, media_type="application/xml")
        found.content = body
        self.record("store", None, f"{len(body)} bytes stored")
        return Response(b"", 200)

    def _operation(self, request: Request, body: bytes) -> Response:
        matches = [
            (operation, found[1] if found.groups() else "")
            for method, pattern, operation in _OPERATIONS
            if method == request.method and (found := pattern.fullmatch(request.url.path)) is not None
        ]
        if not matches:
            outcome = _rejected(404, "NotFound", "no such operation, or not simulated")
            return self._respond(request.url.path, None, outcome)
        operation, name = matches[0]
        outcome = self._admit(operation, request) or self._perform(operation, name, request, body)
        order = name if operation in ("getOrder", "cancelOrder") else None
        return self._respond(operation, order, outcome)

    def _admit(self, operation: str, request: Request) -> CallResult | None:
        # Amazon's guide demands the attribute, and Amazon's own client sends none: switched on it is asked for.
        if self.option("user_agent") == "required" and not names_language(request):
            return _rejected(400, "InvalidInput", "user-agent: must have a Language attribute (simulator's choice)")
        if not self._tokens.is_valid(request.headers.get("x-amz-access-token", ""), self.clock.now()):
            return _denied("the access token is missing, unknown or has expired")
        if not self._quota.take(operation, self.clock.monotonic()):
            return _rejected(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        return None

    def _perform(self, operation: str, name: str, request: Request, body: bytes) -> CallResult:
        now, base = self.clock.now(), _own_url(request)
        content: object = None
        if request.method in ("POST", "PUT"):
            try:
                content = json.loads(body)
            except ValueError:
                return _rejected(400, "InvalidInput", "body: is no JSON")
        given = content if isinstance(content, dict) else {}
        match operation:
            case "createFeedDocument":
                return self._create_document(given, base, now)
            case "createFeed":
                return self._create_feed(given, now)
            case "getFeed":
                feed = self._feeds.feeds.get(name)
                if feed is None:
                    return _rejected(404, "NotFound", "no such feed")
                return CallResult(200, f"read: {feed.status}", feed_view(feed))
            case "getFeeds":
                page = listed([*self._feeds.feeds.values()], request.query_params, now)
                return (
                    _rejected(400, "InvalidInput", "Invalid input") if page is None else CallResult(200, "listed", page)
                )
            case "cancelFeed":
                return self._cancel_feed(name)
            case "getFeedDocument":
                if name not in self._store.documents:
                    return _rejected(404, "NotFound", "no such document")
                shown: dict[str, object] = {
                    "feedDocumentId": name,
                    "url": self._store.url(base, "GET", name, now),
                }
                if (self._store.documents[name].content or b"")[:2] == b"\x1f\x8b":
                    shown["compressionAlgorithm"] = "GZIP"
                return CallResult(200, "read", shown)
            case _:
                return self._order_call(operation, name, request, given, now)

    def _create_document(self, given: Mapping[str, object], base: str, now: datetime) -> CallResult:
        kind = given.get("contentType")
        if not isinstance(kind, str) or not kind:
            return _rejected(400, "InvalidInput", "contentType: is required")
        made = self._store.create(kind)
        url = self._store.url(base, "PUT", made.document_id, now)
        return CallResult(201, "created", {"feedDocumentId": made.document_id, "url": url})

    def _create_feed(self, given: Mapping[str, object], now: datetime) -> CallResult:
        kind, markets, source = given.get("feedType"), given.get("marketplaceIds"), given.get("inputFeedDocumentId")
        found = self._store.documents.get(str(source))
        if not isinstance(kind, str) or not isinstance(markets, list) or not 1 <= len(markets) <= 25:
            return _rejected(400, "InvalidInput", "Invalid input")
        if found is None or found.content is None:  # A document without content: refused here, by our choice.
            return _rejected(400, "InvalidInput", "Invalid input")
        feed = self._feeds.create(kind, [str(one) for one in markets], found, now, FeedStatus(self.option("feed")))
        return CallResult(202, f"created: feed {feed.feed_id}", {"feedId": feed.feed_id}, Effect.CANCEL_ACCEPTED)

    def _cancel_feed(self, name: str) -> CallResult:
        """That a feed which is not in the queue answers 400 is the simulator's choice."""
        feed = self._feeds.feeds.get(name)
        if feed is None:
            return _rejected(404, "NotFound", "no such feed")
        if not self._feeds.cancel(feed):
            return _rejected(400, "InvalidInput", f"the feed is {feed.status}")
        return CallResult(200, f"canceled: feed {name}", None)

    def _order_call(
        self, operation: str, name: str, request: Request, given: Mapping[str, object], now: datetime
    ) -> CallResult:
        if operation == "cancelOrder" and self.option("cancel_order") == "absent":
            return _denied("there is no such call")
        if not re.fullmatch(r"\d{3}-\d{7}-\d{7}", name):
            return _rejected(400, "InvalidInput", f"OrderId: {name} is invalid, should be in 3-7-7 format.")
        order = self._orders.get(name)
        if order is None:
            return _rejected(404, "NotFound", "no such order")
        if operation == "getOrder":
            included = frozenset(request.query_params.get("includedData", "").split(","))
            shown = order_view(order, included, says_who=self.option("canceled_by", name) == "named")
            return CallResult(200, f"read: {order.status}", shown)
        if given.get("cancelReasonCode") not in _API_REASONS:
            return _rejected(400, "InvalidInput", "cancelReasonCode: is not one of the five")
        if order.status not in CANCELABLE or order.fulfilled_by == "AMAZON":
            return _rejected(400, "InvalidInput", f"the order is {order.status} (simulator's choice)")
        fate = self._fate(name)
        if fate in ("honored", "ships anyway"):
            order.canceled_by, order.reason = "MERCHANT", str(given["cancelReasonCode"])
            order.plan = (now + self._durations.change, Status.CANCELLED if fate == "honored" else Status.SHIPPED)
        return CallResult(202, f"cancel taken, to be {fate}", effect_kind=Effect.CANCEL_ACCEPTED)

    def _respond(self, operation: str, remote_id: str | None, outcome: CallResult) -> Response:
        self._answers += 1
        request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._seed}:{self._answers}"))
        headers = {"x-amzn-RequestId": request_id}
        if outcome.status >= 400:
            headers["x-amzn-ErrorType"] = "AccessDeniedException" if outcome.status == 403 else "InvalidInputException"
        plan = PLAN.get(operation) or OTHERS.get(operation)
        if plan is not None and outcome.status in _WITH_RATE:
            headers["x-amzn-RateLimit-Limit"] = str(plan.per_second)
        return self.logged_response(operation, remote_id, outcome, headers=headers)


def _own_url(request: Request) -> str:
    """Where the simulator is reached: by its socket, since a public client makes its Host header by cutting a URL."""
    host, port = request.scope["server"]
    return f"{request.url.scheme}://{host}:{port}"


def _rejected(status: int, code: str, text: str) -> CallResult:
    """An error body. Codes and texts are the simulator's choice, but for QuotaExceeded and the 3-7-7 text."""
    return CallResult(status, f"refused: {status} {text}", {"errors": [{"code": code, "message": text}]})


def _denied(why: str) -> CallResult:
    body = {
        "code": "Unauthorized",
        "message": "Access to requested resource is denied.",
        "details": f"simulator: {why}",
    }
    return CallResult(403, f"denied: {why}", {"errors": [body]})
