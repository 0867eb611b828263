"""`connections`: those of orderdesk.toml, and those that are made and changed while desks and workers run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm
    from orderdesk_sdk.desk.connection_admin.records import ConnectionView
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.runtime.connection_config import Answering
    from orderdesk_sdk.secret import Secret

__all__ = ["connections"]

ANSWERING = ("person", "automatic")


class _SettingType(click.ParamType["tuple[str, str]"]):
    name = "setting"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail("write it as NAME=VALUE", param, ctx)
        return name, text


_settings_option = click.option(
    "--set",
    "given",
    type=_SettingType(),
    metavar="NAME=VALUE",
    multiple=True,
    help="A setting that is not a secret, as NAME=VALUE; NAME= gives its default. May be repeated.",
)
_stdin_option = click.option(
    "--secrets-stdin",
    is_flag=True,
    help="Read the secrets from the standard input, as a JSON object of texts, instead of asking for them.",
)
_answering_option = click.option(
    "--cancel-requests", type=click.Choice(ANSWERING), help="Who answers the requests to cancel that come in there."
)


@click.group()
@common_options
def connections() -> None:
    """List connections, make new ones, and change them."""


@connections.command("list")
@common_options
@click.pass_obj
def list_connections(session: Session) -> None:
    """List every connection, and why one cannot be used."""
    from orderdesk_sdk.desk.connection_admin.documents import connection_document

    with session.desk() as desk:
        found, is_sandbox = desk.connection_admin.list(), desk.connection_admin.is_sandbox

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.connections import show_connections

        show_connections(screen, found, is_sandbox=is_sandbox)

    session.print_result({"connections": [connection_document(one) for one in found]}, draw)


@connections.command("show")
@click.argument("name")
@common_options
@click.pass_obj
def show_connection(session: Session, name: str) -> None:
    """Show a connection, and since when each of its secrets is set."""
    with session.desk() as desk:
        _print_connection(session, desk.connection_admin.get(name))


@connections.command("form")
@click.argument("integration")
@common_options
@click.pass_obj
def show_form(session: Session, integration: str) -> None:
    """Show what a connection to INTEGRATION needs."""
    from orderdesk_sdk.desk.connection_admin.documents import form_document

    with session.desk(creating=True) as desk:
        form = desk.connection_admin.form(integration)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.connections import show_form

        show_form(screen, form)

    session.print_result(form_document(form), draw)


@connections.command("add")
@click.argument("name")
@click.argument("integration")
@_settings_option
@_stdin_option
@_answering_option
@by_option()
@common_options
@click.pass_obj
def add_connection(
    session: Session,
    name: str,
    integration: str,
    given: tuple[tuple[str, str], ...],
    secrets_stdin: bool,
    cancel_requests: str | None,
    by: str | None,
) -> None:
    """Make the connection NAME to INTEGRATION. It asks for the secrets; they are never arguments."""
    from orderdesk_sdk.desk.connection_admin.forms import read_texts
    from orderdesk_sdk.desk.connection_admin.records import ConnectionChange
    from orderdesk_sdk.errors import ConflictError

    with session.desk(creating=True) as desk:
        admin = desk.connection_admin
        if any(one.name == name for one in admin.list()):
            raise ConflictError(
                "there is a connection of this name",
                location=f"connection {name!r}",
                hint=f"change it with `orderdesk connections set {name}`, or choose another name",
            )
        form = admin.form(integration)
        settings = read_texts(form, dict(given))
        secrets = _read_secrets() if secrets_stdin else _ask_for(form, form.secret_names)
        change = ConnectionChange(
            name=name,
            integration=integration,
            settings=settings,
            secrets=secrets,
            cancel_requests=_answering(cancel_requests),
        )
        _print_connection(session, admin.save(change, by=require_name(by)))


@connections.command("set")
@click.argument("name")
@_settings_option
@click.option("--secret", "secrets", multiple=True, metavar="NAME", help="A secret to ask for; may be repeated.")
@_stdin_option
@_answering_option
@by_option()
@common_options
@click.pass_obj
def change_connection(
    session: Session,
    name: str,
    given: tuple[tuple[str, str], ...],
    secrets: tuple[str, ...],
    secrets_stdin: bool,
    cancel_requests: str | None,
    by: str | None,
) -> None:
    """Change settings or secrets of the connection NAME, which was made by `connections add`."""
    from orderdesk_sdk.desk.connection_admin.forms import read_texts
    from orderdesk_sdk.desk.connection_admin.records import ConnectionChange

    with session.desk() as desk:
        admin = desk.connection_admin
        before = admin.get(name)
        form = admin.form(before.integration)
        changed = read_texts(form, dict(given))
        kept = {key: value for key, value in before.settings.items() if key not in dict(given)}
        change = ConnectionChange(
            name=name,
            integration=before.integration,
            settings={**kept, **changed},
            secrets=_read_secrets() if secrets_stdin else _ask_for(form, secrets),
            cancel_requests=_answering(cancel_requests) if cancel_requests else before.cancel_requests,
        )
        _print_connection(session, admin.save(change, by=require_name(by)))


@connections.command("disable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def disable_connection(session: Session, name: str, by: str | None) -> None:
    """Switch the connection NAME off; its cases wait."""
    with session.desk() as desk:
        _switch(session, desk, name, by, enabled=False)


@connections.command("enable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def enable_connection(session: Session, name: str, by: str | None) -> None:
    """Switch the connection NAME on again."""
    with session.desk() as desk:
        _switch(session, desk, name, by, enabled=True)


@connections.command("test")
@click.argument("name")
@common_options
@click.pass_obj
def test_connection(session: Session, name: str) -> None:
    """Try the connection NAME: its settings, its hosts, and a token where it uses one. Exit code 1: it fails."""
    from orderdesk_sdk.desk.connection_admin.documents import checks_document
    from orderdesk_sdk.desk.health import HealthStatus, worst_status

    with session.desk() as desk:
        checks = desk.connection_admin.test(name)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.connections import show_checks

        show_checks(screen, checks)

    session.print_result(checks_document(name, checks), draw)
    if worst_status(checks) is HealthStatus.FAILING:
        click.get_current_context().exit(1)


@connections.command("webhook")
@click.argument("name")
@click.option("--register/--remove", "registered", default=None, help="Register our address there, or remove it.")
@by_option()
@common_options
@click.pass_obj
def connection_webhook(session: Session, name: str, registered: bool | None, by: str | None) -> None:
    """Show whether our webhook is registered at the service of the connection NAME, and put it right.

    For services whose plugin registers its webhook itself. Exit code 3: it is not registered.
    """
    with session.desk() as desk:
        admin = desk.connection_admin
        status = (
            admin.webhook(name)
            if registered is None
            else admin.set_webhook(name, registered=registered, by=require_name(by))
        )

    def draw(screen: Screen) -> None:
        others = f"; {status.others} of others" if status.others else ""
        screen.line(f"{name}: the webhook is {status.state.value}{others}")

    session.print_result({"connection": name, "webhook": status.state.value, "others": status.others}, draw)
    if status.state.value != "registered" and registered is not False:
        click.get_current_context().exit(3)


@connections.command("rotate-key")
@by_option()
@common_options
@click.pass_obj
def rotate_key(session: Session, by: str | None) -> None:
    """Seal all secrets with the new `key` of [stored_connections]; `previous_key` opens them."""
    with session.desk() as desk:
        count = desk.connection_admin.rotate_key(by=require_name(by))
    session.print_result({"sealed": count}, lambda screen: screen.line(f"Sealed with the new key: {count}."))


def _switch(session: Session, desk: Desk, name: str, by: str | None, *, enabled: bool) -> None:
    _print_connection(session, desk.connection_admin.set_enabled(name, enabled=enabled, by=require_name(by)))


def _print_connection(session: Session, connection: ConnectionView) -> None:
    from orderdesk_sdk.desk.connection_admin.documents import connection_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.connections import show_connection

        show_connection(screen, connection)

    session.print_result(connection_document(connection), draw)


def _answering(name: str | None) -> Answering:
    from orderdesk_sdk.runtime.connection_config import Answering

    return Answering(name) if name else Answering.PERSON


def _ask_for(form: ConnectionForm, names: tuple[str, ...]) -> Mapping[str, Secret]:
    """The secrets of these names, asked for at the terminal; an optional one may be left empty."""
    from orderdesk_sdk.secret import Secret

    required = {field.name: field.is_required for field in form.fields if field.is_secret}
    for name in names:
        if name not in required:
            raise click.UsageError(f"{name!r} is not a secret of {form.integration}; known: {', '.join(required)}")
    answers = {
        name: click.prompt(
            name if required[name] else f"{name} (optional)",
            hide_input=True,
            err=True,
            default=None if required[name] else "",
            show_default=False,
        )
        for name in names
    }
    return {name: Secret(text) for name, text in answers.items() if text or names != form.secret_names}


def _read_secrets() -> Mapping[str, Secret]:
    """The secrets on the standard input. Raises click.UsageError that does not show them."""
    from orderdesk_sdk.secret import Secret

    try:
        found = json.loads(sys.stdin.read())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise click.UsageError('the standard input is not a JSON object of texts; write it as {"api_key": "..."}')
    return {name: Secret(text) for name, text in found.items()}
