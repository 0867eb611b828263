"""Cancels in mode dsco: every outcome, through a desk, before the simulator on a real socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_sdk.answer import LineAnswer, Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import NotAllowedError
from orderdesk_sdk.testing.faults import Fault

if TYPE_CHECKING:
    from plugins.commercehub.tests.conftest import Stage, StageMaker

PO = "PO-1001"
CANCEL = "/order/item/cancel$"
ALL_CANCELED = (LineAnswer("MUG-11", 2, 2), LineAnswer("CAP-7", 1, 1))


def test_a_success_is_asked_and_called_canceled_only_when_the_lines_say_so(stage: Stage) -> None:
    case = stage.cancel("out of stock")
    assert (case.state, case.reference) == (State.ASKED, "request-1")
    assert stage.calls == ["POST /oauth2/token", "GET /order/", "POST /order/item/cancel"]
    case = stage.follow()
    assert (case.state, case.lines) == (State.CANCELED, ALL_CANCELED)
    assert case.proof is not None
    assert case.proof.kind is ProofKind.LINES
    assert stage.simulator.truth(PO) == "cancelled"
    assert stage.desk.receipt(PO).is_canceled


def test_the_cancel_names_every_line_with_all_that_is_left_of_it(stage: Stage) -> None:
    stage.simulator.order(PO).items[0].canceled = 1
    stage.cancel("out of stock")
    why = {"cancelCode": "CXSS", "cancelledReason": "out of stock"}
    assert stage.cancels == [
        {
            "id": PO,
            "type": "PO_NUMBER",
            "lineItems": [
                {"dscoItemId": "SIM-1-MUG-11", "lineNumber": 1, "cancelledQuantity": 1, **why},
                {"dscoItemId": "SIM-2-CAP-7", "lineNumber": 2, "cancelledQuantity": 1, **why},
            ],
        }
    ]
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize(
    ("key", "number", "kind"),
    [("dscoOrderId", "1000001", "DSCO_ORDER_ID"), ("supplierOrderNumber", "S-1", "SUPPLIER_ORDER_NUMBER")],
)
def test_orders_may_be_known_by_another_number(
    make_stage: StageMaker, dsco: DscoSimulator, key: str, number: str, kind: str
) -> None:
    stage = make_stage(dsco, {"order_key": key}, {"source_id": number})
    stage.cancel("other")
    assert stage.follow().state is State.CANCELED
    assert [(body["id"], body["type"]) for body in stage.cancels] == [(number, kind)]
    assert stage.tap.seen[1].query == f"orderKey={key}&value={number}"


@pytest.mark.parametrize("polls", [1, 2, 4])
def test_what_was_only_submitted_is_followed_in_the_log_until_it_is_done(make_stage: StageMaker, polls: int) -> None:
    dsco = DscoSimulator(VirtualClock(), polls=polls)
    dsco.add_order(PO, lines=[("MUG-11", 2), ("CAP-7", 1)])
    dsco.set_switch("cancel", "submitted")
    stage = make_stage(dsco)
    assert stage.cancel().state is State.ASKED
    assert dsco.truth(PO) == "shipment_pending"
    stage.clock.advance(minutes(1))
    stage.desk.run_due()
    looks = [json.loads(seen.answered) for seen in stage.tap.seen if seen.path == "/order/log"]
    assert looks == [{"status": "PROCESSING", "logs": []}]
    assert stage.case.state is State.ASKED
    assert stage.follow().state is State.CANCELED
    assert dsco.truth(PO) == "cancelled"
    assert len(stage.cancels) == 1


def test_what_was_submitted_and_failed_is_refused_in_the_words_of_the_log(stage: Stage) -> None:
    stage.simulator.set_switch("cancel", "submitted to fail")
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert case.text == "SIM_FAILURE: it was chosen to fail"
    assert stage.simulator.truth(PO) == "shipment_pending"
    evidence = stage.desk.receipt(PO).wishes[0].cases[0].proof
    assert evidence is not None
    assert evidence.exchange is not None
    assert "/order/log" in evidence.exchange.intent.url


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("string", "SIM_FAILURE: it was chosen to fail"),
        ("object", "SIM_FAILURE: {'text': 'it was chosen to fail'}"),
        ("array", "SIM_FAILURE: ['it was chosen to fail']"),
    ],
)
@pytest.mark.parametrize("answered", ["failure", "submitted to fail"])
def test_a_failure_in_a_2xx_is_refused_whatever_shape_its_words_have(
    stage: Stage, shape: str, said: str, answered: str
) -> None:
    stage.simulator.set_switch("cancel", answered)
    stage.simulator.set_switch("description", shape)
    stage.cancel()
    case = stage.follow()
    assert stage.tap.seen[2].status == {"failure": 200, "submitted to fail": 202}[answered]
    assert (case.state, case.refusal, case.text) == (State.REFUSED, Refusal.NOT_ALLOWED, said)
    assert "portal" in (case.remedy or "")


def test_a_code_that_the_retailer_does_not_take_is_refused_by_dsco_too(make_stage: StageMaker) -> None:
    dsco = DscoSimulator(VirtualClock(), codes={"demoretailer": ["CXSO"]})
    dsco.add_order(PO, lines=[("MUG-11", 2)])
    case = make_stage(dsco).cancel("out of stock")
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert case.text == "SIM_CODE_NOT_ALLOWED: demoretailer does not take CXSS"


def test_an_unknown_order_is_refused_and_nothing_is_sent(make_stage: StageMaker) -> None:
    stage = make_stage(DscoSimulator(VirtualClock()))
    case = stage.cancel()
    assert (case.state, case.refusal, case.text) == (
        State.REFUSED, Refusal.NOT_ALLOWED, "Dsco does not know the order",
    )  # fmt: skip
    assert stage.cancels == []


def test_a_shipped_order_is_refused_and_nothing_is_sent(stage: Stage) -> None:
    for item in stage.simulator.order(PO).items:
        item.shipped = item.quantity
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert stage.cancels == []


def test_an_order_that_is_canceled_already_is_canceled_by_reading_it_and_nothing_is_sent(stage: Stage) -> None:
    for item in stage.simulator.order(PO).items:
        item.canceled = item.quantity
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.lines) == (State.CANCELED, ALL_CANCELED)
    assert stage.cancels == []


def test_part_canceled_and_the_rest_shipped_before_is_partly_canceled_with_its_lines(stage: Stage) -> None:
    stage.simulator.order(PO).items[1].shipped = 1
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.lines) == (
        State.PARTLY_CANCELED, (LineAnswer("MUG-11", 2, 2), LineAnswer("CAP-7", 1, 0)),
    )  # fmt: skip
    assert [len(body["lineItems"]) for body in stage.cancels if isinstance(body["lineItems"], list)] == [1]
    assert stage.simulator.truth(PO) == "shipped"


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_did_only_part_of_it_is_partly_canceled(stage: Stage, answered: str) -> None:
    stage.simulator.set_switch("cancel", answered)
    stage.simulator.set_switch("fate", "partly")
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.lines) == (
        State.PARTLY_CANCELED, (LineAnswer("MUG-11", 2, 2), LineAnswer("CAP-7", 1, 0)),
    )  # fmt: skip


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_ships_anyway_is_never_called_canceled(stage: Stage, answered: str) -> None:
    stage.simulator.set_switch("cancel", answered)
    stage.simulator.set_switch("fate", "ships anyway")
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert stage.simulator.truth(PO) == "shipped"


def test_a_canceled_order_that_ships_after_all_raises_the_alarm(stage: Stage) -> None:
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    for item in stage.simulator.order(PO).items:
        item.canceled, item.shipped = 0, item.quantity
    assert stage.desk.check(stage.case.id).state is State.SHIPPED_ANYWAY


@pytest.mark.parametrize("reads", ["1", "3"])
def test_reads_that_lag_behind_a_success_are_waited_for(stage: Stage, reads: str) -> None:
    stage.simulator.set_switch("read_lag", reads)
    stage.cancel()
    stage.clock.advance(minutes(1))
    stage.desk.run_due()
    assert stage.case.state is State.ASKED
    assert stage.follow().state is State.CANCELED
    assert len(stage.cancels) == 1


def test_what_is_not_decided_within_two_hours_goes_to_a_person(make_stage: StageMaker) -> None:
    dsco = DscoSimulator(VirtualClock(), polls=1000)
    dsco.add_order(PO, lines=[("MUG-11", 2)])
    dsco.set_switch("cancel", "submitted")
    stage = make_stage(dsco)
    began = stage.clock.now()
    stage.cancel()
    assert stage.follow().state is State.AWAITING_PERSON
    assert hours(2) <= stage.clock.now() - began <= hours(2.1)
    assert stage.desk.confirm(stage.case.id, by="Ann", note="seen in the portal").state is State.CANCELED


# Trouble


@pytest.mark.parametrize("fault", [Fault.LOST_REPLY, Fault.SERVER_ERROR_HTML_AFTER, Fault.TRUNCATED,
                                   Fault.MALFORMED_JSON, Fault.WRONG_TYPES, Fault.GARBAGE_GZIP])  # fmt: skip
def test_a_cancel_whose_reply_is_lost_is_read_back_and_never_sent_again(stage: Stage, fault: Fault) -> None:
    stage.simulator.faults.add(fault, method="POST", path=CANCEL)
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.CANCELED
    assert len(stage.cancels) == 1


@pytest.mark.parametrize(
    "fault", [Fault.RESET_BEFORE, Fault.SERVER_ERROR_HTML, Fault.ERROR_WITHOUT_ERRORS, Fault.OK_HTML, Fault.OK_EMPTY]
)
def test_a_cancel_that_may_not_have_arrived_is_not_sent_again_but_given_to_a_person(stage: Stage, fault: Fault) -> None:
    stage.simulator.faults.add(fault, method="POST", path=CANCEL)
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert stage.simulator.truth(PO) == "shipment_pending"
    assert stage.calls.count("POST /order/item/cancel") == 1
    stage.desk.send_again(stage.case.id, by="Ann")
    assert stage.follow().state is State.CANCELED


def test_a_cancel_that_times_out_there_is_unclear(stage: Stage) -> None:
    stage.simulator.set_switch("trouble", "408")
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert len(stage.cancels) == 1


def test_a_throttled_cancel_did_nothing_and_is_sent_again(stage: Stage) -> None:
    stage.simulator.set_switch("trouble", "429")
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert [seen.status for seen in stage.tap.seen if seen.path == "/order/item/cancel"] == [429, 200]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.OK_HTML, Fault.MALFORMED_JSON, Fault.WRONG_TYPES])
def test_an_order_that_cannot_be_read_first_is_not_canceled_blindly_but_later(stage: Stage, fault: Fault) -> None:
    stage.simulator.faults.add(fault, method="GET", path="/order/$", times=4)
    case = stage.cancel()
    assert (case.state, stage.cancels) == (State.REQUESTED, [])
    assert stage.follow().state is State.CANCELED
    assert len(stage.cancels) == 1


@pytest.mark.parametrize("path", ["/order/$", "/order/log$"])
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.OK_HTML, Fault.LOST_REPLY])
def test_a_read_back_that_fails_is_made_again(stage: Stage, path: str, fault: Fault) -> None:
    stage.simulator.set_switch("cancel", "submitted")
    stage.cancel()
    stage.simulator.faults.add(fault, method="GET", path=path, times=6)
    assert stage.follow().state is State.CANCELED


def test_a_token_that_expired_is_renewed_and_a_refused_one_is_a_persons_task(stage: Stage) -> None:
    stage.simulator.set_switch("cancel", "submitted")
    stage.cancel()
    stage.simulator.expire_tokens()
    assert stage.follow().state is State.CANCELED
    assert stage.calls.count("POST /oauth2/token") == 2
    assert all(seen.headers["authorization"].startswith("Bearer simulated-token-")
               for seen in stage.tap.seen if seen.path != "/oauth2/token")  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_secret": {"text": "not-the-right-one"}}, "invalid_client"),
        ({"client_id": {"text": "not-the-right-one"}}, "invalid_client"),
        ({"client_id": None}, "invalid_request"),
    ],
)
def test_credentials_that_are_refused_or_missing_are_told_with_a_remedy_and_nothing_is_sent(
    make_stage: StageMaker, dsco: DscoSimulator, given: Mapping[str, object], said: str
) -> None:
    stage = make_stage(dsco, given)
    case = stage.cancel()
    assert (case.state, stage.cancels) == (State.REQUESTED, [])
    assert said in (case.text or "")
    assert "client_id, client_secret" in (case.remedy or "")


# Around it


def test_names_and_addresses_and_tokens_stay_out_of_the_evidence(stage: Stage) -> None:
    stage.cancel()
    stage.follow()
    kept = "".join(repr(entry.content) for entry in stage.desk.ledger.history(stage.case.id))
    on_the_wire = "".join(seen.answered.decode() for seen in stage.tap.seen)
    for private in ("Robin", "Simulated", "1 Example Street", "Springfield", "62701", "217-555-0100"):
        assert private in on_the_wire
        assert private not in kept
    assert "simulated-token" not in kept
    assert "MUG-11" in kept


def test_it_cannot_be_resubmitted_and_the_reason_says_what_to_do(stage: Stage) -> None:
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    with pytest.raises(NotAllowedError, match="the retailer issues a new one"):
        stage.desk.resubmit(PO, by="Ann")


def test_the_plan_says_that_it_is_told_last_and_read_back(stage: Stage) -> None:
    (entry,) = stage.desk.plan(PO).entries
    (step,) = entry.steps
    assert (entry.problem, entry.chosen, step.needs, step.scope.value) == (None, 0, "reason", "lines and quantities")
    assert step.then == "last, when all others are canceled; read back every 1 min, for 2 h"
    assert [code.code for code in step.reasons][:2] == ["CXSS", "CXSD"]
