"""The order as it was submitted, in the hands of a flow that must send it again to cancel it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.wording import NO_SUBMISSION
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.submission_toy import SendsTheSubmission
from tests.support.toy_simulators import ToyShop

TESTED = PluginUnderTest(slug="toy", plugin=SendsTheSubmission(), simulator=ToyShop)


def submitted(store: SqliteOrderStore, order_id: str, connection: str) -> Order | None:
    """The order before somebody changed the codes."""
    order = store.get_order(order_id)
    lines = tuple(evolve(line, code=f"OLD-{line.code}") for line in order.lines)
    return evolve(order, lines=lines) if connection == "toy" else None


def sent_by(harness: ConformanceHarness) -> tuple[str, list[str]]:
    """What was sent to cancel, and the notes of the case."""
    harness.cancel()
    entries = [entry.content for entry in harness.desk.ledger.history(harness.case.id)]
    (body,) = [one.intent.body for one in entries if isinstance(one, Exchange) and one.intent.method == "PUT"]
    return body, [one for one in entries if isinstance(one, str)]


def test_a_store_that_knows_the_submission_has_it_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteOrderStore, "submitted_order", submitted, raising=False)
    with TESTED.open_harness(tmp_path) as harness:
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        assert entry.steps[0].warning is None
        body, notes = sent_by(harness)
    assert "OLD-MUG-11" in body
    assert notes == []


def test_without_it_the_order_of_now_is_sent_and_that_is_said(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        assert entry.steps[0].warning == NO_SUBMISSION
        body, notes = sent_by(harness)
    assert "MUG-11" in body
    assert "OLD-" not in body
    assert notes == [NO_SUBMISSION]
