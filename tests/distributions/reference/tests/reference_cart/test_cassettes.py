"""The cart's plugin against what was recorded: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk import ProofKind, State


class TestCassettes(CassetteSuite):
    """What every cassette must stand."""


def test_a_cancel_is_proven_by_what_was_read_back(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("cancel-honored")
    assert stage.case.state is State.CANCELED
    assert stage.proof.kind is ProofKind.READ_BACK


def test_a_status_is_kept_as_the_service_now_has_it(cassette: Callable[[str], Stage]) -> None:
    assert cassette("on-hold").placement.status == "on hold"
