"""The conversation with another login, by OpenID Connect: the code flow with PKCE, and nothing else of it.

Believed is only a token that the login itself gave this process, signed by one of its keys with an asymmetric
algorithm, for this console, for this very sign-in, and a short while ago.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from attrs import frozen
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.desk.single_sign_on_config import SingleSignOnConfig
from orderdesk_sdk.web.sign_in.issuer_document import IssuerDocument, IssuerError
from orderdesk_sdk.web.sign_in.pending_login import PendingLogin

__all__ = ["Issuer", "KnownPerson"]

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512")
"""That a login's key signs with. Not those of a shared secret, and never `none`."""
LEEWAY: Final = 60
"""Seconds by which the login's clock may be off."""
FRESH_WITHIN: Final = minutes(2)
"""So long after a person proved there who they are, that counts here too."""


@frozen
class KnownPerson:
    """Whom the login let in.

    Args:
        identity: their subject there, or their verified e-mail address.
        is_fresh: they proved there just now who they are.
    """

    identity: str
    is_fresh: bool


class Issuer:
    """Asks one login. Safe from many threads. Every call raises IssuerError."""

    def __init__(self, config: SingleSignOnConfig, redirect_uri: str, clock: Clock) -> None:
        self._config = config
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._document = IssuerDocument(config, clock)

    def authorization_url(self, login: PendingLogin, *, again: bool) -> str:
        """Where the browser goes.

        Args:
            again: the person is to prove who they are, though they are signed in there.
        """
        more = {"prompt": "login", "max_age": "0"} if again else {}
        made: str = prepare_grant_uri(
            self._document.endpoint("authorization_endpoint"),
            client_id=self._config.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope="openid email" if self._config.identity == "email" else "openid",
            state=login.state,
            nonce=login.nonce,
            code_challenge=create_s256_code_challenge(login.verifier),
            code_challenge_method="S256",
            **more,
        )
        return made

    def person_of(self, login: PendingLogin, query: str) -> KnownPerson:
        """Whom the login let in, by what the browser came back with."""
        given = dict(parse_qsl(query))
        if not hmac.compare_digest(given.get("state", "").encode(), login.state.encode()):
            raise IssuerError("the answer of the login is to another sign-in", hint="sign in again")
        # RFC 9207: the answer of another login must not be taken for one of this.
        is_named = "iss" in given or self._document.read().get("authorization_response_iss_parameter_supported") is True
        if is_named and given.get("iss") != self._config.issuer:
            raise IssuerError("the answer is another login's", hint="sign in again")
        if "code" not in given:
            raise IssuerError("the login let nobody in", hint="sign in again, or ask who runs it")
        return self._person(self._claims(login, given["code"]))

    def _claims(self, login: PendingLogin, code: str) -> Mapping[str, Any]:
        answer = self._document.call(
            "POST",
            self._document.endpoint("token_endpoint"),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": login.verifier,
            },
            auth=(self._config.client_id, self._config.client_secret.reveal()),
        )
        options = {
            "iss": {"essential": True, "value": self._config.issuer},
            "aud": {"essential": True, "value": self._config.client_id},
        }
        params = {"nonce": login.nonce, "client_id": self._config.client_id, "access_token": answer.get("access_token")}
        try:
            token = self._verified(str(answer.get("id_token", "")))
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(int(self._clock.now().timestamp()), LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise IssuerError(f"the login's token does not count: {error}", hint="sign in again") from None
        return dict(claims)

    def _verified(self, token: str) -> jwt.Token:
        """The token, signed by one of the login's keys. Raises JoseError and ValueError."""
        try:
            return self._decoded(token, again=False)
        except (JoseError, ValueError):
            return self._decoded(token, again=True)  # Keys change.

    def _decoded(self, token: str, *, again: bool) -> jwt.Token:
        keys: Any = self._document.keys(again=again)
        return jwt.decode(token, KeySet.import_key_set(keys), ALGORITHMS)

    def _person(self, claims: Mapping[str, Any]) -> KnownPerson:
        signed_in, now = claims.get("auth_time"), self._clock.now().timestamp()
        is_fresh = isinstance(signed_in, int | float) and abs(now - signed_in) < FRESH_WITHIN.total_seconds()
        if self._config.identity == "subject":
            return KnownPerson(str(claims["sub"]), is_fresh)
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise IssuerError("the login states no verified e-mail address", hint="ask who runs it")
        return KnownPerson(email, is_fresh)
