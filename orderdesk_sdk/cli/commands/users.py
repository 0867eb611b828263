"""`users`: who may sign in to the console."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from orderdesk_sdk.cases.access import User
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.secret import Secret

__all__ = ["ROLES", "users"]

ROLES = ("viewer", "operator", "supervisor", "admin")
MAX_LINE = 2000
"""Characters of a password that are read."""
_stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input, one line."
)


@click.group()
@common_options
def users() -> None:
    """Say who may sign in to the console, and as what."""


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the user may do.")
@_stdin_option
@click.option("--link", is_flag=True, help="Without a password: print a link that signs in once.")
@click.option("--identity", metavar="TEXT", help="How single sign-on names the user: a subject or an e-mail address.")
@by_option()
@common_options
@click.pass_obj
# Many parameters: one for each option.
def add_user(
    session: Session, name: str, role: str, from_stdin: bool, link: bool, identity: str | None, by: str | None
) -> None:
    """Add a user. Asks for a password, unless an option says how else the user signs in."""
    from orderdesk_sdk.cases.access import Role

    if link and from_stdin:
        raise click.UsageError("a user is added with --password-stdin or with --link, not with both")
    password = _read_password(from_stdin) if from_stdin or not (link or identity) else None
    actor = require_name(by)
    with session.desk() as desk:
        user = desk.access.users.add(name, role=Role(role), password=password, by=actor, identity=identity)
        path, url = _link_path(desk, user.name, actor) if link else None, desk.config.web.url
    _print_user(session, user, f"{user.name} may sign in, as {user.role.value}.", path, url)


@users.command("list")
@common_options
@click.pass_obj
def list_users(session: Session) -> None:
    """List the users."""
    from orderdesk_sdk.desk.documents.access import user_document

    with session.desk() as desk:
        found = desk.access.users.list()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.access import show_users

        show_users(screen, found)

    session.print_result({"users": [user_document(user) for user in found]}, draw)


@users.command("set-role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@by_option()
@common_options
@click.pass_obj
def set_role(session: Session, name: str, role: str, by: str | None) -> None:
    """Give a user another role, which ends their sessions."""
    from orderdesk_sdk.cases.access import Role

    _change(session, lambda desk: desk.access.users.set_role(name, Role(role), by=require_name(by)), f"is now {role}")


@users.command("set-password")
@click.argument("name")
@_stdin_option
@by_option()
@common_options
@click.pass_obj
def set_password(session: Session, name: str, from_stdin: bool, by: str | None) -> None:
    """Give a user another password, which ends their sessions."""
    password = _read_password(from_stdin)
    _change(
        session,
        lambda desk: desk.access.users.set_password(name, password, by=require_name(by)),
        "has another password, and is signed out everywhere",
    )


@users.command("set-identity")
@click.argument("name")
@click.argument("identity")
@by_option()
@common_options
@click.pass_obj
def set_identity(session: Session, name: str, identity: str, by: str | None) -> None:
    """Say how single sign-on names a user: by a subject, or an e-mail address."""
    _change(
        session,
        lambda desk: desk.access.users.set_identity(name, identity, by=require_name(by)),
        "may sign in by single sign-on",
    )


@users.command("disable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def disable_user(session: Session, name: str, by: str | None) -> None:
    """Disable a user, and end their sessions everywhere."""
    _change(
        session,
        lambda desk: desk.access.users.disable(name, by=require_name(by)),
        "is signed out everywhere and may not sign in any more",
    )


@users.command("enable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def enable_user(session: Session, name: str, by: str | None) -> None:
    """Let a user who was disabled sign in again."""
    _change(session, lambda desk: desk.access.users.enable(name, by=require_name(by)), "may sign in again")


@users.command("forget")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def forget_user(session: Session, name: str, by: str | None) -> None:
    """Remove a user's addresses from the audit log; who signed in when stays, and is verified."""
    with session.desk() as desk:
        count = desk.access.users.remove_audit_texts(name, by=require_name(by))
    session.print_result(
        {"user": name, "records": count},
        lambda screen: screen.line(f"Addresses and details were removed from {counted(count, 'record')} about {name}."),
    )


@users.command("sign-in-link")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def sign_in_link(session: Session, name: str, by: str | None) -> None:
    """Print a link that signs a user in, once, within 15 minutes."""
    with session.desk() as desk:
        user = desk.access.users.get(name)
        path, url = _link_path(desk, name, require_name(by)), desk.config.web.url
    _print_user(session, user, "", path, url)


def _read_password(from_stdin: bool) -> Secret:
    from orderdesk_sdk.secret import Secret

    if from_stdin:
        return Secret(sys.stdin.readline(MAX_LINE).removesuffix("\n").removesuffix("\r"))
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password on; give it with --password-stdin")
    return Secret(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _link_path(desk: Desk, name: str, by: str) -> str:
    return f"/sign-in/{desk.access.make_sign_in_link(name, by=by).reveal()}"


def _change(session: Session, change: Callable[[Desk], User], told: str) -> None:
    with session.desk() as desk:
        user = change(desk)
    _print_user(session, user, f"{user.name} {told}.")


def _print_user(session: Session, user: User, told: str, path: str | None = None, url: str = "") -> None:
    from orderdesk_sdk.desk.documents.access import user_document

    def draw(screen: Screen) -> None:
        if told:
            screen.line(told)
        if path is not None:
            where = "this page" if url else "this path at the console's address"
            screen.line(f"Open {where}, once, within 15 minutes:")
            screen.line(f"{url}{path}")

    session.print_result({"user": user_document(user), "sign_in_path": path}, draw)
