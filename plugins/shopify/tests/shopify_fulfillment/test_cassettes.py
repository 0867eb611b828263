"""Fulfillment orders against what was recorded of the simulated shop."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import Refusal

Play = Callable[[str], Stage]


class TestCassettes(CassetteSuite):
    pass


def test_a_withdrawal_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("withdrawn")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)


def test_the_services_yes_is_read_back(cassette: Play) -> None:
    stage = cassette("asked-back-and-accepted")
    assert (stage.case.state, stage.case.status) == (State.CANCELED, "CANCELLED CANCELLATION_ACCEPTED")


def test_the_services_no_is_told_in_its_words(cassette: Play) -> None:
    stage = cassette("asked-back-and-rejected")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert str(stage.case.text).endswith("SIM: it is packed already")
