"""`webhooks`: endpoints elsewhere that hear what happens to cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.output.times import DaysParameter
from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from datetime import timedelta

    from orderdesk_sdk.cases.event_webhooks import EventEndpoint, EventType
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.secret import Secret

__all__ = ["webhooks"]

STATES = ("pending", "delivered", "failed")


@click.group()
@common_options
def webhooks() -> None:
    """Send what happens to cases to programs elsewhere."""


@webhooks.command("add")
@click.argument("url")
@click.option(
    "--event",
    "types",
    metavar="TYPE",
    multiple=True,
    help="Only events of this type, such as case.canceled; may be repeated.",
)
@click.option(
    "--at",
    "connections",
    metavar="CONNECTION",
    multiple=True,
    help="Only events of cases at this connection; may be repeated.",
)
@by_option()
@common_options
@click.pass_obj
def add_webhook(
    session: Session, url: str, types: tuple[str, ...], connections: tuple[str, ...], by: str | None
) -> None:
    """Add an endpoint, and print its secret. The secret is shown only once.

    The endpoint receives what happens from now on. Its URL begins with https, and its host is public.
    """
    from orderdesk_sdk.errors import NotFoundError

    chosen = [_event_type(one) for one in types]
    with session.desk() as desk:
        unknown = [one for one in connections if one not in desk.connections.names()]
        if unknown:
            raise NotFoundError(
                "the connection is not configured",
                location=f"connection {unknown[0]!r}",
                hint="see `orderdesk connections list`",
            )
        endpoint, secret = desk.event_webhooks.add(url, types=chosen, connections=connections, by=require_name(by))
    _print_secret(session, endpoint, secret)


@webhooks.command("list")
@common_options
@click.pass_obj
def list_webhooks(session: Session) -> None:
    """List the endpoints, and how many events each has not received after many tries."""
    from orderdesk_sdk.desk.documents.event_webhooks import endpoint_document

    with session.desk() as desk:
        found, failed = desk.event_webhooks.list(), desk.ledger.failed_deliveries()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.webhooks import show_endpoints

        show_endpoints(screen, found, failed)

    shape = [{**endpoint_document(one), "failed_deliveries": failed.get(one.id, 0)} for one in found]
    session.print_result({"endpoints": shape}, draw)


@webhooks.command("disable")
@click.argument("endpoint")
@by_option()
@common_options
@click.pass_obj
def disable_webhook(session: Session, endpoint: str, by: str | None) -> None:
    """Send nothing to an endpoint from now on; what waits for it is kept."""
    with session.desk() as desk:
        changed = desk.event_webhooks.disable(endpoint, by=require_name(by))
    _print_endpoint(session, changed, "hears nothing from now on")


@webhooks.command("enable")
@click.argument("endpoint")
@by_option()
@common_options
@click.pass_obj
def enable_webhook(session: Session, endpoint: str, by: str | None) -> None:
    """Send to an endpoint again, with what has happened meanwhile."""
    with session.desk() as desk:
        changed = desk.event_webhooks.enable(endpoint, by=require_name(by))
    _print_endpoint(session, changed, "hears again, beginning where it ended")


@webhooks.command("rotate")
@click.argument("endpoint")
@click.option(
    "--overlap",
    type=DaysParameter(),
    default="1d",
    show_default=True,
    help="How long the old secret signs too; 0d to 7d.",
)
@by_option()
@common_options
@click.pass_obj
def rotate_webhook(session: Session, endpoint: str, overlap: timedelta, by: str | None) -> None:
    """Give an endpoint a new secret, and print it. It is shown only once."""
    with session.desk() as desk:
        changed, secret = desk.event_webhooks.rotate(endpoint, overlap=overlap, by=require_name(by))
    _print_secret(session, changed, secret)


@webhooks.command("test")
@click.argument("endpoint")
@common_options
@click.pass_obj
def test_webhook(session: Session, endpoint: str) -> None:
    """Send an endpoint a signed event of the type test, now. Exit code 3: it did not take it."""
    with session.desk() as desk:
        result = desk.event_webhooks.test(endpoint)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.webhooks import show_test

        show_test(screen, endpoint, result)

    shape = {"is_success": result.is_success, "status": result.status, "problem": result.problem}
    session.print_result(shape, draw)
    if not result.is_success:
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)


@webhooks.command("deliveries")
@click.argument("endpoint")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most.")
@click.option("--before", type=click.IntRange(1), metavar="EVENT", help="Only of earlier events, for the next page.")
@common_options
@click.pass_obj
def list_deliveries(session: Session, endpoint: str, states: tuple[str, ...], limit: int, before: int | None) -> None:
    """List what is sent to an endpoint, the newest events first. What was delivered is forgotten after 30 days."""
    from orderdesk_sdk.cases.event_webhooks import DeliveryState
    from orderdesk_sdk.desk.documents.event_webhooks import delivery_document

    wanted = tuple(map(DeliveryState, states or STATES))
    with session.desk() as desk:
        found = desk.event_webhooks.deliveries(endpoint, states=wanted, limit=limit, before=before)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.webhooks import show_deliveries

        show_deliveries(screen, found)

    session.print_result({"deliveries": [delivery_document(one) for one in found]}, draw)


@webhooks.command("redeliver")
@click.argument("endpoint")
@click.argument("event", type=click.IntRange(1))
@by_option()
@common_options
@click.pass_obj
def redeliver(session: Session, endpoint: str, event: int, by: str | None) -> None:
    """Have an event sent to an endpoint again by the next worker, under the same id."""
    from orderdesk_sdk.desk.documents.event_webhooks import delivery_document

    with session.desk() as desk:
        found = desk.event_webhooks.redeliver(endpoint, event, by=require_name(by))
    session.print_result(
        delivery_document(found), lambda screen: screen.line(f"Event {event} is sent again by `orderdesk work`.")
    )


def _event_type(text: str) -> EventType:
    """A type of events by its name, with or without `case.`. Raises ValidationError."""
    from orderdesk_sdk.cases.event_webhooks import EventType
    from orderdesk_sdk.errors import ValidationError

    known = {each.value: each for each in EventType}
    found = known.get(text) or known.get(f"case.{text}")
    if found is None:
        raise ValidationError(
            f"{text!r} is not a type of event", location="--event", hint=f"known are: {', '.join(known)}"
        )
    return found


def _print_endpoint(session: Session, endpoint: EventEndpoint, what: str) -> None:
    from orderdesk_sdk.desk.documents.event_webhooks import endpoint_document

    session.print_result(
        {"endpoint": endpoint_document(endpoint)}, lambda screen: screen.line(f"Endpoint {endpoint.id} {what}.")
    )


def _print_secret(session: Session, endpoint: EventEndpoint, secret: Secret) -> None:
    from orderdesk_sdk.desk.documents.event_webhooks import endpoint_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.webhooks import show_secret

        show_secret(screen, endpoint, secret.reveal())

    session.print_result({"endpoint": endpoint_document(endpoint), "secret": secret.reveal()}, draw)
