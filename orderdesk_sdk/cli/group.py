"""The group `orderdesk`: its commands in sections, and how errors are shown."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from orderdesk_sdk.cli.commands import (
    audit,
    cancel,
    cases,
    connections,
    decide,
    doctor,
    eligibility,
    events,
    inbox,
    integrations,
    ledger,
    messages,
    orders,
    plugins,
    receipts,
    report,
    serve,
    stored_rules,
    tokens,
    users,
    webhooks,
    work,
)
from orderdesk_sdk.cli.plugin_commands import contributed_commands, load_command, missing_command
from orderdesk_sdk.cli.session import Session, common_options
from orderdesk_sdk.cli.unexpected_errors import explain_unexpected_error, print_error
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.entry_points import source_of

__all__ = ["all_sections", "orderdesk"]

_SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Set up": (
        doctor.doctor,
        connections.connections,
        integrations.integrations,
        integrations.matrix,
        integrations.show,
        plugins.plugins,
    ),
    "Orders": (
        orders.import_orders,
        orders.orders,
        orders.register,
        orders.claim_number,
        orders.move,
    ),
    "Cancel and follow up": (
        cancel.plan,
        eligibility.eligibility,
        cancel.cancel,
        work.work,
        work.watch,
        serve.serve,
        cases.cases,
        events.events,
        events.bulk,
        receipts.receipt,
        cancel.resubmit,
        report.set_status,
    ),
    "Rules": (stored_rules.rules,),
    "Decide a case": (
        inbox.inbox,
        inbox.mark_seen,
        decide.answer,
        decide.poll,
        decide.confirm,
        decide.reject,
        decide.withdraw,
        decide.retry,
    ),
    "Report what happened outside": (
        report.report_canceled,
        report.report_shipped,
        messages.messages,
    ),
    "Keep the ledger": (ledger.ledger, ledger.forget),
    "Console and API": (users.users, tokens.tokens, webhooks.webhooks, audit.audit),
}


def all_sections() -> dict[str, tuple[click.Command, ...]]:
    """The commands by the title of their section in the help: the SDK's own, then those that packages add."""
    sections = dict(_SECTIONS)
    own = {command.name for commands in _SECTIONS.values() for command in commands}
    for name, point in contributed_commands().items():
        if name not in own:
            title = f"Added by {source_of(point)}"
            sections[title] = (*sections.get(title, ()), load_command(point))
    return sections


class _Sections(click.Group):
    """A group whose help has sections, and whose errors say what to do."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        own = [command.name or "" for commands in _SECTIONS.values() for command in commands]
        return own + [name for name in contributed_commands() if name not in own]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        point = contributed_commands().get(cmd_name)
        return missing_command(cmd_name) if point is None else load_command(point)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, self.list_commands(ctx)))
        for title, commands in all_sections().items():
            with formatter.section(title):
                limit = formatter.width - longest - 6
                names = [(command.name or "").ljust(longest) for command in commands]
                helps = [command.get_short_help_str(limit) for command in commands]
                formatter.write_dl(list(zip(names, helps, strict=True)))

    def main(self, *args: Any, **options: Any) -> Any:  # click's own signature has many overloads
        """Run the command line. An error is printed in two lines, and gives an exit code."""
        try:
            return super().main(*args, **options)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # Asked for by `standalone_mode=False`.
        except Exception as error:  # noqa: BLE001 - a traceback tells a person nothing, and may show a secret
            message, hint = explain_unexpected_error(error)
            print_error(message, hint)
            sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for argument in args:
            if not argument.isascii() and argument != argument.encode("utf-8", "replace").decode():
                shown = repr(os.fsencode(argument)).removeprefix("b")
                raise click.UsageError(f"{shown} is not UTF-8 text; write it in UTF-8, or rename the file")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OrderDeskError as error:
            ctx.ensure_object(Session).fail(error)
            ctx.exit(1)


@click.group(
    cls=_Sections,
    epilog="Exit codes: 0 success; 1 an error; 2 wrong usage; 3 a person is needed.",
)
@click.version_option(package_name="orderdesk-sdk", prog_name="orderdesk")
@common_options
def orderdesk() -> None:
    """Cancel orders at every service that has them, and prove the result."""


for _commands in _SECTIONS.values():
    for _command in _commands:
        orderdesk.add_command(_command)
