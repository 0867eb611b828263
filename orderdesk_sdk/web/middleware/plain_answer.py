"""An answer of middleware that stands before everything that makes pages: plain text, or JSON below /api/."""

from __future__ import annotations

import json
import secrets

from starlette.types import Scope, Send

__all__ = ["send_plain_answer"]


async def send_plain_answer(scope: Scope, send: Send, status: int, text: str) -> None:
    """Answer, and close the connection: what is left of the request is not read."""
    is_api = scope["path"].startswith("/api/")
    kind = b"application/json" if is_api else b"text/plain; charset=utf-8"
    body = (_json(text) if is_api else f"{text}\n").encode()
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _json(text: str) -> str:
    return json.dumps({"error": {"code": "refused", "id": secrets.token_hex(6), "message": text}})
