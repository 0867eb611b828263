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
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.clock import Clock
    from orderdesk_sdk.desk.config import Config
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.orders.order import Order
    from orderdesk_sdk.plugin.registry import PluginRegistry
    from orderdesk_sdk.stores.sql.order_store import SqlOrderStore

__all__ = [
    "EXIT_ACTION_REQUIRED",
    "Session",
    "by_option",
    "clock_of",
    "common_options",
    "find_case",
    "find_case_or_order",
    "name_of_order",
    "print_cases",
    "require_name",
    "embedded_order_store",
]

P = ParamSpec("P")
R = TypeVar("R")

_MAX_NAMED = 5
"""As many cases as an error names."""
EXIT_ACTION_REQUIRED = 3
"""The exit code that says: a person is needed. A case requires action, an order was shipped although it was canceled,
or a connection did not do what the command requested."""


class Session:
    """One run of the command line."""

    def __init__(self) -> None:
        self.as_json = False
        self.config_file: Path | None = None

    def config(self) -> Config:
        """The configuration. Raises ConfigurationError."""
        from orderdesk_sdk.desk.config import find_config

        return find_config(self.config_file)

    def config_path(self) -> Path:
        """The file of the configuration, whether or not there is one."""
        from orderdesk_sdk.desk.config import FILE_NAME

        return self.config_file or Path(FILE_NAME)

    def registry(self) -> PluginRegistry:
        """The installed plugins, of which those are not imported that the configuration disables.

        It needs nothing else of the configuration. Raises ConfigurationError where that cannot be read as TOML.
        """
        from orderdesk_sdk.desk.disabled_plugins import disabled_plugins_in
        from orderdesk_sdk.plugin.registry import PluginRegistry

        registry = PluginRegistry()
        registry.disable(disabled_plugins_in(self.config_path()))
        return registry

    @contextmanager
    def desk(
        self,
        *,
        creating: bool = False,
        listeners: Sequence[object] = (),
        change: Callable[[Config], Config] | None = None,
    ) -> Iterator[Desk]:
        """The desk of the configuration, closed after the block.

        change: what an option of the command changes of the configuration; None: nothing.

        creating: make a ledger where neither it nor a configuration exists. Raises NotFoundError otherwise: a command
        in the wrong folder must not look like an empty shop.
        """
        from orderdesk_sdk.desk.desk import Desk

        config = self.config() if change is None else change(self.config())
        file = config.ledger_file
        if not creating and config.path is None and file is not None and not file.exists():
            raise errors.NotFoundError(
                "this folder contains neither a configuration nor a ledger",
                location=str(Path.cwd()),
                hint="change to the folder of orderdesk.toml, name it with --config, or start with `orderdesk import`",
            )
        with Desk(config, clock=_sandbox_clock(config), listeners=listeners) as desk:
            yield desk

    def print_result(self, document: Mapping[str, object], show: Callable[[Screen], None]) -> None:
        """Print a result: the document as JSON with --json, else what `show` draws for people."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
            return
        from orderdesk_sdk.cli.output.screen import Screen

        show(Screen())

    def print_list(self, name: str, items: Iterable[Mapping[str, object]], show: Callable[[Screen], None]) -> None:
        """Print a long list under a name, item by item: as JSON with --json, else what `show` draws for people."""
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
        """Print what is wrong, where, and what to do: on stderr, or as JSON on stdout with --json.

        A plan that has changed is shown as it is now.
        """
        if self.as_json:
            public = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
            document: dict[str, object] = {
                "kind": public.__name__,
                "message": error.message,
                "location": error.location,
                "hint": error.hint,
            }
            if isinstance(error, errors.PlanChangedError):
                from orderdesk_sdk.desk.documents import plan_document

                document["plan"] = plan_document(error.plan)
            click.echo(json.dumps({"error": document}, indent=2))
            return
        from orderdesk_sdk.cli.output.screen import Screen, printable

        if isinstance(error, errors.PlanChangedError):
            from orderdesk_sdk.cli.output.cancellations import show_plan, show_plan_token

            show_plan(screen := Screen(), error.plan)
            show_plan_token(screen, error.plan)
        text = f"{error.location}: {error.message}" if error.location else error.message
        click.echo(_wrap_for_terminal(f"Error: {printable(text)}"), err=True)
        if error.hint:
            click.echo(_wrap_for_terminal(f"What to do: {printable(error.hint)}"), err=True)

    def exit_for(self, cases: Sequence[Case]) -> None:
        """End the command with the exit code that these cases ask for."""
        from orderdesk_sdk.cases.case import ALARMS, State

        if any(case.state in {State.ACTION_REQUIRED, *ALARMS} for case in cases):
            click.get_current_context().exit(EXIT_ACTION_REQUIRED)

    def exit_for_request(self, cases: Sequence[Case]) -> None:
        """End the command that requested these cases: an unsuccessful one asks for a person too."""
        from orderdesk_sdk.cases.case import UNSUCCESSFUL

        if any(case.state in UNSUCCESSFUL for case in cases):
            click.get_current_context().exit(EXIT_ACTION_REQUIRED)
        self.exit_for(cases)


def _wrap_for_terminal(text: str) -> str:
    """The text broken between words on a terminal; as it is anywhere else."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def clock_of(config: Config) -> Clock:
    """The machine's clock, or that of the sandbox which wrote the configuration."""
    from orderdesk_sdk.clock import SystemClock

    return _sandbox_clock(config) or SystemClock()


def _sandbox_clock(config: Config) -> Clock | None:
    """The clock of the sandbox that wrote the configuration; None: no sandbox did."""
    if config.sandbox is None or config.sandbox.clock is None:
        return None
    from orderdesk_sdk.cli.sandbox_client import SandboxClock

    return SandboxClock(config.sandbox.clock)


def embedded_order_store(desk: Desk) -> SqlOrderStore:
    """The desk's order store, which must be the embedded one. Raises InvalidStateError."""
    from orderdesk_sdk.stores.sql.order_store import require_embedded_store

    return require_embedded_store(desk.order_store, "list the orders")


def find_case(desk: Desk, ref: str) -> Case:
    """The case of any kind with this id or beginning of one, or the latest of ORDER@CONNECTION.

    At a connection an open case comes before a settled one, and a cancellation before the other kinds. Raises
    NotFoundError, and ValidationError where several ids begin like this.
    """
    try:
        return desk.cases.get(ref)
    except errors.NotFoundError:
        order, at, connection = ref.rpartition("@")
        if at:
            latest = sorted(_cases_at(desk, order, connection), key=lambda case: case.is_open)
            if latest:
                return latest[-1]
            raise
        matching = desk.cases.find(ref, limit=_MAX_NAMED + 1)
        if len(matching) == 1:
            return matching[0]
        if not matching:
            raise
    named = matching[:_MAX_NAMED]
    some = ", ".join(f"{case.id} (order {case.order_number} at {case.connection})" for case in named)
    raise errors.ValidationError(
        f"{len(named)}{' or more' if len(matching) > len(named) else ''} case ids begin with this text",
        location=f"case {ref}",
        hint=f"give more of the id; the cases are {some}",
    )


def _cases_at(desk: Desk, ref: str, connection: str) -> list[Case]:
    """What is asked of a connection for an order, or makes it: a cancellation comes after the other kinds."""
    from orderdesk_sdk.cases.resubmission import ResubmitCase

    order = desk.orders.get(ref)
    others = [
        case
        for order_id in (order.id, desk.order_store.original_of(order.id))
        if order_id is not None
        for case in desk.cases.list_others(order=f"id:{order_id}")
        if (case.order_number == order.number if isinstance(case, ResubmitCase) else case.order_id == order.id)
    ]
    cancels = desk.cases.list(order=f"id:{order.id}")
    return [case for case in (*others, *cancels) if case.connection == connection]


def find_case_or_order(desk: Desk, ref: str) -> Case | Order:
    """The case with this id or at ORDER@CONNECTION, else the order, else the case whose id begins like this.

    Raises NotFoundError, and what `find_case` and `desk.orders.get` raise for a text that several begin with or go by.
    """
    try:
        return desk.cases.get(ref)
    except errors.NotFoundError:
        pass
    try:
        return desk.orders.get(ref)
    except errors.NotFoundError:
        return find_case(desk, ref)


def print_cases(
    session: Session, order: str, cases: Sequence[CancelCase], empty_message: str, remark: str = ""
) -> None:
    """Print the cases of one order, or what their absence means.

    remark: what people read below the cases.
    """
    from orderdesk_sdk.desk.documents import case_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases

        if not cases:
            screen.line(empty_message)
            return
        screen.line(f"Order {cases[0].order_number}", "bold")
        show_cases(screen, cases)
        screen.zone(cases[0].updated_at)
        if remark:
            screen.line(remark, "yellow")

    session.print_result({"order": order, "cases": [case_document(case) for case in cases]}, draw)


def name_of_order(desk: Desk, order_id: str) -> str:
    """What to type for an order: its number, or its id where the number could be another's."""
    number = desk.orders.get(f"id:{order_id}").number
    try:
        return number if desk.orders.get(number).id == order_id else f"id:{order_id}"
    except errors.NotFoundError:
        return f"id:{order_id}"


def common_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add --json and --config, which may stand before or after the command's name."""

    def keep_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.ensure_object(Session).as_json |= value

    def keep_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        session = ctx.ensure_object(Session)
        session.config_file = value or session.config_file

    as_json = click.option(
        "--json", is_flag=True, expose_value=False, callback=keep_json, help="Print the result as JSON."
    )
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        expose_value=False,
        callback=keep_config,
        help="The configuration file; orderdesk.toml in this folder if not given.",
    )
    return config(as_json(function))


def by_option(*, required: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option --by: the person who requests or decides; the login name where the option is not required."""
    text = "The person who decides this." if required else "The person who requests this; the login name if not given."
    return click.option("--by", metavar="NAME", required=required, help=text)


def require_name(by: str | None) -> str:
    """The name given, else the login name. Raises click.UsageError where the machine knows none."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        # Each is what getuser raises on some platform or Python where nobody is logged in.
        raise click.UsageError("the login name is unknown; name the person with --by NAME") from error
