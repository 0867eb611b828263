"""The plugin against what was recorded of Amazon Marketplace's simulator: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_amazon_marketplace.simulator.service import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import Refusal

Play = Callable[[str], Stage]


class TestCassettes(CassetteSuite):
    private = (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, "Atza", "SIMULATEDKEY")


def methods(stage: Stage) -> list[str]:
    """The method and the kind of place of each call."""
    return [
        f"{call.partition(' ')[0]} {call.split('/')[-2 if call.startswith('GET') else -1].split()[0]}"
        for call in stage.calls
    ]


def test_a_cancel_by_feed_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.case.status) == (State.CANCELED, "CANCELLED")
    assert stage.proof.kind is ProofKind.READ_BACK


def test_an_error_in_the_report_is_a_refusal(cassette: Play) -> None:
    stage = cassette("error-in-report")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "SIM_CHOSEN" in (stage.case.text or "")


def test_what_ships_anyway_is_refused_as_shipped(cassette: Play) -> None:
    stage = cassette("ships-anyway")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.SHIPPED)


def test_a_feed_that_never_began_is_refused_and_may_be_asked_again(cassette: Play) -> None:
    stage = cassette("feed-canceled")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)


def test_of_an_order_that_is_canceled_or_shipped_no_feed_is_made(cassette: Play) -> None:
    before = cassette("canceled-before")
    assert (before.case.state, before.case.text) == (State.CANCELED, "canceled by BUYER")
    gone = cassette("shipped-before")
    assert (gone.case.state, gone.case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert [call for call in (*before.calls, *gone.calls) if not call.startswith("GET")] == []


def test_a_token_that_expired_is_renewed_without_anybody_noticing(cassette: Play) -> None:
    stage = cassette("token-expired")
    assert (stage.case.state, stage.case.tries) == (State.CANCELED, 0)
