"""The process that is killed while it mails or lets rules act, and the e-mail-only integration that it uses.

    python -m tests.support.email_child    reads errands on stdin, one a line; see `kill_nursery`

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

from orderdesk_devkit.testing.failpoints.child import CROSSED, Boundaries, children, say
from orderdesk_sdk.clock import Clock, VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.connection_settings import host, parsed, setting, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.routes import ByPerson, Email, Portal, Route, RuleAction
from orderdesk_sdk.plugin.toolkit.templates import read_template
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.email import smtp_session as smtp
from orderdesk_sdk.transport.email.smtp import MailConfig

__all__ = [
    "ACTION",
    "BY_MAIL",
    "BY_MAIL_OR_PHONE",
    "POST",
    "WITHIN",
    "Errand",
    "PostPlugin",
    "PostSettings",
    "Task",
    "open_post_desk",
]

POST = "post"
"""The slug of the integration, and the name of its one connection."""
ACTION = "Cancel Order at Post"
WITHIN = hours(4)
BY_MAIL: tuple[Route, ...] = (Email("to", "subject", "body", ByPerson(WITHIN)),)
BY_MAIL_OR_PHONE = (*BY_MAIL, Portal("Call Post."))

_LEDGER_WRITES = ("open", "write", "append", "occur", "handled")
_HOST_WRITES = ("move", "add_history")
_SMTP_STEPS = ("connect", "send", "getreply")


@settings
class PostSettings:
    """Where a mail goes, and what it says."""

    endpoint: str = host(help="never called", default="https://post.example.com")
    to: str = setting(str, help="where cancellations go", default="desk@example.net")
    subject: str = parsed(read_template, help="of the mail", default="Cancel {order_number}")
    body: str = parsed(read_template, help="of the mail", default="Please cancel {remote_id}: {reason}\n{lines}")


class PostPlugin:
    """An integration that is a declaration and nothing else: no hook makes a call."""

    def __init__(self, ladder: tuple[Route, ...] = BY_MAIL) -> None:
        self._ladder = ladder

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug=POST,
            title="Post",
            settings=PostSettings,
            base_url="endpoint",
            cancel=self._ladder,
            actions=(RuleAction(ACTION),),
        )


def open_post_desk(
    ledger: Path,
    clock: Clock,
    *,
    mail: MailConfig | None = None,
    rules: Sequence[Mapping[str, object]] = (),
    ladder: tuple[Route, ...] = BY_MAIL,
    changed: Mapping[str, object] | None = None,
) -> Desk:
    """A desk on a file, with one connection to the e-mail-only integration. changed: settings of that connection."""
    registry = Registry()
    registry.register(PostPlugin(ladder), POST)
    connection = ConnectionConfig(POST, POST, changed or {}, f"[connections.{POST}]")
    config = Config(ledger, {POST: connection}, mail=mail, rules=read_rules(list(rules), "[[rules]]"))
    return Desk(config, clock=clock, registry=registry)


class Task(enum.Enum):
    """One thing that the child does with the order."""

    CANCEL = "cancel"
    MOVE = "move"
    """Into the folder Canceled."""


@frozen
class Errand:
    """What the child has to do. kill_at: the boundary to die at, from 1; 0 lets it live. port: of the SMTP server."""

    ledger: str
    port: int
    now: datetime
    order: str
    task: Task
    kill_at: int
    rules: list[dict[str, str | list[str]]] = field(factory=list)

    def dump(self) -> str:
        """The errand as JSON."""
        return json.dumps(_converter.unstructure(self))

    def open(self, clock: Clock) -> Desk:
        """The desk that the errand is done with."""
        mail = MailConfig(sender="Shop <orders@example.com>", host="127.0.0.1", port=self.port, timeout=10)
        return open_post_desk(Path(self.ledger), clock, mail=mail, rules=self.rules)

    def do(self, desk: Desk) -> None:
        """Do it."""
        match self.task:
            case Task.CANCEL:
                desk.cancel(self.order, by="Ann", reason="customer asked")
            case Task.MOVE:
                desk.move(self.order, "Canceled", by="Ann")


_converter = make_converter()
_converter.register_structure_hook(str | list[str], lambda value, _: value)


def _watched(boundaries: Boundaries) -> type[smtp.Conversation]:
    class Smtp(smtp.Conversation):
        def __init__(self, host: str, port: int, *, timeout: float) -> None:
            boundaries.surround(self, _SMTP_STEPS)
            super().__init__(host, port, timeout=timeout)

    return Smtp


def _do(line: str) -> None:
    """Do an errand; whoever is still alive at the end lists the boundaries that it crossed."""
    errand = _converter.structure(json.loads(line), Errand)
    boundaries = Boundaries(errand.kill_at)
    with errand.open(VirtualClock(errand.now)) as desk:
        boundaries.surround(desk.ledger, _LEDGER_WRITES)
        boundaries.surround(desk.host, _HOST_WRITES)
        with patch.object(smtp, "Conversation", _watched(boundaries)):
            errand.do(desk)
    say(CROSSED, json.dumps(boundaries.names))


if __name__ == "__main__":
    children(sys.stdin, _do)
