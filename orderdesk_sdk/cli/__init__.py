"""The command line `orderdesk`. Nothing is imported here; `main` is the entry point."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line with the arguments of this process; ends in SystemExit."""
    try:
        from orderdesk_sdk.cli.group import orderdesk
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("Error: the command line needs click and rich - pip install 'orderdesk-sdk[cli]'")
    orderdesk(prog_name="orderdesk")
