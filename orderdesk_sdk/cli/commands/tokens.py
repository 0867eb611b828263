"""`tokens`: what lets programs use the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.commands.users import ROLES
from orderdesk_sdk.cli.output.times import DaysParameter
from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from datetime import timedelta

    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["tokens"]


@click.group()
@common_options
def tokens() -> None:
    """Make and revoke the tokens by which programs use the API."""


@tokens.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the program may do.")
@click.option(
    "--at",
    "connections",
    metavar="CONNECTION",
    multiple=True,
    help="Only what is about this connection; may be repeated. All if not given.",
)
@click.option("--expires", type=DaysParameter(), default="90d", show_default=True, help="For how long, 366d at most.")
@by_option()
@common_options
@click.pass_obj
# Many parameters: one for each option.
def create_token(
    session: Session, name: str, role: str, connections: tuple[str, ...], expires: timedelta, by: str | None
) -> None:
    """Make a token, and print it. It is shown only once."""
    from orderdesk_sdk.cases.access import Role
    from orderdesk_sdk.desk.documents.access import api_token_document
    from orderdesk_sdk.errors import NotFoundError

    with session.desk() as desk:
        unknown = [one for one in connections if one not in desk.connections.names()]
        if unknown:
            raise NotFoundError(
                "the connection is not configured",
                location=f"connection {unknown[0]!r}",
                hint="see `orderdesk integrations`",
            )
        ends = desk.access.clock.now() + expires
        token, text = desk.access.api_tokens.create(
            name, role=Role(role), connections=connections, expires_at=ends, by=require_name(by)
        )

    def draw(screen: Screen) -> None:
        screen.line(f"Token {token.name}, {token.role.value}, until {token.expires_at:%Y-%m-%d}. It is shown only now:")
        screen.line(text.reveal(), "bold")

    session.print_result({"token": api_token_document(token), "text": text.reveal()}, draw)


@tokens.command("list")
@common_options
@click.pass_obj
def list_tokens(session: Session) -> None:
    """List the tokens, revoked and expired ones too."""
    from orderdesk_sdk.desk.documents.access import api_token_document

    with session.desk() as desk:
        found, now = desk.access.api_tokens.list(), desk.access.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.access import show_tokens

        show_tokens(screen, found, now)

    session.print_result({"tokens": [api_token_document(token) for token in found]}, draw)


@tokens.command("revoke")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def revoke_token(session: Session, name: str, by: str | None) -> None:
    """Revoke a token, at once."""
    from orderdesk_sdk.desk.documents.access import api_token_document

    with session.desk() as desk:
        token = desk.access.api_tokens.revoke(name, by=require_name(by))
    session.print_result(
        {"token": api_token_document(token)}, lambda screen: screen.line(f"Token {token.name} was revoked.")
    )
