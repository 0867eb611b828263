"""The plugin against what was recorded of Amazon MCF: no simulator, no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orderdesk_amazon_mcf.api import NUMBER_IN_USE_HINT
from orderdesk_amazon_mcf.simulator import example_address
from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

Play = Callable[[str], PluginHarness]
HERE = Path(__file__).parent
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


class TestCassettes(CassetteTests):
    personal_texts = ("Atza", "Atzr", *(str(value) for value in example_address().values() if len(str(value)) > 2))


def calls(harness: PluginHarness) -> list[str]:
    """The calls of the case: method, path below the orders, and HTTP status."""
    return [call.replace(ORDERS, "") for call in harness.calls]


def test_a_cancel_in_time_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.case.service_status) == (State.CANCELED, "Cancelled")
    assert stage.case.lines == (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1))
    proof = stage.evidence
    assert (proof.kind, proof.person) == (EvidenceKind.POLLED_STATUS, None)
    assert proof.exchange is not None
    assert '"fulfillmentOrderStatus":"Cancelled"' in proof.exchange.body.replace(" ", "")
    assert proof.exchange.headers["x-amzn-requestid"]
    assert calls(stage) == ["PUT /1042/cancel 200", "GET /1042 200", "GET /1042 200"]
    assert stage.desk.cancellations.receipt("1042").is_canceled


def test_too_late_as_an_error_is_refused_because_of_the_status_that_was_read(cassette: Play) -> None:
    stage = cassette("too-late-by-error")
    assert (stage.case.state, stage.case.rejection) == (State.REJECTED, Rejection.TOO_LATE)
    assert stage.case.service_status == "Processing"
    assert "Seller Support" in (stage.case.hint or "")
    assert stage.evidence.exchange is not None
    assert calls(stage) == ["PUT /1042/cancel 400", "GET /1042 200"]


def test_too_late_as_a_200_is_refused_once_the_order_is_read_as_complete(cassette: Play) -> None:
    stage = cassette("too-late-by-shipping")
    assert (stage.case.state, stage.case.rejection) == (State.REJECTED, Rejection.SHIPPED)
    assert (stage.case.service_status, stage.evidence.kind) == ("Complete", EvidenceKind.POLLED_STATUS)
    assert calls(stage)[0] == "PUT /1042/cancel 200"
    assert not stage.desk.cancellations.receipt("1042").is_canceled


def test_a_part_is_told_unit_by_unit(cassette: Play) -> None:
    stage = cassette("partly-canceled")
    assert (stage.case.state, stage.case.service_status) == (State.PARTIALLY_CANCELED, "CompletePartialled")
    assert stage.case.lines == (LineAnswer("MUG", 2, 1), LineAnswer("CAP", 1, 0))
    assert stage.evidence.kind is EvidenceKind.POLLED_STATUS


def test_a_canceled_order_is_created_again_under_a_new_number(cassette: Play) -> None:
    stage = cassette("resubmit")
    assert stage.case.state is State.CANCELED
    (made,) = stage.desk.cancellations.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (State.DONE, "1042-1")
    duplicate = stage.desk.order_store.get_order(made.order_number)
    assert [remote_order.remote_id for remote_order in stage.desk.order_store.remote_orders(duplicate.id)] == ["1042-1"]


def test_what_was_there_before_we_sent_anything_is_not_taken_for_the_new_order(cassette: Play) -> None:
    stage = cassette("resubmit-number-taken")
    (found,) = stage.desk.cancellations.receipt("1042").resubmissions
    assert (found.state, found.hint) == (State.REJECTED, NUMBER_IN_USE_HINT)
    assert "method: POST" not in (HERE / "cassettes/resubmit-number-taken.yaml").read_text().partition("PUT")[2]


def test_a_token_that_expired_is_renewed_without_anybody_noticing(cassette: Play) -> None:
    stage = cassette("token-expired")
    assert (stage.case.state, stage.case.consecutive_failures) == (State.ACKNOWLEDGED, 0)
    assert calls(stage) == ["PUT /1042/cancel 200"]


def test_who_is_denied_twice_has_done_nothing_and_is_told_what_to_check(cassette: Play) -> None:
    stage = cassette("denied")
    assert (stage.case.state, stage.case.evidence) == (State.PENDING, None)
    assert "role Amazon Fulfillment" in (stage.case.hint or "")
    assert calls(stage) == ["PUT /1042/cancel 403"]
