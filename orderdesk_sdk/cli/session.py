"""What every command shares: the options --json and --config, the desk they lead to, and how results are given."""

from __future__ import annotations

import getpass
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from orderdesk_sdk import errors

if TYPE_CHECKING:
    from orderdesk_sdk.cases.ledger import AnyCase
    from orderdesk_sdk.cases.resubmission import Resubmission
    from orderdesk_sdk.cases.status_change import StatusChange
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.clock import Clock
    from orderdesk_sdk.desk.config import Config
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

__all__ = ["EXIT_ACTION_REQUIRED", "Session", "by_option", "name_of_order", "common_options", "require_name"]

P = ParamSpec("P")
R = TypeVar("R")

EXIT_ACTION_REQUIRED = 3
"""The exit code that says: a case awaits a person, or shipped although it was canceled."""


class Session:
    """One run of the command line."""

    def __init__(self) -> None:
        self.as_json = False
        self.config_file: Path | None = None

    def config(self) -> Config:
        """The configuration. Raises ConfigurationError."""
        from orderdesk_sdk.desk.config import find_config

        return find_config(self.config_file)

    @contextmanager
    def desk(self, *, creating: bool = False, listeners: Sequence[object] = ()) -> Iterator[Desk]:
        """The desk of the configuration, closed after the block.

        creating: make a ledger where neither it nor a configuration exists. Raises NotFoundError otherwise: a command
        in the wrong folder shall not look like an empty shop.
        """
        from orderdesk_sdk.desk.desk import Desk

        config = self.config()
        if not creating and config.path is None and not config.ledger.exists():
            raise errors.NotFoundError(
                "there is neither a configuration nor a ledger here",
                location=str(Path.cwd()),
                hint="go where your orderdesk.toml is, name it with --config, or begin with `orderdesk import`",
            )
        with Desk(config, clock=clock_of(config), listeners=listeners) as desk:
            yield desk

    def print_result(self, document: Mapping[str, object], show: Callable[[Screen], None]) -> None:
        """Give a result: the shape as JSON with --json, else what `show` draws for people."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
            return
        from orderdesk_sdk.cli.output.screen import Screen

        show(Screen())

    def print_list(self, name: str, items: Iterable[Mapping[str, object]], show: Callable[[Screen], None]) -> None:
        """Give a long list under a name, item by item as `items` has them: as JSON, else what `show` draws."""
        if not self.as_json:
            self.print_result({}, show)
            return
        separator = ""
        click.echo(f'{{\n  "{name}": [', nl=False)
        for item in items:
            text = textwrap.indent(json.dumps(item, indent=2), "    ")
            click.echo(f"{separator}\n{text}", nl=False)
            separator = ","
        click.echo("\n  ]\n}" if separator else "]\n}")

    def fail(self, error: errors.OrderDeskError) -> None:
        """Say what is wrong, where, and what to do: on stderr, or as JSON on stdout with --json."""
        if self.as_json:
            named = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
            shape = {"kind": named.__name__, "text": error.message, "place": error.location, "remedy": error.hint}
            click.echo(json.dumps({"error": shape}, indent=2))
            return
        from orderdesk_sdk.cli.output.screen import printable

        said = f"{error.location}: {error.message}" if error.location else error.message
        click.echo(_load_error(f"Error: {printable(said)}"), err=True)
        if error.hint:
            click.echo(_load_error(f"What to do: {printable(error.hint)}"), err=True)

    def exit_for(self, cases: Sequence[AnyCase]) -> None:
        """End the command with the exit code that these cases ask for."""
        from orderdesk_sdk.cases.case import ALARMS, State
        from orderdesk_sdk.cases.errand import ErrandState

        needed = {State.ACTION_REQUIRED, ErrandState.ACTION_REQUIRED, *ALARMS}
        if any(case.state in needed for case in cases):
            click.get_current_context().exit(EXIT_ACTION_REQUIRED)


def _load_error(text: str) -> str:
    """The text broken between words on a terminal; as it is anywhere else."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def clock_of(config: Config) -> Clock:
    """The clock to go by: the machine's, or that of the sandbox which wrote the configuration."""
    if config.sandbox is not None and config.sandbox.clock is not None:
        from orderdesk_sdk.cli.sandbox_client import SandboxClock

        return SandboxClock(config.sandbox.clock)
    from orderdesk_sdk.clock import SystemClock

    return SystemClock()


def sqlite_order_store(desk: Desk) -> SqliteOrderStore:
    """The desk's host, which must be the embedded one. Raises InvalidStateError."""
    from orderdesk_sdk.stores.sqlite.orders import require_embedded_store

    return require_embedded_store(desk.order_store, "list the orders")


def find_case(desk: Desk, ref: str) -> AnyCase:
    """The case, resubmission or status change with this id or beginning of one, or the latest of ORDER@CONNECTION.

    At a connection an open one comes before what is settled, and a case before the others. Raises NotFoundError, and
    ValidationError where several begin like that.
    """
    from orderdesk_sdk.cli.output.pages import each_case

    try:
        return desk.cases.get(ref)
    except errors.NotFoundError:
        order, at, connection = ref.rpartition("@")
        cases = desk.cases.list_others()
        if at:
            known = [case for case in desk.cases.list(order=order) if case.connection == connection]
            its = [errand for errand in cases if errand.connection == connection and _is_of(desk, errand, order)]
            found: list[AnyCase] = [*its, *known]
            found.sort(key=lambda one: one.is_open)
            if found:
                return found[-1]
            raise
        found = [case for case in each_case(desk) if case.id.startswith(ref)]
        found += [errand for errand in cases if errand.id.startswith(ref)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise
    some = ", ".join(f"{one.id} (order {one.order_number} at {one.connection})" for one in found[:5])
    raise errors.ValidationError(
        f"{len(found)} cases begin like that", location=f"case {ref}", hint=f"give more of the id: {some}"
    )


def name_of_order(desk: Desk, order_id: str) -> str:
    """What to type for an order: its number, or its id where the number could be another's."""
    number = desk.orders.get(f"id:{order_id}").number
    try:
        return number if desk.orders.get(number).id == order_id else f"id:{order_id}"
    except errors.NotFoundError:
        return f"id:{order_id}"


def _is_of(desk: Desk, case: Resubmission | StatusChange, ref: str) -> bool:
    """Whether a case is about this order, or makes it."""
    from orderdesk_sdk.cases.status_change import StatusChange

    order = desk.orders.get(ref)
    if isinstance(case, StatusChange):
        return case.order_id == order.id
    origin = (order.id, desk.order_store.original_of(order.id))
    return case.order_number == order.number and case.original_id in origin


def common_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add --json and --config, which may stand before or after the command's name."""

    def keep_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.ensure_object(Session).as_json |= value

    def keep_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        session = ctx.ensure_object(Session)
        session.config_file = value or session.config_file

    as_json = click.option(
        "--json", is_flag=True, expose_value=False, callback=keep_json, help="Give the result as JSON."
    )
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        expose_value=False,
        callback=keep_config,
        help="The configuration; orderdesk.toml in this folder if not given.",
    )
    return config(as_json(function))


def by_option(*, required: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option --by: who stands for it; the login name where it is not required."""
    text = "The person whose word it is." if required else "Who does this; the login name if not given."
    return click.option("--by", metavar="NAME", required=required, help=text)


def require_name(by: str | None) -> str:
    """The name given, else the login name. Raises click.UsageError where the machine knows none."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        # Each is what getuser raises on some platform or Python where nobody is logged in.
        raise click.UsageError("nobody is logged in here; say who does this with --by NAME") from error
