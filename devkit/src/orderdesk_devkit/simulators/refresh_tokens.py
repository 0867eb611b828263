"""The token endpoint of a simulator: OAuth 2.0 with a refresh token, and a memory of which tokens are good until when.

The codes are those of RFC 6749, 5.2 with HTTP 400, and 401 for a bad client. Every description text is the simulator's
choice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request

from orderdesk_devkit.simulators.http_requests import object_in
from orderdesk_devkit.simulators.simulator import Outcome
from orderdesk_devkit.simulators.tokens import Tokens

__all__ = ["LIFETIME", "RefreshTokens"]

LIFETIME = timedelta(seconds=3600)

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
"""No document of Login with Amazon names it, but two public clients send it, and are answered."""


class RefreshTokens(Tokens):
    """The tokens of one simulator, who knows one client and one refresh token; each is good for an hour.

    The same `seed` gives the same tokens in turn; each begins with `prefix`.
    """

    def __init__(self, seed: str, *, client_id: str, client_secret: str, refresh_token: str, prefix: str = "") -> None:
        super().__init__(LIFETIME, lambda number: prefix + hashlib.sha256(f"{seed}:{number}".encode()).hexdigest())
        self._client = (client_id, client_secret)
        self._refresh_token = refresh_token

    def exchange(self, request: Request, body: bytes, now: datetime) -> Outcome:
        """What a token request is answered."""
        if request.method != "POST":
            return _refused("invalid_request", "use POST")
        form = _fields(request.headers.get("content-type", ""), body)
        if form is None:
            return _refused("invalid_request", f"the body must be {_FORM} or {_JSON}, in UTF-8")
        for needed in ("grant_type", "client_id", "client_secret"):
            if not form.get(needed):
                return _refused("invalid_request", f"{needed} is missing")
        if form["grant_type"] != "refresh_token":
            return _refused("unsupported_grant_type", "only refresh_token is simulated")
        if (form["client_id"], form["client_secret"]) != self._client:
            return _refused("invalid_client", "client_id or client_secret is wrong", status=401)
        if not form.get("refresh_token"):
            return _refused("invalid_request", "refresh_token is missing")
        if form["refresh_token"] != self._refresh_token:
            return _refused("invalid_grant", "the refresh_token is not valid")
        answer = {
            "access_token": self.issue(now),
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "refresh_token": self._refresh_token,
        }
        return Outcome(200, "access token issued", answer)


def _fields(content_type: str, body: bytes) -> dict[str, str] | None:
    """The texts of a form, or of a JSON object; None for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON:
        return {name: value for name, value in object_in(body).items() if isinstance(value, str)}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True)) if kind == _FORM else None
    except UnicodeDecodeError:
        return None


def _refused(code: str, text: str, *, status: int = 400) -> Outcome:
    return Outcome(status, f"refused: {code}", {"error": code, "error_description": text})
