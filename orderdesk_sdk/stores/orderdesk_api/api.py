"""Calls to Order Desk's API v2, by three headers, within a bucket that obeys the store's own count of tokens.

Limits and etiquette: https://help.orderdesk.com/article/914-etiquette-for-using-order-desks-api. No official text says
what error responses look like, so each is classified by its HTTP status, and by `status: "error"` where that is 200;
its words are only shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from orderdesk_sdk.cases.call_counts import CallCounts
from orderdesk_sdk.cases.exchange import Certainty, Exchange
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError, NotFoundError, StorageError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.integration import Integration, Limit
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.secret import HIDDEN
from orderdesk_sdk.stores.orderdesk_api.errors import RejectedError, StoreUnavailableError, UnclearOutcomeError
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.connection_state import ConnectionState, LocalConnectionState
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.http.rate_limit import RateBucket
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    import httpx

__all__ = ["LIMIT", "PLACE", "ApiReply", "OrderDeskApi", "order_desk_integration"]

LIMIT: Final = Limit(3, burst=20)
"""Calls to one store, by whichever program: a bucket of 20 that refills by 3 a second."""
PLACE: Final = "Order Desk"
_FEW_TOKENS: Final = 2
"""Tokens that are left to the store's other programs: with no more than these, calls pause until there are more."""
_MAX_SHOWN: Final = 200
"""Characters that are shown of a message of Order Desk's."""
_OPERATION: Final = "api"


@frozen
class ApiReply:
    """A response that says nothing of an error."""

    document: Mapping[str, object]
    location: str
    """Which call it answers, for messages."""

    def malformed(self, message: str) -> MalformedResponseError:
        """What to raise where it has not the shape it should have."""
        return MalformedResponseError(message, location=self.location)


class _ObservedState:
    """The state of a connection; remembers the bucket, which the store's own count of tokens can close."""

    def __init__(self, state: ConnectionState) -> None:
        self._state = state
        self.observed: RateBucket | None = None

    @property
    def token_store(self) -> TokenStore | None:
        return self._state.token_store

    @property
    def call_counts(self) -> CallCounts:
        return self._state.call_counts

    def bucket(self, operation: str, limit: Limit) -> RateBucket:
        self.observed = self._state.bucket(operation, limit)
        return self.observed


class OrderDeskApi:
    """The API of one store. Safe from many threads.

    Every call raises StoreUnavailableError where it was not made or told nothing, ConfigurationError for rejected
    credentials, NotFoundError for 404, RejectedError for every other error that the store answers with, and
    MalformedResponseError for what is no response of its API.
    """

    def __init__(
        self,
        settings: OrderDeskSettings,
        clock: Clock,
        state: ConnectionState | None = None,
        limits: HttpLimits | None = None,
    ) -> None:
        """state: the bucket that all processes share; None is one of this process."""
        self._state = _ObservedState(state or LocalConnectionState(clock))
        redactor = Redactor.of_settings((), settings)
        self._client = HttpClient(order_desk_integration(), settings, redactor, clock, limits, self._state)
        self._redactor = redactor
        agent = f"orderdesk-sdk/{_version()} (+{settings.contact})"
        self._service = Service(PLACE, settings, settings.url, clock.now(), agent, ConnectionRole.FULFILLMENT)

    def close(self) -> None:
        """Close its connections. Calls after this fail."""
        self._client.close()

    def get(self, *segments: str, params: Mapping[str, str] | None = None) -> ApiReply:
        """Read something. Sent again a few times where that may help."""
        request = self._service.request(
            "GET",
            "",
            *segments,
            operation=_OPERATION,
            redact_response=True,
            params=params,
            headers={"content-type": "application/json"},
        )
        return self._call(request, f"GET {'/'.join(segments)}", ())

    def change(self, method: str, *segments: str, json: object, private: Collection[str] = ()) -> ApiReply:
        """Change something; sent once, but where nothing was done for sure.

        Args:
            private: texts of people that the request holds, hidden where Order Desk's words repeat them.

        Raises UnclearOutcomeError where nobody knows whether it was done.
        """
        request = self._service.request(method, "", *segments, operation=_OPERATION, redact_response=True, json=json)
        return self._call(request, f"{method} {'/'.join(segments)}", private)

    def _call(self, request: httpx.Request, name: str, private: Collection[str]) -> ApiReply:
        location = f"{PLACE}, {name}"
        exchange, response = self._client.call(request, 1, lambda _: None)
        if response is None:
            raise _failure(exchange, location)
        self._obey_tokens(response)
        reads = exchange.intent.read_only
        status = response.status_code
        if status >= 500 or status == 408:
            raise _away(f"the store answered {status}", location, reads=reads)
        document = self._document(response, location, reads=reads)
        said = self._message(document, private)
        if status in (401, 403):
            raise ConfigurationError(
                f"the store answered {status}: {said}",
                location="[orders]",
                hint="check store_id and api_key at Order Desk under Store Settings > API",
            )
        if status == 404:
            hint = "check the id" if "/" in name else "check [orders].url"
            raise NotFoundError(f"the store answered 404: {said}", location=location, hint=hint)
        if status >= 400 or str(document.get("status", "")).strip().lower() == "error":
            raise RejectedError(
                f"the store answered with an error ({status}): {said}",
                location=location,
                hint="see what it says, and look at the order in Order Desk",
                status=status,
            )
        if not 200 <= status < 300:
            text = f"the store answered {status}, which its API never does"
            raise ConfigurationError(text, location=location, hint="check [orders].url")
        return ApiReply(document, location)

    def _document(self, response: httpx.Response, location: str, *, reads: bool) -> Mapping[str, object]:
        try:
            document = parse_json(response.content, location=location)
        except ValidationError:
            document = None  # Its words may quote what the response holds.
        if isinstance(document, dict):
            return document
        if 400 <= response.status_code < 500:
            return {}  # The status says enough: a proxy or a firewall writes no JSON.
        if reads:
            raise MalformedResponseError("the response is not a JSON object", location=location)
        raise _away("the response is not a JSON object", location, reads=False)

    def _message(self, document: Mapping[str, object], private: Collection[str]) -> str:
        """What an error response says, without secrets and without the texts of people that were sent."""
        said = " ".join(text for key in ("message", "errors") if (text := str(document.get(key) or "")))
        for text in sorted(private, key=len, reverse=True):
            said = said.replace(text, HIDDEN)
        return self._redactor.redact_text(said)[:_MAX_SHOWN] or "no message"

    def _obey_tokens(self, response: httpx.Response) -> None:
        """Pause where the store has few tokens left, whoever used them."""
        told, bucket = response.headers.get("x-tokens-remaining", ""), self._state.observed
        if bucket is None or not (told.isascii() and told.isdigit()) or len(told) > 9:
            return
        if (left := int(told)) <= _FEW_TOKENS:
            with suppress(StorageError):  # The response counts, also where the database of the bucket is away.
                bucket.close_for((_FEW_TOKENS + 1 - left) / LIMIT.per_second)


def _failure(exchange: Exchange, location: str) -> StoreUnavailableError:
    failure = exchange.failure
    assert failure is not None, "a call has a response or a failure"
    return _away(
        failure.message, location, reads=exchange.intent.read_only or failure.certainty is not Certainty.UNKNOWN
    )


def _away(message: str, location: str, *, reads: bool) -> StoreUnavailableError:
    if reads:
        return StoreUnavailableError(message, location=location, hint="nothing was changed; try again later")
    return UnclearOutcomeError(message, location=location, hint="look at the order in Order Desk, then try again")


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("orderdesk-sdk")
    except PackageNotFoundError:
        return "0"


def order_desk_integration() -> Integration:
    """Order Desk as the transport knows a service."""
    return Integration(
        slug="order-desk",
        title=PLACE,
        settings=OrderDeskSettings,
        cancel=(),
        base_url="url",
        auth=_credentials,
        limits={"*": LIMIT},
        retry_after=_pause,
    )


def _pause(response: httpx.Response) -> timedelta | None:
    """How long a response asks to be left alone at least, where it may not say so: three calls are free then."""
    return timedelta(seconds=1) if response.status_code == 429 else None


def _credentials(settings: OrderDeskSettings) -> HeaderAuth:
    return HeaderAuth({"orderdesk-store-id": settings.store_id, "orderdesk-api-key": settings.api_key})
