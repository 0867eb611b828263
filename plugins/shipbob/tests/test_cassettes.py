"""The plugin against what was recorded: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

CANCEL, READ = "POST /2026-01/order/1042:cancel", "GET /2026-01/order/1042"


class TestCassettes(CassetteSuite):
    """What every cassette must stand."""


def test_a_cancel_is_proven_by_its_reply(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.REPLY)
    assert stage.calls == [f"{CANCEL} 200"]


def test_of_two_shipments_each_is_told(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("one-of-two")
    assert (stage.case.state, stage.case.text) == (State.PARTLY_CANCELED, "Shipment was picked")
    assert stage.case.lines == (LineAnswer("shipment 5001", 1, 1), LineAnswer("shipment 5002", 1, 0))
    assert stage.calls == [f"{CANCEL} 200", f"{READ} 200"]


def test_what_is_picked_is_too_late_in_shipbobs_words(cassette: Callable[[str], Stage]) -> None:
    case = cassette("too-late").case
    assert (case.state, case.refusal, case.text) == (State.REFUSED, Refusal.TOO_LATE, "Shipment was picked")


def test_what_has_left_is_shipped(cassette: Callable[[str], Stage]) -> None:
    case = cassette("shipped").case
    assert (case.state, case.refusal, case.status) == (State.REFUSED, Refusal.SHIPPED, "Fulfilled")


def test_a_lost_reply_is_read_back_and_nothing_is_sent_again(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("reply-lost")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)
    assert stage.calls == [f"{CANCEL} 503", f"{READ} 200"]
