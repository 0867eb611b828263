"""The page on which a person gives themselves another password, or a first one after a one-time link."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role, SignInError
from orderdesk_sdk.desk.access.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import see_other, typed_text
from orderdesk_sdk.web.console.pages import Page
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.session_cookie import new_session_cookie, session_token
from orderdesk_sdk.web.step_up import require_step_up

__all__ = ["PASSWORD_PAGES"]

_PATH = "/password"


def _show(request: Request) -> Response:
    """Ask for the password, and for another one."""
    return render(request, "password.html", _data(request))


def _change(request: Request, form: FormData) -> Response:
    """Keep the other one; every session of the person but this one ends."""
    desk: Desk = request.app.state.desk
    is_https = desk.config.web.is_https
    current, new, again = (Secret(typed_text(form, name)) for name in ("current", "new", "again"))
    try:
        if new != again:
            raise ValidationError("the two new passwords are not the same", hint="type the new one twice")
        signed_in = desk.access.change_password(
            session_token(request.scope, is_https=is_https) or "",
            current,
            new,
            address=client_address(request.scope),
        )
    except InvalidStateError:
        require_step_up(request, _PATH)
        raise
    except ValidationError as error:
        wait = {"Retry-After": str(error.retry_after)} if isinstance(error, SignInError) and error.retry_after else {}
        status = 429 if wait else 422
        return render(request, "password.html", _data(request, error), status=status, headers=wait)
    answer = see_other("/", "password-changed")
    answer.headers.append("Set-Cookie", new_session_cookie(signed_in.token.reveal(), is_https=is_https))
    return answer


def _data(request: Request, error: OrderDeskError | None = None) -> Mapping[str, object]:
    desk: Desk = request.app.state.desk
    caller = caller_of(request)
    if caller.session is None:
        raise HTTPException(403)  # Programs have no password.
    return {
        "title": "Your password",
        "has_password": desk.access.users.get(caller.session.user).has_password,
        "shortest": MIN_PASSWORD_LENGTH,
        "longest": MAX_PASSWORD_LENGTH,
        "error": error,
    }


PASSWORD_PAGES = (Page(_PATH, Role.VIEWER, _show), Page(_PATH, Role.VIEWER, post=_change))
