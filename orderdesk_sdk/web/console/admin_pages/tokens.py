"""Which programs may call the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from attrs import frozen
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.admin_pages.users import NO_STORE, ROLE_OPTIONS, read_role
from orderdesk_sdk.web.console.forms import form_text, form_texts, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.step_up import require_step_up

__all__ = ["create_token", "revoke_token", "show_tokens"]

MAX_DAYS = 366
_FORESEEN = (ValidationError, ConflictError, InvalidStateError)


@frozen
class GivenToken:
    """What was filled in, where the form is shown again."""

    name: str = ""
    role: str = ""
    days: str = ""


@frozen
class MadeToken:
    """A token that was made just now, with its text."""

    name: str
    text: str


def show_tokens(request: Request) -> Response:
    """The tokens."""
    return render(request, "tokens.html", _data(request))


def _data(request: Request, **further: object) -> Mapping[str, object]:
    desk = desk_of(request)
    return {
        "title": "API tokens",
        "tokens": desk.access.api_tokens.list(),
        "now": desk.access.clock.now(),
        "connections": desk.connections.names(),
        "role_options": ROLE_OPTIONS,
        "given": GivenToken(),
        "made": None,
        "error": None,
        **further,
    }


def create_token(request: Request, form: FormData) -> Response:
    """A new token; the page that has its text is kept by nobody."""
    require_step_up(request, "/tokens")
    desk = desk_of(request)
    given = GivenToken(form_text(form, "name"), form_text(form, "role"), form_text(form, "days"))
    try:
        token, text = desk.access.api_tokens.create(
            given.name,
            role=read_role(form),
            connections=_connections(form, desk.connections.names()),
            expires_at=desk.access.clock.now() + timedelta(days=_days(given.days)),
            by=caller_of(request).name,
        )
    except _FORESEEN as error:
        return _show_again(request, error, given)
    made = MadeToken(token.name, text.reveal())
    return render(request, "tokens.html", _data(request, made=made), headers=NO_STORE)


def revoke_token(request: Request, form: FormData) -> Response:
    """Let a token count no more."""
    require_step_up(request, "/tokens")
    try:
        desk_of(request).access.api_tokens.revoke(form_text(form, "name"), by=caller_of(request).name)
    except _FORESEEN as error:
        return _show_again(request, error, GivenToken())
    return see_other("/tokens", "token-revoked")


def _show_again(request: Request, error: OrderDeskError, given: GivenToken) -> Response:
    status = 422 if isinstance(error, ValidationError) else 409
    return render(request, "tokens.html", _data(request, error=error, given=given), status=status)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_DAYS):
        raise ValidationError(f"a token ends after 1 to {MAX_DAYS} days", hint="give the number of days")
    return int(text)


def _connections(form: FormData, known: tuple[str, ...]) -> tuple[str, ...]:
    chosen = form_texts(form, "connection")
    for name in chosen:
        if name not in known:
            raise ValidationError("there is no such connection", hint="choose some of the list")
    return chosen
