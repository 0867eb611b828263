"""The plugin against what was recorded of Dsco's simulator: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import LINES, Stage, simulated
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

Play = Callable[[str], Stage]
READ = "GET /order/?orderKey=poNumber&value=1042&returnMultiple=true 200"
LOOK = "GET /order/log?requestId=request-1 200"


class TestCassettes(CassetteSuite):
    private = ("1 Example Street", "217-555-0100", "simulated-token")


def test_a_whole_order_is_canceled_line_by_line_as_the_cart_it_came_from(cassette: Play) -> None:
    stage = cassette("cancel-by-line")
    assert (stage.case.state, stage.case.role) == (State.CANCELED, Role.CART)
    assert stage.case.lines == (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1))
    assert stage.proof.kind is ProofKind.LINES
    assert stage.calls == [READ, "POST /order/item/cancel 200", READ]


def test_a_part_is_canceled_by_the_word_of_the_order_log(cassette: Play) -> None:
    stage = cassette("cancel-a-part")
    assert stage.case.state is State.CANCELED
    assert stage.case.lines == (LineAnswer("MUG", 2, 1), LineAnswer("CAP", 1, 0))
    assert stage.calls == [READ, "POST /order/item/cancel 200", READ, LOOK]


def test_what_was_only_submitted_is_asked_until_the_lines_say_that_it_is_done(cassette: Play) -> None:
    stage = cassette("pending-then-done")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.LINES)
    assert stage.calls == [READ, "POST /order/item/cancel 202", READ, LOOK, READ, LOOK, READ]


def test_what_was_only_submitted_and_failed_is_refused_by_the_log(cassette: Play) -> None:
    stage = cassette("pending-then-failed")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert stage.proof.exchange is not None
    assert stage.proof.exchange.intent.url.endswith("/order/log?requestId=request-1")


def test_a_2xx_that_says_failure_is_a_refusal(cassette: Play) -> None:
    stage = cassette("failure-in-a-200")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "portal" in (stage.case.remedy or "")
    assert stage.calls == [READ, "POST /order/item/cancel 200"]


def test_of_an_order_that_shipped_nothing_is_asked(cassette: Play) -> None:
    stage = cassette("shipped-before")
    assert (stage.case.state, stage.case.refusal, stage.calls) == (State.REFUSED, Refusal.SHIPPED, [READ])


def test_a_token_that_expired_is_renewed_without_anybody_noticing(cassette: Play) -> None:
    stage = cassette("token-expired")
    assert (stage.case.state, stage.case.tries) == (State.CANCELED, 0)
    assert stage.calls == [READ, "POST /order/item/cancel 200", READ]


def test_a_stage_cancels_with_a_reason_that_every_list_has() -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order("1042", lines=LINES)
    with simulated("commercehub", dsco) as stage:
        stage.cancel()
        assert stage.follow().state is State.CANCELED
        (body,) = [seen.document for seen in stage.tap.requests if seen.path == "/order/item/cancel"]
    assert isinstance(body, dict)
    assert {line["cancelCode"] for line in body["lineItems"]} == {"CXSO"}
