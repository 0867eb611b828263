"""Canceling at BDLinx: unconfigured a person does it, else the wire profile says what is called and proves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import Case, ProofKind, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.declaration import ByCheck, ByPerson, ByReply
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import NotAllowedError, PluginFault
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.wire_simulator import API_SECRET, Stage

Opener = Callable[..., Desk]


def asked(desk: Desk) -> Case:
    (case,) = desk.cancel("1042", by="Ann", reason="customer asked").cases
    return case


def follow(desk: Desk, shop: BdlinxSimulator, case: Case) -> Case:
    """Do what is due, letting time pass, until the case is settled or a person has it."""
    for _ in range(400):
        now = desk.case(case.id)
        if now.due_at is None or now.state is State.AWAITING_PERSON:
            return now
        shop.clock.sleep_until(shop.clock.monotonic() + (now.due_at - shop.clock.now()).total_seconds())
        assert desk.run_due().problems == ()
    raise AssertionError(f"still {desk.case(case.id).state}")


def calls(shop: BdlinxSimulator) -> list[str]:
    return [record.operation for record in shop.log if record.operation not in ("life cycle", "add_order")]


def wire_of(shop: BdlinxSimulator, *, read: bool = True, **cancel: object) -> dict[str, Any]:
    wire: Any = shop.settings("")["wire"]
    return {"cancel": {**wire["cancel"], **cancel}, **({"read": wire["read"]} if read else {})}


# Not configured


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"wire": None}, "wire"),
        ({"base_url": None}, "base_url"),
        ({"auth_mode": None}, "auth_mode"),
        ({"auth_mode": "headers", "user_header": None}, "user_header"),
        ({"base_url": None, "auth_mode": None, "wire": None}, "base_url, auth_mode, wire"),
    ],
)
def test_what_is_not_configured_is_a_persons_task(
    open_desk: Opener, shop: BdlinxSimulator, changed: dict[str, None], named: str
) -> None:
    desk = open_desk(**changed)
    (entry,) = desk.plan("1042").entries
    assert (entry.problem or "").startswith(f"wire format not configured: {named} missing")
    case = asked(desk)
    assert case.state is State.AWAITING_PERSON
    assert "wire format not configured" in str(case.text)
    assert calls(shop) == []
    assert not desk.receipt("1042").is_canceled
    assert desk.confirm(case.id, by="Ann").state is State.CANCELED


@pytest.mark.parametrize("missing", ["wire", "base_url", "auth_mode"])
def test_nobody_can_send_what_is_not_configured(open_desk: Opener, shop: BdlinxSimulator, missing: str) -> None:
    desk = open_desk(**{missing: None})
    case = desk.send_again(asked(desk).id, by="Ann")
    assert case.state is State.REQUESTED
    assert "wire format not configured" in str(case.text)
    assert calls(shop) == []


def test_without_a_documented_create_call_nothing_is_resubmitted(open_desk: Opener) -> None:
    desk = open_desk(wire=None)
    desk.confirm(asked(desk).id, by="Ann")
    with pytest.raises(NotAllowedError, match="duplicate the order in Order Desk"):
        desk.resubmit("1042", by="Ann")


# Configured


def test_the_confirmation_is_what_the_profile_can_prove(open_desk: Opener, shop: BdlinxSimulator) -> None:
    def confirmation(wire: object) -> object:
        return open_desk(wire=wire).connections.get("print").integration.cancel[0].confirm

    assert isinstance(confirmation(wire_of(shop)), ByCheck)
    assert isinstance(confirmation(wire_of(shop, read=False)), ByPerson)
    assert confirmation(wire_of(shop, final=True)) == ByReply()
    assert isinstance(confirmation(None), ByPerson)


@pytest.mark.parametrize("auth", ["basic", "headers"])
def test_the_button_asks_and_the_read_back_proves(open_desk: Opener, shop: BdlinxSimulator, auth: str) -> None:
    shop.set_switch("auth", auth)
    desk = open_desk()
    case = asked(desk)
    assert (case.state, case.proof) == (State.ASKED, None)
    after = follow(desk, shop, case)
    assert (after.state, after.status, shop.truth("1042")) == (State.CANCELED, "stopped", "stopped")
    assert after.proof is not None
    assert after.proof.kind is ProofKind.READ_BACK
    assert calls(shop).count("POST stop") == 1


def test_a_taken_request_that_ships_anyway_is_not_canceled(open_desk: Opener, shop: BdlinxSimulator) -> None:
    shop.set_switch("fate", "ships anyway")
    desk = open_desk()
    after = follow(desk, shop, asked(desk))
    assert (after.state, after.refusal, after.status) == (State.REFUSED, Refusal.SHIPPED, "gone")


def test_too_late_is_refused(open_desk: Opener, shop: BdlinxSimulator) -> None:
    assert isinstance(shop.clock, VirtualClock)
    desk = open_desk()
    shop.clock.advance(minutes(30))
    case = asked(desk)
    assert (case.state, case.refusal, shop.truth("1042")) == (State.REFUSED, Refusal.TOO_LATE, Stage.PRINTING)


def test_an_order_that_is_not_there_is_refused_as_such(open_desk: Opener, shop: BdlinxSimulator) -> None:
    desk = open_desk(wire=wire_of(shop, path="/simulated-wire/orders/{remote_id}-B/stop"))
    case = asked(desk)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "does not know 1042" in str(case.text)


def test_wrong_credentials_are_tried_again_and_kept_secret(open_desk: Opener) -> None:
    desk = open_desk(api_secret="another secret")
    case = asked(desk)
    assert case.state is State.REQUESTED
    assert "credentials" in str(case.remedy)
    history = str(desk.ledger.history(case.id))
    assert "another secret" not in history
    assert API_SECRET not in history


def test_a_lost_reply_is_resolved_by_reading_back(open_desk: Opener, shop: BdlinxSimulator) -> None:
    shop.faults.add(Fault.LOST_REPLY, method="POST")
    desk = open_desk()
    case = asked(desk)
    assert case.state is State.UNCLEAR
    assert follow(desk, shop, case).state is State.CANCELED
    assert calls(shop).count("POST stop") == 1


# Without a read call


def test_without_a_read_call_a_person_confirms(open_desk: Opener, shop: BdlinxSimulator) -> None:
    desk = open_desk(wire=wire_of(shop, read=False))
    case = asked(desk)
    assert (case.state, shop.truth("1042")) == (State.AWAITING_PERSON, "queued")
    assert not desk.receipt("1042").is_canceled
    with pytest.raises(PluginFault, match="cannot be read back"):
        desk.check(case.id)
    assert desk.case(case.id).due_at == case.due_at
    done = desk.confirm(case.id, by="Ann")
    assert (done.state, done.proof and done.proof.kind) == (State.CANCELED, ProofKind.PERSON)


@pytest.mark.parametrize("final", [False, True])
def test_without_a_read_call_a_lost_reply_goes_to_a_person_and_is_not_polled(
    open_desk: Opener, shop: BdlinxSimulator, final: bool
) -> None:
    shop.faults.add(Fault.LOST_REPLY, method="POST")
    desk = open_desk(wire=wire_of(shop, read=False, final=final))
    case = asked(desk)
    assert case.state is State.UNCLEAR
    before = shop.clock.now()
    after = follow(desk, shop, case)
    assert (after.state, calls(shop)) == (State.AWAITING_PERSON, ["POST stop"])
    assert shop.clock.now() - before < minutes(1)


def test_a_reply_that_the_profile_calls_final_is_the_proof(open_desk: Opener, shop: BdlinxSimulator) -> None:
    case = asked(open_desk(wire=wire_of(shop, final=True)))
    assert case.state is State.CANCELED
    assert case.proof is not None
    assert case.proof.kind is ProofKind.REPLY


# The rule action

RULE = [
    {
        "name": "Canceled folder cancels at BDLinx",
        "event": "order moved",
        "when": "folder == 'Canceled'",
        "do": ["Cancel Order at BDLinx"],
    }
]


def test_the_rule_action_cancels_once_when_the_order_comes_into_the_folder(
    open_desk: Opener, shop: BdlinxSimulator
) -> None:
    desk = open_desk(rules=RULE)
    desk.move("1042", "Prepared", by="Ann")
    assert calls(shop) == []
    desk.move("1042", "Canceled", by="Ann")
    desk.move("1042", "Closed", by="Ann")
    desk.move("1042", "Canceled", by="Ann")
    assert calls(shop).count("POST stop") == 1
    (case,) = desk.cases(order="1042")
    assert follow(desk, shop, case).state is State.CANCELED
