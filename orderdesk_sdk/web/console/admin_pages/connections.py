"""The accounts at services: listed, connected, changed, tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import chain, count
from urllib.parse import urlencode

from attrs import frozen
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, read_texts
from orderdesk_sdk.desk.connection_admin.records import ConnectionChange
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    PluginError,
    ValidationError,
)
from orderdesk_sdk.runtime.connection_config import Answering
from orderdesk_sdk.runtime.webhook_setups import WebhookState, WebhookStatus
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import form_text, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.admin.connections import field_texts, make_form
from orderdesk_sdk.web.console.views.admin.health import CheckRow, check_row
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.step_up import require_step_up

__all__ = [
    "disable_connection",
    "enable_connection",
    "register_webhook",
    "remove_webhook",
    "save_connection",
    "show_connection",
    "show_connections",
    "show_new_connection",
    "show_webhook",
    "test_connection",
]

_FORESEEN = (ValidationError, ConfigurationError, ConflictError, InvalidStateError, PluginError)
MAX_SETTING = 60_000


@frozen
class GivenConnection:
    """What was filled in beside the settings."""

    connection: str = ""
    cancel_requests: str = ""


@frozen
class TestedConnection:
    """What a test of a connection found."""

    name: str
    checks: tuple[CheckRow, ...]


@frozen
class ShownWebhook:
    """The webhook of a connection at its service.

    Args:
        others: of how many other addresses the service has webhooks.
    """

    name: str
    is_registered: bool
    others: int


def show_connections(request: Request) -> Response:
    """All connections."""
    return render(request, "connections.html", _list_data(request))


def _list_data(request: Request, **further: object) -> Mapping[str, object]:
    admin = desk_of(request).connection_admin
    return {
        "title": "Connections",
        "connections": admin.list(),
        "integrations": admin.forms(),
        "tested": None,
        "webhook": None,
        "error": None,
        **further,
    }


def show_new_connection(request: Request) -> Response:
    """The integrations to choose from, or the form of the one that was chosen."""
    admin, slug = desk_of(request).connection_admin, request.query_params.get("integration", "")
    forms = admin.forms()
    form = next((one for one in forms if one.integration == slug), None)
    given = GivenConnection(_free_name(slug, [one.name for one in admin.list()])) if form is not None else None
    return render(request, "connection.html", _form_data(request, form, "", {}, given))


def _free_name(slug: str, taken: Collection[str]) -> str:
    """The integration's own name, with a number where a connection has it already."""
    numbered = (f"{slug}-{number}" for number in count(2))
    return next(name for name in chain((slug,), numbered) if name not in taken)


def show_connection(request: Request) -> Response:
    """The form of a stored connection, without its secrets."""
    admin = desk_of(request).connection_admin
    view = admin.get(request.path_params["name"])
    if not view.is_stored:
        raise NotFoundError("this connection stands in orderdesk.toml", hint="change it there")
    given = GivenConnection(view.name, view.cancel_requests.value)
    data = _form_data(request, admin.form(view.integration), view.name, field_texts(view.settings), given)
    return render(request, "connection.html", data)


def _form_data(
    request: Request,
    form: ConnectionForm | None,
    name: str,
    texts: Mapping[str, str],
    given: GivenConnection | None = None,
    error: OrderDeskError | None = None,
) -> Mapping[str, object]:
    """name: of the connection that is changed; "" for a new one."""
    admin = desk_of(request).connection_admin
    stored = admin.get(name).secrets_set if name else {}
    return {
        "title": f"Change {name}" if name else f"Connect {form.title}" if form is not None else "Connect a service",
        "form": make_form(form, texts, stored) if form is not None else None,
        "integrations": admin.forms(),
        "sandbox": admin.is_sandbox,
        "name": name,
        "given": given or GivenConnection(),
        "error": error,
    }


def save_connection(request: Request, form: FormData) -> Response:
    """Make a connection, or change one. Secrets that are left empty stay as they are."""
    desk, name, slug = desk_of(request), form_text(form, "connection"), form_text(form, "integration")
    is_known = any(one.name == name for one in desk.connection_admin.list())
    back = f"/connections/{name}" if is_known else f"/connections/new?{urlencode({'integration': slug})}"
    require_step_up(request, back)
    declared = desk.connection_admin.form(slug)
    given = GivenConnection(name, form_text(form, "cancel_requests"))
    texts = _texts(form, "setting.")
    try:
        change = ConnectionChange(
            name=name,
            integration=slug,
            settings=read_texts(declared, texts),
            secrets={key: Secret(text) for key, text in _texts(form, "secret.").items() if text},
            cancel_requests=_answering(given.cancel_requests),
        )
        desk.connection_admin.save(change, by=caller_of(request).name, address=client_address(request.scope))
    except _FORESEEN as error:
        shown = name if is_known and not isinstance(error, ConflictError) else ""
        data = _form_data(request, declared, shown, texts, given, error)
        return render(request, "connection.html", data, status=422)
    return see_other("/connections", "connection-saved")


def _texts(form: FormData, prefix: str) -> dict[str, str]:
    """The texts of the fields whose names begin so, by the rest of their names. Raises ValidationError."""
    found = {name.removeprefix(prefix): text for name, text in form.items() if name.startswith(prefix)}
    texts = {name: text for name, text in found.items() if isinstance(text, str)}
    for name, text in texts.items():
        if len(text) > MAX_SETTING:
            raise ValidationError(f"{name} is too long", hint=f"at most {MAX_SETTING:,} characters")
    return texts


def _answering(text: str) -> Answering:
    found = next((one for one in Answering if one.value == text), None)
    if found is None:
        raise ValidationError("say who answers the requests of others to cancel", hint="choose one of the list")
    return found


def test_connection(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Whether a connection can be made. Changes nothing."""
    name = request.path_params["name"]
    checks = tuple(map(check_row, desk_of(request).connection_admin.test(name)))
    return render(request, "connections.html", _list_data(request, tested=TestedConnection(name, checks)))


def _set_enabled(request: Request, *, enabled: bool) -> Response:
    require_step_up(request, "/connections")
    admin, name = desk_of(request).connection_admin, request.path_params["name"]
    try:
        by, address = caller_of(request).name, client_address(request.scope)
        view = admin.set_enabled(name, enabled=enabled, by=by, address=address)
    except _FORESEEN as error:
        return render(request, "connections.html", _list_data(request, error=error), status=409)
    if view.problem is not None and not view.is_enabled:  # It is switched off all the same.
        left = PluginError(f"The connection is disabled; {view.problem}")
        return render(request, "connections.html", _list_data(request, error=left))
    return see_other("/connections", "connection-saved")


def enable_connection(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Let a connection be used again."""
    return _set_enabled(request, enabled=True)


def disable_connection(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Let a connection not be used."""
    return _set_enabled(request, enabled=False)


def show_webhook(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Whether the webhook of a connection is registered at its service. Changes nothing."""
    name = request.path_params["name"]
    try:
        status = desk_of(request).connection_admin.webhook(name)
    except _FORESEEN as error:
        return render(request, "connections.html", _list_data(request, error=error), status=409)
    return _webhook_page(request, name, status)


def _webhook_page(request: Request, name: str, status: WebhookStatus, *, code: int = 200) -> Response:
    shown = ShownWebhook(name, status.state is WebhookState.REGISTERED, status.others)
    return render(request, "connections.html", _list_data(request, webhook=shown), status=code)


def _set_webhook(request: Request, *, registered: bool) -> Response:
    require_step_up(request, "/connections")
    admin, name = desk_of(request).connection_admin, request.path_params["name"]
    try:
        status = admin.set_webhook(
            name, registered=registered, by=caller_of(request).name, address=client_address(request.scope)
        )
    except _FORESEEN as error:
        return render(request, "connections.html", _list_data(request, error=error), status=409)
    if status.leads_to_us is not registered or (
        registered and status.state is WebhookState.INCOMPLETE
    ):  # The service has not done it, and said nothing.
        return _webhook_page(request, name, status, code=409)
    return see_other("/connections", "webhook-registered" if registered else "webhook-removed")


def register_webhook(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Register the address of this desk at the service of a connection."""
    return _set_webhook(request, registered=True)


def remove_webhook(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Remove the address of this desk at the service of a connection."""
    return _set_webhook(request, registered=False)
