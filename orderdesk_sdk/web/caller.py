"""Who calls: a signed-in person, a program with a token, or nobody; and the one place that says what they may do.

    Route("/orders", guarded(list_orders, Role.VIEWER))

Every endpoint of the app is made by `guarded` or `public`; the app does not start with one that is neither.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import ApiToken, Role, UserSession
from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["Caller", "Handler", "caller_of", "guarded", "public", "require_role", "required_role"]

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]
"""An endpoint. A plain function runs in a thread, so it may call the desk."""
_ROLE = "orderdesk_required_role"


@frozen
class Caller:
    """Somebody whom we know.

    Args:
        name: who it is in histories and in the audit log: the user's name, or the token's.
        session: of a person in a browser; None for a program, and for whom a proxy has signed in.
        token: of a program; None for a person.
        connections: the only ones that a program sees and may touch; empty: all.
    """

    name: str
    role: Role
    session: UserSession | None = None
    token: ApiToken | None = None
    connections: tuple[str, ...] = ()

    def sees(self, connection: str) -> bool:
        """Whether a connection is within what this caller sees."""
        return not self.connections or connection in self.connections


def caller_of(request: Request) -> Caller:
    """Who calls. Raises HTTPException 401 where nobody does whom we know."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        raise HTTPException(401)
    return caller


def require_role(request: Request, role: Role) -> Caller:
    """Who calls, at least of this role. Raises HTTPException 401 for nobody, 403 for somebody of a lesser role."""
    caller = caller_of(request)
    if not caller.role.allows(role):
        raise HTTPException(403)
    return caller


def guarded(handler: Handler, role: Role) -> Handler:
    """An endpoint for callers of at least this role: others get 401 or 403 before anything of it runs.

    Whoever calls too often gets 429.
    """
    return _for(handler, role)


def public(handler: Handler) -> Handler:
    """An endpoint for everybody."""
    return _for(handler, None)


def _for(handler: Handler, role: Role | None) -> Handler:
    checked: Handler
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def checked_coroutine(request: Request) -> Response:
            _check(request, role)
            response: Response = await handler(request)
            return response

        checked = checked_coroutine
    else:

        @functools.wraps(handler)
        def checked_function(request: Request) -> Response:
            _check(request, role)
            return cast("Response", handler(request))

        checked = checked_function
    setattr(checked, _ROLE, role)
    return checked


def _check(request: Request, role: Role | None) -> None:
    if role is None:
        return
    caller, limits = require_role(request, role), _limits_of(request)
    limiter = limits.pages if caller.token is None else limits.calls
    seconds = limiter.wait(caller.name)
    if seconds:
        raise HTTPException(429, headers={"Retry-After": str(seconds)})


def _limits_of(request: Request) -> RateLimits:
    found: RateLimits = request.app.state.rate_limits
    return found


def required_role(endpoint: object) -> Role | None:
    """The role that an endpoint needs; None: it is public. Raises LookupError where nothing says so."""
    if not hasattr(endpoint, _ROLE):
        raise LookupError(f"the endpoint {endpoint!r} says for whom it is neither by guarded() nor by public()")
    found: Role | None = getattr(endpoint, _ROLE)
    return found
