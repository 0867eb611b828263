"""The maker's plugin against what was recorded: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_sdk import EvidenceKind, State


class TestCassettes(CassetteTests):
    """What every cassette must stand."""


def test_a_cancel_is_proven_by_what_was_read_back(cassette: Callable[[str], PluginHarness]) -> None:
    stage = cassette("cancel-honored")
    assert stage.case.state is State.CANCELED
    assert stage.evidence.kind is EvidenceKind.POLLED_STATUS


def test_where_the_button_says_too_late_an_email_asks_and_a_person_has_it(
    cassette: Callable[[str], PluginHarness],
) -> None:
    stage = cassette("too-late")
    assert (stage.case.state, stage.case.evidence) == (State.ACTION_REQUIRED, None)
    entries = [str(entry.content) for entry in stage.desk.ledger.history(stage.case.id)]
    assert any("Please cancel our order 1042" in entry for entry in entries)


def test_an_order_goes_there_again_when_its_number_was_seen_to_be_free(
    cassette: Callable[[str], PluginHarness],
) -> None:
    stage = cassette("resubmitted")
    host = stage.desk.order_store
    assert [remote_order.remote_id for remote_order in host.remote_orders(host.get_order("1042-1").id)] == ["1042-1"]
