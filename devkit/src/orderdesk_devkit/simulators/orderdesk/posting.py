"""Post Order JSON: how Order Desk writes an order, signs it, and posts it to a script."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import quote_plus, urlsplit

from orderdesk_sdk.errors import ValidationError

__all__ = ["form_body", "php_json", "post_form", "require_loopback", "signature"]

_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/.*)?")
_TIMEOUT: Final = 30.0
"""Seconds that Order Desk waits for an answer."""


def php_json(value: object, *, raw_text: bool = False) -> str:
    r"""JSON as PHP's json_encode writes it: `/` as `\/`, keys in their order, no blanks.

    Args:
        raw_text: what is not ASCII stands as it is, and not as an escape such as `\u00fc`.
    """
    # A slash can only stand inside a text, where it may always be escaped.
    return json.dumps(value, ensure_ascii=not raw_text, separators=(",", ":")).replace("/", "\\/")


def signature(order_field: str, api_key: str) -> str:
    """X-ORDER-DESK-HASH: the hex HMAC-SHA256 of the form field as it is, keyed with the store's API key."""
    return hmac.new(api_key.encode(), order_field.encode(), hashlib.sha256).hexdigest()


def form_body(order_field: str) -> bytes:
    """The form with its one field."""
    return f"order={quote_plus(order_field)}".encode()


def require_loopback(url: str) -> None:
    """Raises ValidationError for a URL of another machine: nothing that is simulated leaves this one."""
    if not _LOOPBACK.fullmatch(url) or not _has_port_of_tcp(url):
        raise ValidationError(f"{url!r} is not on this machine", location="url", hint="give http://127.0.0.1:PORT/PATH")


def _has_port_of_tcp(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def post_form(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """The HTTP status that the script answered; None where there was no answer. Blocks for 30 seconds at most."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return response.status
