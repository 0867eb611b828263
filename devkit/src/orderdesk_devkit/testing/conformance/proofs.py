"""Which call's response a verdict rests on, as the service names the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx
from starlette.types import Scope

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.receipt import evidence_receipt
from orderdesk_sdk.transport.http.replay import request_digest

__all__ = ["HeardCall", "digest_of", "proof_of"]


class HeardCall(Protocol):
    """A call as the simulator heard it."""

    @property
    def operations(self) -> tuple[str, ...]:
        """What the service calls it, as its log has it."""

    @property
    def digest(self) -> str:
        """Of the request, as a ledger has it."""


def digest_of(scope: Scope, body: bytes) -> str:
    """The digest of a request that a server got, as the ledger of who sent it has it."""
    headers = [(name, value) for name, value in scope["headers"] if name in (b"host", b"if-match")]
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    url = b"http://" + dict(headers).get(b"host", b"") + scope["raw_path"].partition(b"?")[0] + query
    return request_digest(httpx.Request(scope["method"], url.decode(), headers=headers, content=body))


def proof_of(case: Case, history: Sequence[HistoryEntry], calls: Sequence[HeardCall]) -> str | None:
    """The call whose response is the evidence, as the service names it; None where nothing proves anything.

    One that was made again later, and was answered otherwise then, is called an earlier one.
    """
    evidence = evidence_receipt(case, history)
    if evidence is None or evidence.exchange is None:
        return None
    proof = evidence.exchange
    named = [call.operations[-1] for call in calls if call.digest == proof.intent.digest and call.operations]
    name = named[-1] if named else f"{proof.intent.method} {unquote(urlsplit(proof.intent.url).path)}"
    kept = [one.content for one in history if isinstance(one.content, Exchange)]
    same = [one for one in kept if one.intent.digest == proof.intent.digest]
    return name if same[-1] is proof or same[-1].body == proof.body else f"an earlier {name}"
