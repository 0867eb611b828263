"""A client and a journal without network and ledger.

For driving one flow with responses and losses that a test names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import httpx
from attrs import evolve, frozen

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.guard import Guard
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.failures import throttling_failure
from orderdesk_sdk.transport.http.replay import request_digest
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    from orderdesk_sdk.transport.http.client import HttpClient

__all__ = ["ANY_ORDER", "NOW", "FakeClient", "FakeJournal", "exchange_of", "intent_of"]

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANY_ORDER = AnswerVerifier({"*": NotStated("a test of flows names no order")}, (ExpectedOrder("1", "1"),))
"""For a drive whose responses are about no order in particular."""


def intent_of(request: httpx.Request, number: int = 1) -> Intent:
    """The intent that a client would make of a request."""
    options = request.extensions.get(CALL_OPTIONS) or CallOptions("*", idempotent=False)
    return Intent(
        number,
        options.operation,
        request.method,
        str(request.url),
        request_digest(request),
        options.idempotent,
        NOW,
        options.read_only,
        declared_write=options.writes,
        step=options.step,
    )


def exchange_of(
    request: httpx.Request,
    number: int = 1,
    *,
    status: int | None = 200,
    body: str = "{}",
    whole: bool = True,
    lost: Certainty | None = None,
) -> Exchange:
    """An exchange as a client would make it: answered with `status`, or `lost`."""
    if lost is not None:
        return Exchange(intent_of(request, number), NOW, failure=Failure("ReadError", lost, "lost"))
    return Exchange(intent_of(request, number), NOW, status, body=body, is_complete=whole)


@frozen
class _FakeResponse:
    status: int
    body: bytes


class FakeClient:
    """Answers calls in turn with what it was told to; a call too many is an AssertionError."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.redactor = Redactor(secrets=[Secret(text) for text in secrets])
        self.requests: list[httpx.Request] = []
        """What was sent, in order."""
        self.before_each: Callable[[], object] = lambda: None
        self._coming: list[_FakeResponse | Certainty | Exception] = []

    def as_client(self) -> HttpClient:
        """This, for `drive`, which uses no more of a client than is here."""
        return cast("HttpClient", self)

    def respond(self, *statuses: int, body: bytes = b"{}") -> None:
        """The next calls are answered with these."""
        self._coming += [_FakeResponse(status, body) for status in statuses]

    def lose(self, certainty: Certainty) -> None:
        """The next call is lost, and this is what its failure proves."""
        self._coming.append(certainty)

    def fail(self, error: Exception) -> None:
        """The next call raises, as for rejected credentials."""
        self._coming.append(error)

    def call(
        self,
        request: httpx.Request,
        number: int,
        record_intent: Callable[[Intent], None],
        guard: Guard | None = None,
        newer_than: datetime | None = None,
    ) -> tuple[Exchange, httpx.Response | None]:
        """As `HttpClient.call`; no code of a plugin runs meanwhile, and nothing is shared."""
        del guard, newer_than
        record_intent(intent_of(request, number))
        self.before_each()
        assert self._coming, f"nobody said how {request.method} {request.url} is answered"
        coming = self._coming.pop(0)
        self.requests.append(request)
        match coming:
            case Exception():
                raise coming
            case Certainty():
                return exchange_of(request, number, lost=coming), None
            case _FakeResponse(status, body):
                response = httpx.Response(status, content=body, request=request)
                response.extensions[EXCHANGE_NUMBER] = number
                exchange = exchange_of(request, number, status=status, body=body.decode())
                away = throttling_failure(response, NOW, read_only=exchange.intent.read_only)
                if away is not None:
                    return evolve(exchange, failure=away, is_complete=False), None
                return exchange, response


class FakeJournal:
    """Keeps what a drive wants kept."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.exchanges: list[Exchange] = []
        self._error: Exception | None = None

    def fail(self, error: Exception) -> None:
        """From now on no intent can be committed."""
        self._error = error

    def record_intent(self, intent: Intent) -> None:
        """As `flow.Journal.record_intent`."""
        if self._error is not None:
            raise self._error
        self.intents.append(intent)

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:  # noqa: ARG002 - all are kept
        """As `flow.Journal.record_exchange`."""
        self.exchanges.append(exchange)

    def record_steps(self, exchange: Exchange) -> None:
        """As `flow.Journal.record_steps`."""
        self.exchanges[-1] = exchange

    def save_late(self) -> None:
        """As `flow.Journal.save_late`: what is kept here stays."""
