"""The services of the toy integrations that lie: those that give a lie its occasion."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from tests.support.toy_simulators import QuickShop, ToyShop

__all__ = [
    "GetShop",
    "NamingShop",
    "NotingShop",
    "PieceShop",
    "QuickShop",
    "SigningShop",
    "SilentShop",
    "ToyShop",
    "VersionedShop",
]

SIGNING_KEY = "signs-the-messages-of-toys-3c9d"


class NamingShop(QuickShop):
    """Names the order in its refusals."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        return status, {"number": path.split("/")[2], **said}


class NotingShop(ToyShop):
    """Notes in its log who reads what."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        if method == "GET":
            self.record("read", path.split("/")[2], "read")
        return super()._answer(method, path, body)


class PieceShop(QuickShop):
    """Cancels as many pieces of each line as it is told, and the whole order where it is told none."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._pieces: dict[str, dict[str, int]] = {}
        self._canceled: dict[str, dict[str, int]] = {}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        super().add_order(remote_id, lines=lines)
        self._pieces[remote_id] = dict(lines)

    def actual_status(self, remote_id: str) -> str:
        status = super().actual_status(remote_id)
        is_whole = self._canceled.get(remote_id) == self._pieces.get(remote_id)
        return "open" if status == "canceled" and not is_whole else status

    def canceled_quantities(self, remote_id: str) -> Mapping[str, int]:
        return self._canceled.get(remote_id, {})

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        if method == "PUT" and said.get("taken"):
            number = path.split("/")[2]
            self._canceled[number] = json.loads(body or b"{}") or self._pieces[number]
        return status, said


class GetShop(ToyShop):
    """Is canceled by a GET."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        return super()._answer("PUT" if path.endswith("/cancel") else method, path, body)


class VersionedShop(ToyShop):
    """Changes an order only for whoever has read it as it is, or says that any version will do."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._edits = 0

    def change_order(self, remote_id: str) -> bool:
        self._edits += 1
        return True

    def respond(self, request: Request, body: bytes) -> Response:
        etag = f'"v{self._edits + 1}"'
        if request.method == "PUT" and request.headers.get("if-match") not in (etag, "*"):
            return JSONResponse({"error": "it was changed"}, 412)
        response = super().respond(request, body)
        response.headers["etag"] = etag
        return response


class SigningShop(ToyShop):
    """Sends signed messages."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {**super().settings(url), "webhook_secret": SIGNING_KEY}

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        body = json.dumps({"number": remote_id, "event": "changed"}).encode()
        return (self.sign_webhook(WebhookRequest({"x-event": "changed"}, body)),)

    def unrelated_webhooks(self) -> Sequence[WebhookRequest]:
        body = json.dumps({"event": "advertisement"}).encode()
        return (self.sign_webhook(WebhookRequest({"x-event": "advertisement"}, body)),)

    def put_status(self, remote_id: str, status: str) -> None:
        """Of the toys' states only the first can be put."""
        if status != "open":
            super().put_status(remote_id, status)

    def sign_webhook(self, message: WebhookRequest) -> WebhookRequest:
        def signature(text: bytes) -> str:
            return hmac.new(SIGNING_KEY.encode(), text, hashlib.sha256).hexdigest()

        signatures = {"x-signature": signature(message.body), "x-signature-of-head": signature(message.body[:10])}
        return evolve(message, headers={**message.headers, **signatures})


class SilentShop(SigningShop):
    """Has webhooks, and sends none."""

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        return ()
