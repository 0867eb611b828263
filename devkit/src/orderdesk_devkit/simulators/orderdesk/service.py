"""The simulated service: the API over HTTP, who is let in, and what is remembered of each request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.simulators.http_requests import parse_json_body, path_below, secrets_match
from orderdesk_devkit.simulators.orderdesk.access import (
    API_KEY,
    STORE_ID,
    Bucket,
    RequestEntry,
    has_name_of_its_own,
    known_headers,
)
from orderdesk_devkit.simulators.orderdesk.calls import ApiCall, Refused, StoreContext
from orderdesk_devkit.simulators.orderdesk.control_calls import answer_control_call
from orderdesk_devkit.simulators.orderdesk.routes import Routes
from orderdesk_devkit.simulators.orderdesk.store_simulator import SimulatedStore
from orderdesk_devkit.simulators.simulator import CallResult, Effect, receive_request
from orderdesk_devkit.simulators.threads import in_thread
from orderdesk_sdk.clock import Clock

__all__ = ["BASE", "OrderDeskSimulator"]

BASE: Final = "/api/v2"


class OrderDeskSimulator(SimulatedStore):
    """A store by the clock, over HTTP and by method. A simulator, not Order Desk."""

    def __init__(self, clock: Clock, *, store_id: str = STORE_ID, api_key: str = API_KEY) -> None:
        super().__init__(clock, store_id=store_id, api_key=api_key)
        self.bucket = Bucket()
        self.requests: list[RequestEntry] = []
        """Every request, oldest first, refused ones too."""
        self._pause_until: float | None = None
        context = StoreContext(
            state=self.state,
            views=self.views,
            store_id=store_id,
            option=self.option,
            log=self.record,
            misuse=self.record_misuse,
            move=self.move,
            edit=self.edit_by_another,
            use_up=self.use_up,
        )
        self._routes = Routes(context, api_key)

    def settings(self, url: str) -> Mapping[str, object]:
        """What the `[orders]` table of a configuration holds for this store."""
        contact = "somebody@example.com"
        return {"url": url + BASE, "store_id": self.store_id, "api_key": self.api_key, "contact": contact}

    def control_call(self, method: str, call: str, body: bytes) -> dict[str, object]:
        answer = answer_control_call(self, method, call, body)
        if self.option("rule_posts") != "by hand":
            self.deliver_due()
        return answer

    async def service(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive_request(scope, receive)
        if request is None:
            return
        body = await request.body()
        with self.at_present():
            response = self.respond(request, body)
        when = self.option("rule_posts")
        if when == "before the reply":
            await self._deliver()
        await response(scope, receive, send)
        if when == "after the reply":
            await self._deliver()

    async def _deliver(self) -> None:
        if self.appointments.due(self.clock.now()):
            await in_thread(self.deliver_due)

    def respond(self, request: Request, body: bytes) -> Response:
        method = request.method
        if method == "POST" and request.headers.get("x-http-method-override", "").upper() == "PUT":
            method = "PUT"
        parts, query = tuple(path_below(request, BASE) or ()), dict(request.query_params)
        result, headers = self._admit(request)
        if result is None:
            result = self._answer(ApiCall(method, parts, query, parse_json_body(body), self.clock.now()))
        if result.status == 429:
            headers = self._pause_headers(headers)
        known = known_headers(request.headers)
        self.requests.append(
            RequestEntry(
                self.clock.now(), method, request.url.path, query, known, body, result.status, self.bucket.tokens
            )
        )
        order = parts[1] if len(parts) > 1 else _created_order(result)
        return self.logged_response(f"{method} /{'/'.join(parts)}", order, result, headers=headers)

    def _admit(self, request: Request) -> tuple[CallResult | None, dict[str, str]]:
        """The refusal of a request that is not let in, else None; and the headers of its reply."""
        given = (request.headers.get("orderdesk-store-id"), request.headers.get("orderdesk-api-key"))
        if not (secrets_match(given[0], self.store_id) and secrets_match(given[1], self.api_key)):
            return _refusal(401, "SIM: store id or API key is wrong"), {}
        if not has_name_of_its_own(request.headers.get("user-agent", "")):
            self.record_misuse("no User-Agent of its own", None)
        if self.option("rate_limit") == "off":
            return None, {}
        now = self.clock.monotonic()
        if self._pause_until is not None and now < self._pause_until:
            self.record_misuse("a request before X-Retry-After was over", None)
        admitted = self.bucket.take(now)
        headers = {"X-Tokens-Remaining": str(self.bucket.tokens)}
        if admitted:
            return None, headers
        self._pause_until = now + self.bucket.retry_after
        return _refusal(429, "SIM: too many requests"), headers

    def _pause_headers(self, headers: dict[str, str]) -> dict[str, str]:
        match self.option("rate_headers"):
            case "none":
                return {}
            case "X-Retry-After only":
                return {"X-Retry-After": str(self.bucket.retry_after)}
            case _:
                return {**headers, "X-Retry-After": str(self.bucket.retry_after)}

    def _answer(self, call: ApiCall) -> CallResult:
        try:
            return self._routes.answer(call)
        except Refused as refused:
            status = refused.status if refused.always or self.option("refused_as") == "4xx" else 200
            return _refusal(status, str(refused))


def _created_order(result: CallResult) -> str | None:
    """The id of the order that a call has created; None for any other call."""
    match result.body:
        case {"order": {"id": str(number)}} if result.effect_kind is Effect.ORDER_CREATED:
            return number
        case _:
            return None


def _refusal(status: int, message: str) -> CallResult:
    body = {"status": "error", "message": message, "execution_time": "0.0101 seconds"}
    return CallResult(status, f"refused: {message.removeprefix('SIM: ')}", body)
