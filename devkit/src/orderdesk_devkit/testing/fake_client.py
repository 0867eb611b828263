"""A client and a journal without network and ledger: for driving one flow with replies and losses that a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import httpx
from attrs import evolve, frozen

from orderdesk_sdk.cases.evidence_check import About, Grounds
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.guard import Guard
from orderdesk_sdk.plugin.identity import NotStated
from orderdesk_sdk.plugin.service import CALL, CallOptions
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.failures import turned_away
from orderdesk_sdk.transport.http.replay import digest_of
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    from orderdesk_sdk.transport.http.client import ConnectionClient

__all__ = ["ANY_ORDER", "NOW", "FakeClient", "FakeJournal", "exchange_of", "intent_of"]

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANY_ORDER = Grounds({"*": NotStated("a test of flows names no order")}, (About("1", "1"),))
"""For a drive whose responses are about no order in particular."""


def intent_of(request: httpx.Request, number: int = 1) -> Intent:
    """The intent that a client would make of a request."""
    options = request.extensions.get(CALL) or CallOptions("*", repeatable=False)
    return Intent(
        number,
        options.operation,
        request.method,
        str(request.url),
        digest_of(request),
        options.repeatable,
        NOW,
        options.reads_only,
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
    return Exchange(intent_of(request, number), NOW, status, body=body, whole=whole)


@frozen
class _Reply:
    status: int
    body: bytes


class FakeClient:
    """Answers calls in turn with what it was told to; a call too many is an AssertionError."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.redactor = Redactor(secrets=[Secret(text) for text in secrets])
        self.requests: list[httpx.Request] = []
        """What was sent, in order."""
        self.before_each: Callable[[], object] = lambda: None
        self._coming: list[_Reply | Certainty | Exception] = []

    def as_client(self) -> ConnectionClient:
        """This, for `drive`, which uses no more of a client than is here."""
        return cast("ConnectionClient", self)

    def replies(self, *statuses: int, body: bytes = b"{}") -> None:
        """The next calls are answered with these."""
        self._coming += [_Reply(status, body) for status in statuses]

    def loses(self, certainty: Certainty) -> None:
        """The next call is lost, and this is what its failure proves."""
        self._coming.append(certainty)

    def raises(self, error: Exception) -> None:
        """The next call raises, as for refused credentials."""
        self._coming.append(error)

    def call(
        self,
        request: httpx.Request,
        number: int,
        intend: Callable[[Intent], None],
        guard: Guard | None = None,
        newer_than: datetime | None = None,
    ) -> tuple[Exchange, httpx.Response | None]:
        """As `ConnectionClient.call`; no code of a plugin runs meanwhile, and nothing is shared."""
        del guard, newer_than
        intend(intent_of(request, number))
        self.before_each()
        assert self._coming, f"nobody said how {request.method} {request.url} is answered"
        coming = self._coming.pop(0)
        self.requests.append(request)
        match coming:
            case Exception():
                raise coming
            case Certainty():
                return exchange_of(request, number, lost=coming), None
            case _Reply(status, body):
                response = httpx.Response(status, content=body, request=request)
                response.extensions[EXCHANGE_NUMBER] = number
                exchange = exchange_of(request, number, status=status, body=body.decode())
                away = turned_away(response, NOW, reads_only=exchange.intent.reads_only)
                if away is not None:
                    return evolve(exchange, failure=away, whole=False), None
                return exchange, response


class FakeJournal:
    """Keeps what a drive wants kept."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.exchanges: list[Exchange] = []
        self._error: Exception | None = None

    def refuses(self, error: Exception) -> None:
        """From now on no intent can be committed."""
        self._error = error

    def intend(self, intent: Intent) -> None:
        """As `flow.Journal.intend`."""
        if self._error is not None:
            raise self._error
        self.intents.append(intent)

    def keep(self, exchange: Exchange) -> None:
        """As `flow.Journal.keep`."""
        self.exchanges.append(exchange)

    def leave(self) -> None:
        """As `flow.Journal.leave`: what is kept here stays."""
