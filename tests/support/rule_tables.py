"""Rules as a configuration writes them, for tests of what they do to an order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.rules.model import MOVE_ORDER
from tests.support.email_child import ACTION

ORDER = sample_order()
ID, NUMBER = ORDER.id, ORDER.number

Table = Mapping[str, object]


def rule(name: str, event: str, *actions: object, when: str = "", **more: object) -> Table:
    """A rule as a table of the configuration; more: further keys of it."""
    return {"name": name, "event": event, "when": when, "do": list(actions), **more}


def to(folder: str) -> Table:
    """The action that moves the order to a folder."""
    return {"action": MOVE_ORDER, "folder": folder}


CANCELS = rule("cancels", "order moved", ACTION, when="folder == 'Canceled'")


def fired(desk: Desk, order_id: str = ID) -> list[tuple[str, str]]:
    """What the rules did for the order, by rule: what came of it."""
    return [
        (execution.rule, "refused" if execution.error else execution.message)
        for _, execution in desk.ledger.rule_executions(order_id)
    ]


def fail(desk: Desk, monkeypatch: pytest.MonkeyPatch, target: object, method: str, error: BaseException) -> None:
    """From now on, until the patch is undone, the method raises."""

    def failing(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(target, method, failing)


class Died(BaseException):
    """The process ends here."""
