"""A tap on a served app: which requests came in, byte by byte, and a hand on what goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from attrs import frozen
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RecordedResponse", "RecordedRequest", "RequestRecorder"]


@frozen
class RecordedRequest:
    """A request as it came in.

    Args:
        path: as it was sent, percent-encoded.
        headers: by lower-case name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> object:
        """The JSON body decoded; None for an empty one."""
        return json.loads(self.body) if self.body else None


@frozen
class RecordedResponse:
    """A response as it went out, and what it answers."""

    request: RecordedRequest
    status: int
    body: bytes


class RequestRecorder:
    """`app`, with every request that comes in written down in `requests`, and every whole response in `responses`.

    `override`, given a request, returns a status and a JSON text to answer with, or None to let the app have it.
    `edit_response`, given a request and the body of the app's response, returns the body to send in its place.
    Both are None at first.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests: list[RecordedRequest] = []
        self.responses: list[RecordedResponse] = []
        self.override: Callable[[RecordedRequest], tuple[int, str] | None] | None = None
        self.edit_response: Callable[[RecordedRequest, bytes], bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self.override is not None:
            seen = _recorded_request(scope, body := await _whole(receive))
            answer = self.override(seen)
            if answer is not None:
                self.requests.append(seen)
                status, text = answer
                await Response(text, status, media_type="application/json")(scope, receive, send)
                return
            receive = _replay_receive(body, receive)
        await self._forward(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app have the request, and keep what it was asked and what it answered."""
        parts: list[bytes] = []
        whole: list[RecordedRequest] = []

        async def read() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    whole.append(_recorded_request(scope, b"".join(parts)))
                    self.requests.append(whole[0])
            return message

        edit = self.edit_response
        start: Message = {}
        given = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                given.extend(message.get("body", b""))
                if not message.get("more_body", False) and whole:
                    # Before the client has it all: whoever asks then must find it here.
                    self.responses.append(RecordedResponse(whole[0], start["status"], bytes(given)))
            if edit is None:
                await send(message)

        await self._app(scope, read, keep)
        if edit is None or not start:  # A fault has broken the connection; there is no response to edit.
            return
        assert whole, "the app answered a request that it did not read"
        edited = edit(whole[0], bytes(given))
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(edited)).encode())]})
        await send({"type": "http.response.body", "body": edited})


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay_receive(body: bytes, receive: Receive) -> Receive:
    """What gives a request that was read already, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read


def _recorded_request(scope: Scope, body: bytes) -> RecordedRequest:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query: bytes = scope["query_string"]
    return RecordedRequest(scope["method"], raw.decode("ascii").partition("?")[0], query.decode("ascii"), headers, body)
