"""The cart's plugin against what was recorded: no network, the same answers for ever."""

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


def test_a_status_is_kept_as_the_service_now_has_it(cassette: Callable[[str], PluginHarness]) -> None:
    assert cassette("on-hold").remote_order.status == "on hold"
