"""Who may sign in, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import FormHandler, form_text, see_other, typed_text
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.step_up import require_step_up

__all__ = [
    "ROLE_OPTIONS",
    "add_user",
    "disable_user",
    "enable_user",
    "make_sign_in_link",
    "read_role",
    "set_role",
    "show_users",
]

ROLE_OPTIONS = (
    (Role.VIEWER.value, "viewer: looks"),
    (Role.OPERATOR.value, "operator: cancels and withdraws"),
    (Role.SUPERVISOR.value, "supervisor: settles cases, sends again"),
    (Role.ADMIN.value, "admin: looks after the desk"),
)
_FORESEEN = (ValidationError, ConflictError, InvalidStateError)
NO_STORE = {"Cache-Control": "no-store"}


@frozen
class GivenUser:
    """What was filled in, where the form is shown again."""

    name: str = ""
    role: str = ""
    identity: str = ""


@frozen
class MadeLink:
    """A link that was made just now."""

    user: str
    link: str


def show_users(request: Request) -> Response:
    """The users."""
    return render(request, "users.html", _data(request))


def _data(request: Request, **further: object) -> Mapping[str, object]:
    return {
        "title": "Users",
        "users": desk_of(request).access.users.list(),
        "roles": tuple(Role),
        "role_options": ROLE_OPTIONS,
        "given": GivenUser(),
        "made": None,
        "error": None,
        **further,
    }


def _show_again(request: Request, error: OrderDeskError, given: GivenUser | None = None) -> Response:
    status = 422 if isinstance(error, ValidationError) else 409
    return render(request, "users.html", _data(request, error=error, given=given or GivenUser()), status=status)


def _changing(change: Callable[[Request, FormData], str]) -> FormHandler:
    """The handler of a form that changes a user: asks for the password first, and shows what is wrong."""

    def handler(request: Request, form: FormData) -> Response:
        require_step_up(request, "/users")
        try:
            notice = change(request, form)
        except _FORESEEN as error:
            given = GivenUser(form_text(form, "name"), form_text(form, "role"), form_text(form, "identity"))
            return _show_again(request, error, given)
        return see_other("/users", notice)

    return handler


def read_role(form: FormData) -> Role:
    """The role that was chosen. Raises ValidationError."""
    chosen = form_text(form, "role")
    found = next((role for role in Role if role.value == chosen), None)
    if found is None:
        raise ValidationError("there is no such role", hint="choose one of the list")
    return found


def _add(request: Request, form: FormData) -> str:
    given = typed_text(form, "password")
    desk_of(request).access.users.add(
        form_text(form, "name"),
        role=read_role(form),
        password=Secret(given) if given else None,
        identity=form_text(form, "identity") or None,
        by=caller_of(request).name,
    )
    return "user-added"


def _set_role(request: Request, form: FormData) -> str:
    desk_of(request).access.users.set_role(form_text(form, "name"), read_role(form), by=caller_of(request).name)
    return "user-changed"


def _disable(request: Request, form: FormData) -> str:
    desk_of(request).access.users.disable(form_text(form, "name"), by=caller_of(request).name)
    return "user-changed"


def _enable(request: Request, form: FormData) -> str:
    desk_of(request).access.users.enable(form_text(form, "name"), by=caller_of(request).name)
    return "user-changed"


add_user, set_role = _changing(_add), _changing(_set_role)
disable_user, enable_user = _changing(_disable), _changing(_enable)


def make_sign_in_link(request: Request, form: FormData) -> Response:
    """A link that signs a user in once; the page that has it is kept by nobody."""
    require_step_up(request, "/users")
    desk, name = desk_of(request), form_text(form, "name")
    try:
        token = desk.access.make_sign_in_link(name, by=caller_of(request).name)
    except _FORESEEN as error:
        return _show_again(request, error)
    site = desk.config.web.url or str(request.base_url).rstrip("/")
    made = MadeLink(name, f"{site}/sign-in/{token.reveal()}")
    return render(request, "users.html", _data(request, made=made), headers=NO_STORE)
