"""An answer in plain text, of middleware that stands before everything that makes pages."""

from __future__ import annotations

from starlette.types import Send

__all__ = ["send_plain_answer"]


async def send_plain_answer(send: Send, status: int, text: str) -> None:
    """Answer, and close the connection: what is left of the request is not read."""
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
