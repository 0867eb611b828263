"""How events are written into a stream: lines of `field: value`, an empty line after each event."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["HEADERS", "encode_comment", "encode_event", "encode_position", "encode_retry", "parse_position"]

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
"""Of every stream. The last one keeps a proxy from holding events back until many have come."""
_MAX_DIGITS = 18


def encode_event(name: str, data: Mapping[str, object], position: int | None = None) -> bytes:
    """One event.

    Args:
        position: the sequence after which its reader goes on; None leaves it where it is.
    """
    head = f"id: {position}\n" if position is not None else ""
    # JSON in ASCII holds no line break, so it is one line whatever is in it.
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def encode_position(position: int) -> bytes:
    """What moves the place at which a reader goes on, and is no event."""
    return f"id: {position}\n\n".encode()


def encode_comment(text: str) -> bytes:
    """A line that readers pass over: it shows that both sides are there."""
    return f": {text}\n\n".encode()


def encode_retry(seconds: float) -> bytes:
    """How long a reader waits before it connects again."""
    return f"retry: {round(seconds * 1000)}\n\n".encode()


def parse_position(text: str) -> int | None:
    """The sequence that `Last-Event-ID` or a query names; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None
