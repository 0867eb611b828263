"""The command line `orderdesk`. Nothing is imported here; `main` is the entry point.

`group` collects the commands of `commands/` and those that other distributions add (`plugin_commands`), `session` opens
the desk that a command works with and finds what a person named, `worker` and `signals` run `orderdesk work` until it
is told to stop, `checks` are the findings of `doctor`, `extras` what is not installed, `output/` shows results,
`log_output` and `unexpected_errors` say what went wrong, and `sandbox_client` speaks to the sandbox of the devkit.

Touch the room to add a command or to change how something is shown. It holds no logic that a host app would need as
well: that belongs into `desk`, whose JSON documents this room prints.

It may import everything below it; nothing imports it. click and rich are imported here only, so that a host app
without a command line does not need them.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line with the arguments of this process; ends in SystemExit."""
    try:
        from orderdesk_sdk.cli.group import orderdesk
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.exit("Error: the command line needs click and rich\nWhat to do: run `pip install 'orderdesk-sdk[cli]'`")
    orderdesk(prog_name="orderdesk")
