"""Canceling at Bay Photo: what must be configured, how it is signed, and what is told where it is not let in."""

from __future__ import annotations

from typing import Any

import pytest

from orderdesk_bay_photo.simulator import TOKEN, BayPhotoSimulator
from orderdesk_devkit.testing.api_suite import FINAL
from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.integration import Verification
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Polling

integration = "bay-photo"
each_api = pytest.mark.parametrize("api", ["v1", "v2"])
AT = "[connections.bay-photo].settings"


def api(lab: BayPhotoSimulator, **tables: dict[str, object]) -> dict[str, Any]:
    """The lab's API profile with other values in its tables."""
    return {
        "api": {
            name: {**dict(table), **tables.get(name, {})} for name, table in dict[str, Any](lab.api_profile()).items()
        }
    }


def tokens(lab: BayPhotoSimulator) -> int:
    """How often a token was asked for."""
    return sum(record.operation == "token" for record in lab.log)


@each_api
def test_without_the_cancel_endpoint_a_person_cancels_there(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str
) -> None:
    simulator.set_option("api", api)
    stage = open_harness({"api": None})
    (entry,) = stage.desk.cancellations.plan(ORDER).entries
    assert (entry.problem or "").startswith("cancel endpoint not configured: api missing; ask Bay Photo")
    case = stage.cancel()
    assert (case.state, case.evidence) == (State.ACTION_REQUIRED, None)
    assert "portal" in str(case.message)
    assert "cancel endpoint not configured" in str(stage.desk.cases.retry(case.id, by="Ann").message)
    assert stage.sent == []


def test_the_declaration_says_that_a_cancel_is_configuration_only() -> None:
    declared = PluginRegistry().load(integration).integration
    assert declared.verified_by is Verification.CONFIGURATION
    assert isinstance(declared.cancel[0].confirm, Polling)


def test_a_profile_that_cannot_read_back_is_refused_at_load(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    with pytest.raises(ConfigurationError, match="must be polled") as raised:
        open_harness({"api": {"cancel": api(simulator)["api"]["cancel"]}})
    assert raised.value.location == f"{AT}.api.read"
    assert "add path, status and canceled" in str(raised.value.hint)


def test_a_profile_that_calls_a_reply_final_is_refused_at_load(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    with pytest.raises(ConfigurationError, match="its response is not final") as raised:
        open_harness(api(simulator, cancel=dict(FINAL)))
    assert raised.value.location == f"{AT}.api.cancel.final"
    assert "remove it" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("api", "missing"),
    [("v1", ["token"]), ("v2", ["client_id"]), ("v2", ["client_secret"]), ("v2", ["client_id", "client_secret"])],
)
def test_credentials_that_the_api_needs_are_demanded_at_load(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str, missing: list[str]
) -> None:
    simulator.set_option("api", api)
    with pytest.raises(ConfigurationError, match=f'api_version "{api}" needs {" and ".join(missing)}, which') as raised:
        open_harness(dict.fromkeys(missing))
    assert raised.value.location == AT


@pytest.mark.slow
def test_a_status_outside_the_profile_ends_with_a_person(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    stage = open_harness(api(simulator, read={"canceled": ["ended"]}))
    stage.cancel()
    case = stage.follow_up()
    assert (case.state, case.service_status, simulator.actual_status(ORDER)) == (
        State.ACTION_REQUIRED,
        "stopped",
        "stopped",
    )


def test_v1_signs_every_request_with_its_token(harness: SimulatedHarness) -> None:
    harness.cancel()
    harness.follow_up()
    assert {seen.headers["authorization"] for seen in harness.recorder.requests} == {f'Token token="{TOKEN}"'}


def test_v2_asks_for_one_token_with_both_scopes_and_uses_it_for_two_hours(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    simulator.set_option("api", "v2")
    simulator.set_option("fate", "ships anyway")
    stage = open_harness()
    stage.cancel()
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(hours(1))
    stage.run_due()
    assert tokens(simulator) == 1
    assert b"scope=integrator%3Aorder%3Aread+integrator%3Aorder%3Awrite" in stage.recorder.requests[0].body
    simulator.clock.advance(minutes(59))
    assert stage.run_due().state is State.ACKNOWLEDGED
    assert tokens(simulator) == 2


def test_a_token_whose_reply_does_not_tell_lasts_the_documented_two_hours(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    simulator.set_option("api", "v2")
    simulator.set_option("expires_in", "untold")
    stage = open_harness()
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED
    assert tokens(simulator) == 1


@pytest.mark.parametrize(("api", "wrong"), [("v1", "token"), ("v2", "client_secret")])
def test_wrong_credentials_cancel_nothing_and_are_reported(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str, wrong: str
) -> None:
    simulator.set_option("api", api)
    case = open_harness({wrong: "another secret"}).cancel()
    assert (case.state, simulator.actual_status(ORDER)) == (State.PENDING, "queued")
    assert "credentials" in f"{case.message} {case.hint}"
