"""The pages by which a person signs in, proves once more who they are, and signs out; and what their forms do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from orderdesk_sdk.cases.access import Role, SignInError, UserSession
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.authentication import proxied_user
from orderdesk_sdk.web.caller import caller_of, guarded, public
from orderdesk_sdk.web.console.forms import require_form_token, typed_text
from orderdesk_sdk.web.console.pages import page_routes
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.own_paths import own_path
from orderdesk_sdk.web.session_cookie import ended_session_cookie, session_token
from orderdesk_sdk.web.sign_in.leading_on import lead_on
from orderdesk_sdk.web.sign_in.password_page import PASSWORD_PAGES

__all__ = ["SignInPages", "sign_in_routes"]

T = TypeVar("T")

AT_ONCE = 4
"""Sign-ins that have a thread at once: whoever tries many passwords keeps no page waiting."""
_MAX_FIELDS = 10


def sign_in_routes(desk: Desk) -> Sequence[Route]:
    """The routes of these pages."""
    pages = SignInPages(desk)
    return (
        Route("/sign-in", public(pages.sign_in), methods=["GET", "POST"]),
        Route("/sign-in/{token}", public(pages.link), methods=["GET", "POST"]),
        Route("/step-up", guarded(pages.step_up, Role.VIEWER), methods=["GET", "POST"]),
        Route("/sign-out", guarded(pages.sign_out, Role.VIEWER), methods=["POST"]),
        *page_routes(PASSWORD_PAGES),
    )


class SignInPages:
    """The pages of one app."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._limiter: CapacityLimiter | None = None

    async def sign_in(self, request: Request) -> Response:
        """Ask for name and password; with POST, begin a session."""
        if request.method != "POST":
            return self._ask(request, request.query_params.get("next", ""))
        async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
            name, password, next_path = (typed_text(form, field) for field in ("name", "password", "next"))
        address = client_address(request.scope)
        try:
            signed_in = await self._run(lambda: self._desk.access.sign_in(name, Secret(password), address=address))
        except SignInError as error:
            return self._ask(request, next_path, name=name, error=error)
        return await lead_on(request, self._desk, signed_in, next_path)

    async def link(self, request: Request) -> Response:
        """Show that a one-time link leads to a session; with POST, begin it."""
        if request.method != "POST":
            return render(request, "sign_in_link.html", {"title": "Sign in", "problem": ""})
        token, address = request.path_params["token"], client_address(request.scope)
        try:
            signed_in = await self._run(lambda: self._desk.access.use_sign_in_link(token, address=address))
        except NotFoundError as error:
            data = {"title": "Sign in", "problem": f"{error.message}; {error.hint}."}
            return render(request, "sign_in_link.html", data, status=404)
        return await lead_on(request, self._desk, signed_in, "")

    async def step_up(self, request: Request) -> Response:
        """Ask for the password once more; with POST, note that it was right."""
        session = _session_of(request)
        if request.method != "POST":
            return await self._ask_again(request, session, request.query_params.get("next", ""))
        form = await _own_form(request)
        password, next_path = typed_text(form, "password"), typed_text(form, "next")
        token, address = self._token_of(request), client_address(request.scope)
        vouched = self._is_vouched_for(request, session)
        try:
            if vouched and not password:
                await self._run(lambda: self._desk.access.step_up_trusted(token, address=address))
            else:
                await self._run(lambda: self._desk.access.step_up(token, Secret(password), address=address))
        except SignInError as error:
            return await self._ask_again(request, session, next_path, error=error)
        except InvalidStateError:
            return await self._ask_again(request, session, next_path)
        except NotFoundError:
            return RedirectResponse("/sign-in?notice=session-ended", status_code=303)
        return RedirectResponse(own_path(next_path), status_code=303)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await _own_form(request)
        token, address = self._token_of(request), client_address(request.scope)
        await self._run(lambda: self._desk.access.sign_out(token, address=address))
        answer = RedirectResponse("/sign-in?notice=signed-out", status_code=303)
        answer.headers.append("Set-Cookie", ended_session_cookie(is_https=self._is_https))
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    def _ask(self, request: Request, next_path: str, *, name: str = "", error: SignInError | None = None) -> Response:
        data = {
            "title": "Sign in",
            "next": own_path(next_path),
            "name": name,
            "single_sign_on": self._single_sign_on,
            "problem": _problem(error),
        }
        return render(request, "sign_in.html", data, status=_status(error), headers=_headers(error))

    async def _ask_again(
        self, request: Request, session: UserSession, next_path: str, error: SignInError | None = None
    ) -> Response:
        user = await self._run(lambda: self._desk.access.users.get(session.user))
        way = "link"
        if user.has_password:
            way = "password"
        elif self._is_vouched_for(request, session):
            way = "proxy"
        elif self._single_sign_on and user.identity is not None:
            way = "single sign-on"
        data = {
            "title": "Your password once more" if way == "password" else "Is it still you?",
            "next": own_path(next_path),
            "way": way,
            "problem": _problem(error),
            "single_sign_on": self._single_sign_on,
        }
        return render(request, "step_up.html", data, status=_status(error), headers=_headers(error))

    def _is_vouched_for(self, request: Request, session: UserSession) -> bool:
        """Whether a trusted proxy says with this very request that the user is signed in there."""
        name = proxied_user(request.scope, self._desk.config.web.user_header)
        return name is not None and name.casefold() == session.user.casefold()

    def _token_of(self, request: Request) -> str:
        return session_token(request.scope, is_https=self._is_https) or ""

    @property
    def _single_sign_on(self) -> str:
        """What the button of another login says; "": there is none."""
        config = self._desk.config.single_sign_on
        return config.title if config is not None else ""

    @property
    def _is_https(self) -> bool:
        return self._desk.config.web.is_https

    async def _run(self, call: Callable[[], T]) -> T:
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        return await to_thread.run_sync(functools.partial(call), limiter=self._limiter)


def _session_of(request: Request) -> UserSession:
    session = caller_of(request).session
    if session is None:
        raise HTTPException(403)  # Programs have none.
    return session


async def _own_form(request: Request) -> FormData:
    """The form. Raises HTTPException 403 where no page of this session has sent it."""
    async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
        require_form_token(request, form)
        return form


def _problem(error: SignInError | None) -> str:
    """The error as sentences."""
    if error is None:
        return ""
    return " ".join(f"{text[:1].upper()}{text[1:]}." for text in (error.message, error.hint) if text)


def _status(error: SignInError | None) -> int:
    if error is None:
        return 200
    return 422 if error.retry_after is None else 429


def _headers(error: SignInError | None) -> dict[str, str]:
    if error is None or error.retry_after is None:
        return {}
    return {"Retry-After": str(error.retry_after)}
