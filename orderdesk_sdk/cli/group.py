"""The group `orderdesk`: its commands in the order in which one meets them, and what becomes of an error."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from orderdesk_devkit.cli import new as commands_authoring, demo, sandbox
from orderdesk_sdk.cli.commands import (
    cancel as commands_cancel,
    decide as commands_decide,
    report as commands_inbound,
    integrations as commands_integrations,
    ledger as commands_ledger,
    orders as commands_orders,
    rules as commands_rules,
    work as commands_work,
    doctor,
)
from orderdesk_sdk.cli.error_lines import complain, in_plain_words
from orderdesk_sdk.cli.session import Session, shared
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["SECTIONS", "orderdesk"]

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Try it": (demo.demo, sandbox.sandbox),
    "Set up": (
        doctor.doctor,
        commands_integrations.integrations,
        commands_integrations.matrix,
        commands_integrations.show,
    ),
    "Orders": (
        commands_orders.import_orders,
        commands_orders.orders,
        commands_orders.place,
        commands_orders.take_over,
        commands_orders.move,
    ),
    "Cancel and follow up": (
        commands_cancel.plan,
        commands_cancel.cancel,
        commands_work.work,
        commands_cancel.cases,
        commands_cancel.receipt,
        commands_cancel.resubmit,
        commands_inbound.status,
    ),
    "Let rules do it": (commands_rules.rules,),
    "Decide, as a person": (
        commands_decide.check,
        commands_decide.confirm,
        commands_decide.refuse,
        commands_decide.withdraw,
        commands_decide.send_again,
        commands_inbound.take_back,
    ),
    "Say what was heard": (
        commands_inbound.heard,
        commands_inbound.shipped,
    ),
    "Keep the ledger": (commands_ledger.ledger, commands_ledger.forget),
    "Write a plugin": (commands_authoring.new,),
}


class _Sections(click.Group):
    """A group whose help has sections, and whose errors say what to do instead of where in our code they rose."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [command.name or "" for commands in SECTIONS.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, self.list_commands(ctx)))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                limit = formatter.width - longest - 6
                names = [(command.name or "").ljust(longest) for command in commands]
                helps = [command.get_short_help_str(limit) for command in commands]
                formatter.write_dl(list(zip(names, helps, strict=True)))

    def main(self, *args: Any, **options: Any) -> Any:  # click's own signature has many overloads
        """Run the command line. Whatever keeps it from its work is told in a line or two, with an exit code."""
        try:
            return super().main(*args, **options)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # Asked for by `standalone_mode=False`.
        except Exception as error:  # noqa: BLE001 - frames of ours tell a person nothing, and may show a secret
            text, remedy = in_plain_words(error)
            complain(text, remedy)
            sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for argument in args:
            if not argument.isascii() and argument != argument.encode("utf-8", "replace").decode():
                shown = repr(os.fsencode(argument)).removeprefix("b")
                raise click.UsageError(f"{shown} is no text in UTF-8; write it in UTF-8, or rename the file")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OrderDeskError as error:
            ctx.ensure_object(Session).fail(error)
            ctx.exit(1)


@click.group(
    cls=_Sections,
    epilog="Exit codes: 0 done, settled or open in order; 1 an error; 2 wrong usage; 3 a person must look at a case.",
)
@click.version_option(package_name="orderdesk-sdk", prog_name="orderdesk")
@shared
def orderdesk() -> None:
    """Cancel orders at every place that holds them, and prove it."""


for _commands in SECTIONS.values():
    for _command in _commands:
        orderdesk.add_command(_command)
