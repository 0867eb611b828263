"""A listener that raises whenever it is called."""

from __future__ import annotations

import sys

from orderdesk_sdk.plugin import hookimpl


@hookimpl
def orderdesk_before_cancel() -> str | None:
    raise KeyError("the reason")


@hookimpl
def orderdesk_case_changed() -> None:
    sys.exit("a listener wants to end the host")
