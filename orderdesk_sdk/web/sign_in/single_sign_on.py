"""Sign-in by another login: the browser goes there and comes back with a code, by which this process asks who it was.

Another login adds nobody and gives no role: it lets in users whom an admin has added with their identity there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from orderdesk_sdk.cases.access import SignInError
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.desk.access.sessions import SignedIn
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.single_sign_on_config import SingleSignOnConfig
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.web.caller import public
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.own_paths import own_path
from orderdesk_sdk.web.rate_limits import Rate, RateLimiter
from orderdesk_sdk.web.session_cookie import host_cookie
from orderdesk_sdk.web.sign_in.issuer_document import IssuerError
from orderdesk_sdk.web.sign_in.leading_on import lead_on
from orderdesk_sdk.web.sign_in.pending_login import new_login, read_login, sign_login

if TYPE_CHECKING:
    from orderdesk_sdk.web.sign_in.issuer import Issuer

__all__ = ["SINGLE_SIGN_ON_PATH", "single_sign_on_routes"]

SINGLE_SIGN_ON_PATH = "/sign-in/single-sign-on"
_BACK = f"{SINGLE_SIGN_ON_PATH}/back"
AT_ONCE = 4
"""Conversations with the login at once; each may take ten seconds."""
STEPS = 60.0
"""Steps to the login and back of one address in a minute, and at once: each may be a call there, and one that comes to
nothing is a line of the audit log."""

_log = RoomLogger("web")


def single_sign_on_routes(desk: Desk) -> Sequence[Route]:
    """The routes of these pages; none where no login is configured. Raises ConfigurationError."""
    config = desk.config.single_sign_on
    if config is None:
        return ()
    pages = _SingleSignOn(desk, config)
    return (
        Route(SINGLE_SIGN_ON_PATH, public(pages.begin), methods=["GET"]),
        Route(_BACK, public(pages.finish), methods=["GET"]),
    )


def _open_issuer(desk: Desk, config: SingleSignOnConfig) -> Issuer:
    try:
        from orderdesk_sdk.web.sign_in.issuer import Issuer
    except ImportError:
        raise ConfigurationError(
            "single sign-on needs Authlib, which is not installed",
            location="[single_sign_on]",
            hint="run `pip install 'orderdesk-sdk[oidc]'`",
        ) from None
    return Issuer(config, f"{desk.config.web.url}{_BACK}", desk.access.clock)


class _SingleSignOn:
    def __init__(self, desk: Desk, config: SingleSignOnConfig) -> None:
        self._desk = desk
        self._config = config
        self._key = config.client_secret.reveal().encode()
        self._issuer = _open_issuer(desk, config)
        self._limiter: CapacityLimiter | None = None
        self._steps = RateLimiter(Rate(STEPS, STEPS))

    async def begin(self, request: Request) -> Response:
        """Lead the browser to the login. Raises HTTPException 429."""
        self._take_step(client_address(request.scope))
        login = new_login(own_path(request.query_params.get("next", "")), self._desk.access.clock.now())
        again = request.query_params.get("again") == "1"
        try:
            url = await to_thread.run_sync(
                lambda: self._issuer.authorization_url(login, again=again), limiter=self._limit()
            )
        except IssuerError as error:
            return self._refuse(request, error)
        answer = RedirectResponse(url, status_code=303)
        answer.headers.append("Set-Cookie", self._cookie(sign_login(login, self._key)))
        return answer

    async def finish(self, request: Request) -> Response:
        """Begin the session of whom the login let in. A GET, as the protocol has it: the code and the cookie that was
        signed here are the right to it, and the login takes a code once.
        """
        given = cookie_parser(request.headers.get("cookie", "")).get(self._cookie_name, "")
        login = read_login(given, self._key, self._desk.access.clock.now())
        address = client_address(request.scope)
        self._take_step(address)

        def sign_in() -> SignedIn:
            if login is None:
                raise IssuerError("this browser has begun no sign-in, or too long ago", hint="sign in again")
            person = self._issuer.person_of(login, request.url.query)
            return self._desk.access.sign_in_identity(person.identity, address=address, is_fresh=person.is_fresh)

        try:
            signed_in = await to_thread.run_sync(sign_in, limiter=self._limit())
        except (IssuerError, SignInError) as error:
            await to_thread.run_sync(lambda: self._record_failure(address), limiter=self._limit())
            return self._refuse(request, error)
        answer = await lead_on(request, self._desk, signed_in, login.next_path if login is not None else "")
        answer.headers.append("Set-Cookie", self._cookie(None))
        return answer

    def _take_step(self, address: str) -> None:
        seconds = self._steps.wait(address)
        if seconds:
            raise HTTPException(429, headers={"Retry-After": str(seconds)})

    def _record_failure(self, address: str) -> None:
        self._desk.audit.record("", AuditAction.SIGN_IN_FAILED, "an unknown user", "single sign-on", address)

    def _refuse(self, request: Request, error: IssuerError | SignInError) -> Response:
        """The sign-in page. Why, is for who runs the console; whoever stands outside learns only that it did not do."""
        _log.warning("single sign-on let nobody in: %s", error)
        data = {
            "title": "Sign in",
            "next": "/",
            "name": "",
            "single_sign_on": self._config.title,
            "problem": "The other login let nobody in, or nobody who is known here. Try again, or ask an admin.",
        }
        answer = render(request, "sign_in.html", data, status=422)
        answer.headers.append("Set-Cookie", self._cookie(None))
        return answer

    @property
    def _cookie_name(self) -> str:
        return "__Host-orderdesk-login" if self._desk.config.web.is_https else "orderdesk-login"

    def _cookie(self, value: str | None) -> str:
        return host_cookie(self._cookie_name, value, is_https=self._desk.config.web.is_https)

    def _limit(self) -> CapacityLimiter:
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        return self._limiter
