"""Canceling at Bay Photo: not configured a person does it; configured it is asked, and only a read-back cancels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orderdesk_bay_photo.simulator import CLIENT_SECRET, TOKEN, BayPhotoSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import Case, ProofKind, State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.declaration import ByCheck, Evidence
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.tap import Tap
from orderdesk_sdk.testing.wire_simulator import BASE

Opener = Callable[..., Desk]
APIS = pytest.mark.parametrize("api", ["v1", "v2"])


def asked(desk: Desk) -> Case:
    (case,) = desk.cancel("1042", by="Ann", reason="customer asked").cases
    return case


def follow(desk: Desk, case: Case) -> Case:
    """Do what is due, letting time pass, until the case is settled or a person has it."""
    for _ in range(400):
        now = desk.case(case.id)
        if now.due_at is None or now.state is State.AWAITING_PERSON:
            return now
        desk.clock.sleep_until(desk.clock.monotonic() + (now.due_at - desk.clock.now()).total_seconds())
        assert desk.run_due().problems == ()
    raise AssertionError(f"still {desk.case(case.id).state}")


def calls(lab: BayPhotoSimulator) -> list[str]:
    return [record.operation for record in lab.log if record.operation not in ("life cycle", "add_order")]


def wire(lab: BayPhotoSimulator, **tables: dict[str, object]) -> dict[str, Any]:
    """The lab's wire profile with other values in its tables."""
    return {name: {**dict(table), **tables.get(name, {})} for name, table in dict[str, Any](lab.wire()).items()}


# Not configured


@APIS
def test_without_the_cancel_endpoint_a_person_cancels_there(
    open_desk: Opener, lab: BayPhotoSimulator, api: str
) -> None:
    lab.set_switch("api", api)
    desk = open_desk(wire=None)
    (entry,) = desk.plan("1042").entries
    assert (entry.problem or "").startswith("cancel endpoint not configured: wire missing; ask Bay Photo")
    assert entry.chosen is None
    case = asked(desk)
    assert (case.state, case.proof) == (State.AWAITING_PERSON, None)
    assert "portal" in str(case.text)
    assert "cancel endpoint not configured" in str(desk.send_again(case.id, by="Ann").text)
    assert calls(lab) == []
    assert not desk.receipt("1042").is_canceled


def test_the_declaration_says_that_a_cancel_is_configuration_only(open_desk: Opener) -> None:
    integration = open_desk().connections.get("bay-photo").integration
    assert integration.evidence is Evidence.CONFIGURATION
    assert isinstance(integration.cancel[0].confirm, ByCheck)


def test_a_profile_that_cannot_read_back_is_refused_at_load(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    with pytest.raises(ConfigurationError, match="must be read back") as raised:
        open_desk(wire={"cancel": wire(lab)["cancel"]})
    assert raised.value.place == "[connections.bay-photo].settings.wire.read"
    assert "add path, status and canceled" in str(raised.value.remedy)


def test_a_profile_that_calls_a_reply_final_is_refused_at_load(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    with pytest.raises(ConfigurationError, match="its reply to one is not final") as raised:
        open_desk(wire=wire(lab, cancel={"final": True}))
    assert raised.value.place == "[connections.bay-photo].settings.wire.cancel.final"
    assert "remove it" in str(raised.value.remedy)


@pytest.mark.parametrize(
    ("api", "missing"),
    [("v1", ["token"]), ("v2", ["client_id"]), ("v2", ["client_secret"]), ("v2", ["client_id", "client_secret"])],
)
def test_credentials_that_the_api_needs_are_demanded_at_load(
    open_desk: Opener, lab: BayPhotoSimulator, api: str, missing: list[str]
) -> None:
    lab.set_switch("api", api)
    with pytest.raises(ConfigurationError, match=f'api "{api}" needs {" and ".join(missing)}, which') as raised:
        open_desk(**dict.fromkeys(missing))
    assert raised.value.place == "[connections.bay-photo].settings"


# Configured


@APIS
def test_a_taken_request_is_asked_and_canceled_by_read_back_only(
    open_desk: Opener, lab: BayPhotoSimulator, api: str
) -> None:
    lab.set_switch("api", api)
    desk = open_desk()
    case = asked(desk)
    assert (case.state, case.proof) == (State.ASKED, None)
    assert not desk.receipt("1042").is_canceled
    after = follow(desk, case)
    assert (after.state, after.status, lab.truth("1042")) == (State.CANCELED, "stopped", "stopped")
    assert after.proof is not None
    assert after.proof.kind is ProofKind.READ_BACK
    assert calls(lab).count("POST stop") == 1


def test_what_was_taken_and_ships_anyway_is_refused_as_shipped(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    lab.set_switch("fate", "ships anyway")
    desk = open_desk()
    after = follow(desk, asked(desk))
    assert (after.state, after.refusal, after.status) == (State.REFUSED, Refusal.SHIPPED, "gone")


def test_too_late_is_refused(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    desk = open_desk()
    assert isinstance(lab.clock, VirtualClock)
    lab.clock.advance(minutes(30))
    case = asked(desk)
    assert (case.state, case.refusal, lab.truth("1042")) == (State.REFUSED, Refusal.TOO_LATE, "printing")


def test_an_order_that_is_not_there_is_refused_as_such(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    desk = open_desk(wire=wire(lab, cancel={"path": BASE + "/{remote_id}-B/stop"}))
    case = asked(desk)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "does not know 1042" in str(case.text)


def test_a_word_that_the_profile_does_not_know_ends_with_a_person(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    desk = open_desk(wire=wire(lab, read={"canceled": ["ended"]}))
    after = follow(desk, asked(desk))
    assert (after.state, after.status, lab.truth("1042")) == (State.AWAITING_PERSON, "stopped", "stopped")


def test_a_lost_reply_is_resolved_by_reading_back(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    lab.faults.add(Fault.LOST_REPLY, method="POST", path="/stop$")
    desk = open_desk()
    case = asked(desk)
    assert case.state is State.UNCLEAR
    assert follow(desk, case).state is State.CANCELED
    assert calls(lab).count("POST stop") == 1


# Credentials


def test_v1_signs_every_request_with_its_token(open_desk: Opener, tap: Tap) -> None:
    desk = open_desk()
    follow(desk, asked(desk))
    assert {seen.headers["authorization"] for seen in tap.requests} == {f'Token token="{TOKEN}"'}


def test_v2_asks_for_one_token_with_both_scopes_and_uses_it_for_two_hours(
    open_desk: Opener, lab: BayPhotoSimulator, tap: Tap
) -> None:
    lab.set_switch("api", "v2")
    lab.set_switch("fate", "ships anyway")
    desk = open_desk()
    case = asked(desk)
    assert isinstance(lab.clock, VirtualClock)
    lab.clock.advance(hours(1))
    desk.run_due()
    assert calls(lab).count("token") == 1
    assert b"scope=integrator%3Aorder%3Aread+integrator%3Aorder%3Awrite" in tap.requests[0].body
    lab.clock.advance(minutes(59))
    desk.run_due()
    assert calls(lab).count("token") == 2
    assert desk.case(case.id).state is State.ASKED


def test_a_token_whose_reply_does_not_tell_lasts_the_documented_two_hours(
    open_desk: Opener, lab: BayPhotoSimulator
) -> None:
    lab.set_switch("api", "v2")
    lab.set_switch("expires_in", "untold")
    desk = open_desk()
    assert follow(desk, asked(desk)).state is State.CANCELED
    assert calls(lab).count("token") == 1


@pytest.mark.parametrize(("api", "wrong"), [("v1", "token"), ("v2", "client_secret")])
def test_wrong_credentials_do_nothing_and_are_kept_secret(
    open_desk: Opener, lab: BayPhotoSimulator, api: str, wrong: str
) -> None:
    lab.set_switch("api", api)
    desk = open_desk(**{wrong: "another secret"})
    case = asked(desk)
    assert (case.state, lab.truth("1042")) == (State.REQUESTED, "queued")
    assert "credentials" in f"{case.text} {case.remedy}"
    history = str(desk.ledger.history(case.id))
    assert [text for text in ("another secret", TOKEN, CLIENT_SECRET) if text in history] == []
