"""Canceling at Progressive Solutions: unconfigured it refuses loudly, else the wire profile is called and proves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orderdesk_progressive_solutions.simulator import ProgressiveSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.declaration import Evidence
from orderdesk_sdk.errors import NotAllowedError, PluginFault
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.stage import ORDER, simulated, staged
from orderdesk_sdk.testing.wire_simulator import API_SECRET, BASE

SLUG = "progressive-solutions"


@pytest.fixture
def service() -> ProgressiveSimulator:
    """A service with the staged order in its queue."""
    made = ProgressiveSimulator(VirtualClock())
    made.add_order(ORDER)
    return made


def wire(service: ProgressiveSimulator, *, read: bool = True, **cancel: object) -> Mapping[str, Any]:
    """The settings with another wire profile."""
    given: Any = service.wire()
    return {"wire": {"cancel": {**given["cancel"], **cancel}, **({"read": given["read"]} if read else {})}}


def calls(service: ProgressiveSimulator) -> list[str]:
    return [record.operation for record in service.log if record.operation not in ("life cycle", "add_order")]


# Not configured


def test_with_nothing_configured_a_person_is_told_what_is_missing() -> None:
    with staged(SLUG, {}, VirtualClock()) as stage:
        (entry,) = stage.desk.plan(ORDER).entries
        assert (entry.problem or "").startswith("wire format not configured: base_url, auth_mode, wire missing; ask")
        case = stage.cancel()
        assert (case.state, case.proof) == (State.AWAITING_PERSON, None)
        assert "wire format not configured" in str(case.text)
        assert not stage.desk.receipt(ORDER).is_canceled
        done = stage.desk.confirm(case.id, by="Ann")
        assert (done.state, done.proof and done.proof.kind) == (State.CANCELED, ProofKind.PERSON)


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ("basic", ["base_url"]),
        ("basic", ["auth_mode"]),
        ("basic", ["wire"]),
        ("basic", ["api_user", "api_secret"]),
        ("headers", ["user_header", "secret_header"]),
        ("header", ["api_secret", "secret_header"]),
    ],
)
def test_whatever_is_missing_nothing_is_called_and_a_person_has_it(
    service: ProgressiveSimulator, auth: str, missing: list[str]
) -> None:
    service.set_switch("auth", auth)
    given = {name: value for name, value in service.settings("http://127.0.0.1:9").items() if name not in missing}
    with staged(SLUG, given, service.clock) as stage:
        (entry,) = stage.desk.plan(ORDER).entries
        assert f"not configured: {', '.join(missing)} missing" in (entry.problem or "")
        case = stage.cancel()
        assert case.state is State.AWAITING_PERSON
        again = stage.desk.send_again(case.id, by="Ann")
        assert "not configured" in str(again.text)
    assert calls(service) == []


def test_nothing_is_resubmitted(service: ProgressiveSimulator) -> None:
    with staged(SLUG, {}, VirtualClock()) as stage:
        stage.desk.confirm(stage.cancel().id, by="Ann")
        with pytest.raises(NotAllowedError, match="duplicate it in Order Desk"):
            stage.resubmit()


def test_the_declaration_says_that_it_is_configuration_only() -> None:
    assert Registry().load(SLUG).integration.evidence is Evidence.CONFIGURATION


# Configured


@pytest.mark.parametrize("auth", ["basic", "headers", "header"])
def test_the_button_asks_and_the_read_back_proves(service: ProgressiveSimulator, auth: str) -> None:
    service.set_switch("auth", auth)
    with simulated(SLUG, service) as stage:
        assert stage.cancel("customer asked").state is State.ASKED
        after = stage.follow()
        assert (after.state, after.status, service.truth(ORDER)) == (State.CANCELED, "stopped", "stopped")
        assert after.proof is not None
        assert after.proof.kind is ProofKind.READ_BACK
    assert calls(service).count("POST stop") == 1


def test_what_was_taken_and_ships_anyway_is_refused_as_shipped(service: ProgressiveSimulator) -> None:
    service.set_switch("fate", "ships anyway")
    with simulated(SLUG, service) as stage:
        stage.cancel()
        after = stage.follow()
    assert (after.state, after.refusal, after.status) == (State.REFUSED, Refusal.SHIPPED, "gone")


def test_too_late_is_refused(service: ProgressiveSimulator) -> None:
    assert isinstance(service.clock, VirtualClock)
    service.clock.advance(minutes(30))
    with simulated(SLUG, service) as stage:
        case = stage.cancel()
    assert (case.state, case.refusal, service.truth(ORDER)) == (State.REFUSED, Refusal.TOO_LATE, "printing")


def test_an_order_that_is_not_there_is_refused_as_such(service: ProgressiveSimulator) -> None:
    with simulated(SLUG, service, settings=wire(service, path=f"{BASE}/{{remote_id}}-B/stop")) as stage:
        case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)


def test_a_word_that_the_profile_does_not_know_is_not_taken_for_an_answer(service: ProgressiveSimulator) -> None:
    profile = dict(wire(service)["wire"])
    profile["read"] = {**profile["read"], "canceled": ["ended"]}
    with simulated(SLUG, service, settings={"wire": profile}) as stage:
        stage.cancel()
        after = stage.follow()
    assert (after.state, after.status, service.truth(ORDER)) == (State.AWAITING_PERSON, "stopped", "stopped")


def test_a_lost_reply_is_resolved_by_reading_back(service: ProgressiveSimulator) -> None:
    service.faults.add(Fault.LOST_REPLY, method="POST")
    with simulated(SLUG, service) as stage:
        assert stage.cancel().state is State.UNCLEAR
        assert stage.follow().state is State.CANCELED
    assert calls(service).count("POST stop") == 1


def test_without_a_read_call_a_person_confirms(service: ProgressiveSimulator) -> None:
    with simulated(SLUG, service, settings=wire(service, read=False)) as stage:
        case = stage.cancel()
        assert (case.state, service.truth(ORDER)) == (State.AWAITING_PERSON, "queued")
        with pytest.raises(PluginFault, match="cannot be read back"):
            stage.desk.check(case.id)


def test_wrong_credentials_are_said_and_kept_secret(service: ProgressiveSimulator) -> None:
    with simulated(SLUG, service, settings={"api_secret": "another secret"}) as stage:
        case = stage.cancel()
        history = str(stage.desk.ledger.history(case.id))
    assert (case.state, service.truth(ORDER)) == (State.REQUESTED, "queued")
    assert "credentials" in str(case.remedy)
    assert "another secret" not in history
    assert API_SECRET not in history
