"""The process that is killed while it mails or lets rules act, and the e-mail-only integration that it uses.

    python -m tests.support.email_child    reads cases on stdin, one a line; see `failpoints.fork_server`

A boundary lies before and after each write to ledger and host, and around each step of SMTP. Like `kill_child`, this
needs a POSIX system.
"""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from attrs import field, frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import CROSSED, Boundaries, report, run_children
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_sdk.clock import Clock, VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.connection_settings import custom, setting, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Email, ManualConfirmation, Portal, Route, RuleAction
from orderdesk_sdk.plugin.toolkit.templates import read_template
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.answer_links import AnswerLinkConfig
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.email import smtp_session as smtp
from orderdesk_sdk.transport.email.config import EmailConfig

__all__ = [
    "ACTION",
    "EMAIL_ROUTES",
    "EMAIL_OR_PORTAL_ROUTES",
    "EMAIL_ONLY",
    "WITHIN",
    "EmailTask",
    "EmailOnlyPlugin",
    "EmailOnlySettings",
    "Task",
    "open_email_desk",
]

EMAIL_ONLY = "post"
"""The slug of the integration, and the name of its one connection."""
ACTION = "Cancel Order at Post"
WITHIN = hours(4)
EMAIL_ROUTES: tuple[Route, ...] = (Email("to", "subject", "body", ManualConfirmation(WITHIN)),)
EMAIL_OR_PORTAL_ROUTES = (*EMAIL_ROUTES, Portal("Call Post."))

_LEDGER_WRITES = ("open_cancellation", "write", "append", "add_events", "complete_event")
_HOST_WRITES = ("move", "add_history")
_SMTP_STEPS = ("connect", "send", "getreply")


@settings
class EmailOnlySettings:
    """Where a mail goes, and what it says."""

    endpoint: str = url(help="never called", default="https://post.example.com")
    to: str = setting(str, help="where cancellations go", default="desk@example.net")
    subject: str = custom(read_template, help="of the mail", default="Cancel {order_number}")
    body: str = custom(read_template, help="of the mail", default="Please cancel {remote_id}: {reason}\n{lines}")


class EmailOnlyPlugin:
    """An integration that is a declaration and nothing else: no hook makes a call."""

    def __init__(self, routes: tuple[Route, ...] = EMAIL_ROUTES) -> None:
        self._ladder = routes

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug=EMAIL_ONLY,
            title="Post",
            settings=EmailOnlySettings,
            base_url="endpoint",
            cancel=self._ladder,
            actions=(RuleAction(ACTION),),
        )


def open_email_desk(
    ledger: Path,
    clock: Clock,
    *,
    mail: EmailConfig | None = None,
    rules: Sequence[Mapping[str, object]] = (),
    routes: tuple[Route, ...] = EMAIL_ROUTES,
    changed: Mapping[str, object] | None = None,
    links: AnswerLinkConfig | None = None,
) -> Desk:
    """A desk on a file, with one connection to the e-mail-only integration. changed: settings of that connection."""
    registry = PluginRegistry()
    registry.register(EmailOnlyPlugin(routes), EMAIL_ONLY)
    connection = ConnectionConfig(EMAIL_ONLY, EMAIL_ONLY, changed or {}, f"[connections.{EMAIL_ONLY}]")
    read = read_rules(list(rules), "[[rules]]")
    config = Config(ledger, {EMAIL_ONLY: connection}, email=mail, rules=read, answer_links=links)
    return Desk(config, clock=clock, registry=registry)


class Task(enum.Enum):
    """One thing that the child does with the order."""

    CANCEL = "cancel"
    MOVE = "move"
    """Into the folder Canceled."""


@frozen
class EmailTask:
    """What the child has to do. kill_at: the boundary to die at, from 1; 0 lets it live. port: of the SMTP server."""

    ledger: str
    port: int
    now: datetime
    order: str
    task: Task
    kill_at: int
    rules: list[dict[str, str | list[str]]] = field(factory=list)

    def dump(self) -> str:
        """The case as JSON."""
        return json.dumps(_converter.unstructure(self))

    def open(self, clock: Clock) -> Desk:
        """The desk that the case is done with."""
        mail = EmailConfig(sender="Shop <orders@example.com>", host="127.0.0.1", port=self.port, timeout=10)
        return open_email_desk(Path(self.ledger), clock, mail=mail, rules=self.rules)

    def run(self, desk: Desk) -> None:
        """Do it."""
        match self.task:
            case Task.CANCEL:
                desk.cancel(self.order, by="Ann", reason="customer asked")
            case Task.MOVE:
                desk.orders.move(self.order, "Canceled", by="Ann")


_converter = make_converter()
_converter.register_structure_hook(str | list[str], lambda value, _: value)


def _with_boundaries(boundaries: Boundaries) -> type[smtp.SmtpSession]:
    class Smtp(smtp.SmtpSession):
        def __init__(self, host: str, port: int, *, timeout: float) -> None:
            boundaries.add_around(self, _SMTP_STEPS)
            super().__init__(host, port, timeout=timeout)

    return Smtp


def _do(line: str) -> None:
    """Do a case; whoever is still alive at the end lists the boundaries that it crossed."""
    case = _converter.structure(json.loads(line), EmailTask)
    boundaries = Boundaries(case.kill_at)
    with case.open(VirtualClock(case.now)) as desk:
        boundaries.add_around(desk.ledger, _LEDGER_WRITES)
        boundaries.add_around(desk.order_store, _HOST_WRITES)
        with patch.object(smtp, "SmtpSession", _with_boundaries(boundaries)):
            case.run(desk)
    report(CROSSED, json.dumps(boundaries.names))


if __name__ == "__main__":
    preload()
    run_children(sys.stdin, _do)
