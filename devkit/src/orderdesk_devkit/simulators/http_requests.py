"""What a simulator reads out of a call, and how it writes a time: each takes whatever comes, and refuses nothing."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

__all__ = [
    "basic",
    "bearer",
    "form_in",
    "json_in",
    "moment_in",
    "names_language",
    "object_in",
    "path_below",
    "raw_path",
    "same",
    "stamp",
]


def raw_path(request: Request) -> str:
    """The path as it was sent, still encoded, without the query."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.decode("utf-8", "replace").partition("?")[0]


def path_below(request: Request, base: str) -> list[str] | None:
    """The parts of the path after `base`, decoded: empty for `base` itself, None for another path.

    Split before decoding, so that an encoded slash stays in its part. A slash at the end says nothing.
    """
    path = raw_path(request)
    if path != base and not path.startswith(base + "/"):
        return None
    return [unquote(part) for part in path.removeprefix(base).rstrip("/").split("/")[1:]]


def json_in(body: bytes) -> object:
    """The JSON document of a body. None for anything else, in which whoever judges it finds nothing that it needs."""
    try:
        document: object = json.loads(body)
    except ValueError:
        return None
    return document


def object_in(body: bytes) -> Mapping[str, object]:
    """The JSON object of a body; an empty one for anything else."""
    document = json_in(body)
    return document if isinstance(document, dict) else {}


def form_in(body: bytes) -> dict[str, str]:
    """The fields of a form, without those that are empty; the last one where a name comes twice."""
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def moment_in(text: str) -> datetime | None:
    """The moment that an ISO 8601 text with a zone names; None for any other text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def bearer(request: Request) -> str:
    """The token that a request presents (RFC 6750); "" where it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def names_language(request: Request) -> bool:
    """Whether the user agent has what Amazon asks for: a Language attribute, and 500 characters at most.

    Source: https://developer-docs.amazon.com/sp-api/docs/include-a-user-agent-header-in-all-requests
    """
    agent = request.headers.get("user-agent", "")
    return len(agent) <= 500 and re.search(r"\(.*Language=[^;)]", agent) is not None


def basic(user: str, secret: str) -> str:
    """The authorization header of user and secret (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"


def same(given: str | None, wanted: str) -> bool:
    """Whether a header holds what it should, compared as secrets are; None: there is no such header."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


def stamp(moment: datetime, precision: Literal["seconds", "milliseconds"] = "seconds") -> str:
    """A moment as most services write it, in UTC: 2026-01-05T09:00:00Z."""
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
