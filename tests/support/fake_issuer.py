"""A login by OpenID Connect on loopback, which lets one person in and can lie in every way that is to be found out."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "FakeIssuer"]

CLIENT_ID = "console"
CLIENT_SECRET = "the-secret-of-the-console-at-its-login"


class FakeIssuer:
    """Serve `app` and set `url` before anybody calls.

    claims: changes what the token says. sign: makes the token. document: changes what it says of itself. asked: the
    parameters of the browser's last request.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
        self.signing_key = self.key
        self.claims: dict[str, Any] = {}
        self.without: set[str] = set()
        self.document: dict[str, Any] = {}
        self.answer: dict[str, str] = {}
        self.sign: Callable[[dict[str, Any]], str] = self._sign
        self.asked: dict[str, str] = {}
        self.key_requests = 0
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    def _document(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                **self.document,
            }
        )

    def _keys(self, _: Request) -> Response:
        self.key_requests += 1
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def _authorize(self, request: Request) -> Response:
        self.asked = dict(request.query_params)
        code = secrets.token_urlsafe()
        self._codes[code] = self.asked
        query = {"code": code, "state": self.asked["state"], **self.answer}
        return RedirectResponse(f"{self.asked['redirect_uri']}?{urlencode(query)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        asked = self._codes.pop(given.get("code", ""), None)  # A code counts once.
        challenge = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or asked["code_challenge"] != base64.urlsafe_b64encode(challenge).decode().rstrip("=")
            or asked["redirect_uri"] != given.get("redirect_uri")
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "subject-7",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": "ann@shop.example",
            "email_verified": True,
            **self.claims,
        }
        told = {name: value for name, value in claims.items() if name not in self.without}
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self.sign(told)})

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key)

    def sign_with_public_key(self, claims: dict[str, Any]) -> str:
        """A token whose shared secret is the public key, which everybody knows."""
        secret = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret)

    def sign_with_client_secret(self, claims: dict[str, Any]) -> str:
        """A token signed with the secret of the console."""
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(CLIENT_SECRET))

    @staticmethod
    def sign_with_nothing(claims: dict[str, Any]) -> str:
        """A token that says that it needs no signature."""
        import json

        parts = ({"alg": "none", "kid": "one"}, claims)
        head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        return f"{head}.{body}."
