"""The plugin against what was recorded of Amazon MCF: no simulator, no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orderdesk_amazon_mcf.api import OTHER
from orderdesk_amazon_mcf.simulator import example_address
from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

Play = Callable[[str], Stage]
HERE = Path(__file__).parent
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


class TestCassettes(CassetteSuite):
    private = ("Atza", "Atzr", *(str(value) for value in example_address().values() if len(str(value)) > 2))


def calls(stage: Stage) -> list[str]:
    """The calls of the case: method, path below the orders, and HTTP status."""
    return [call.replace(ORDERS, "") for call in stage.calls]


def test_a_cancel_in_time_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.case.status) == (State.CANCELED, "Cancelled")
    assert stage.case.lines == (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1))
    proof = stage.proof
    assert (proof.kind, proof.person) == (ProofKind.READ_BACK, None)
    assert proof.exchange is not None
    assert '"fulfillmentOrderStatus":"Cancelled"' in proof.exchange.body.replace(" ", "")
    assert proof.exchange.headers["x-amzn-requestid"]
    assert calls(stage) == ["PUT /1042/cancel 200", "GET /1042 200", "GET /1042 200"]
    assert stage.desk.receipt("1042").is_canceled


def test_too_late_as_an_error_is_refused_because_of_the_status_that_was_read(cassette: Play) -> None:
    stage = cassette("too-late-by-error")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.TOO_LATE)
    assert stage.case.status == "Processing"
    assert "Seller Support" in (stage.case.remedy or "")
    assert stage.proof.exchange is not None
    assert calls(stage) == ["PUT /1042/cancel 400", "GET /1042 200"]


def test_too_late_as_a_200_is_refused_once_the_order_is_read_as_complete(cassette: Play) -> None:
    stage = cassette("too-late-by-shipping")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert (stage.case.status, stage.proof.kind) == ("Complete", ProofKind.READ_BACK)
    assert calls(stage)[0] == "PUT /1042/cancel 200"
    assert not stage.desk.receipt("1042").is_canceled


def test_a_part_is_told_unit_by_unit(cassette: Play) -> None:
    stage = cassette("partly-canceled")
    assert (stage.case.state, stage.case.status) == (State.PARTLY_CANCELED, "CompletePartialled")
    assert stage.case.lines == (LineAnswer("MUG", 2, 1), LineAnswer("CAP", 1, 0))
    assert stage.proof.kind is ProofKind.READ_BACK


def test_a_canceled_order_is_created_again_under_a_new_number(cassette: Play) -> None:
    stage = cassette("resubmit")
    assert stage.case.state is State.CANCELED
    (made,) = stage.desk.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (ErrandState.DONE, "1042-1")
    duplicate = stage.desk.host.order(made.order_number)
    assert [placement.remote_id for placement in stage.desk.host.placements(duplicate.id)] == ["1042-1"]


def test_what_was_there_before_we_sent_anything_is_not_taken_for_the_new_order(cassette: Play) -> None:
    stage = cassette("resubmit-number-taken")
    (found,) = stage.desk.receipt("1042").resubmissions
    assert (found.state, found.remedy) == (ErrandState.REFUSED, OTHER)
    assert "method: POST" not in (HERE / "cassettes/resubmit-number-taken.yaml").read_text().partition("PUT")[2]


def test_a_token_that_expired_is_renewed_without_anybody_noticing(cassette: Play) -> None:
    stage = cassette("token-expired")
    assert (stage.case.state, stage.case.tries) == (State.ASKED, 0)
    assert calls(stage) == ["PUT /1042/cancel 200"]


def test_who_is_denied_twice_has_done_nothing_and_is_told_what_to_check(cassette: Play) -> None:
    stage = cassette("denied")
    assert (stage.case.state, stage.case.proof) == (State.REQUESTED, None)
    assert "role Amazon Fulfillment" in (stage.case.remedy or "")
    assert calls(stage) == ["PUT /1042/cancel 403"]
