"""What must hold for every plugin whose calls are all configured, by an API profile, as classes of tests to inherit.

    class TestAcmePrint(ApiProfileTests):
        integration = "acme-print"

    class TestCassettes(ApiProfileConversationTests, CassetteTests):
        pass

The first is about settings that lack and about what a profile can prove, beside the conformance suite; its simulator is
an `ApiProfileSimulator`. The second says what the scenarios of `api_profile_scenarios` prove.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.profile import BASE, ApiProfileSimulator
from orderdesk_devkit.testing.harness import ORDER, PluginHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.registry import PluginRegistry

__all__ = ["ApiProfileConversationTests", "ApiProfileTests"]

STOP, READ = f"POST {BASE}/{ORDER}/stop", f"GET {BASE}/{ORDER}"
_REQUIRED = {
    "basic": ("api_user", "api_secret"),
    "headers": ("user_header", "secret_header"),
    "header": ("api_secret", "secret_header"),
}
_MISSING = [
    ("basic", ("base_url",)),
    ("basic", ("auth_mode",)),
    ("basic", ("api",)),
    ("basic", ("base_url", "auth_mode", "api")),
    *_REQUIRED.items(),
]

each_way = pytest.mark.parametrize("auth", _REQUIRED)


FINAL: Mapping[str, object] = {
    "final": True,
    "status": "/simulated/stage",
    "canceled": ["stopped"],
    "number": "/simulated/order",
}
"""What a profile says of a response that is final, in its table for the cancel call."""


class ApiProfileTests:
    """Tests of one integration.

    Args:
        integration: its slug. It is called as its simulator's switch `auth` says.
    """

    integration: ClassVar[str]

    @pytest.fixture
    def simulator(self, simulator: ApiProfileSimulator) -> ApiProfileSimulator:
        """The service with the order in its queue."""
        simulator.add_order(ORDER)
        return simulator

    @pytest.mark.parametrize(
        ("auth", "lacking"), _MISSING, ids=[f"{how}: {'+'.join(names)}" for how, names in _MISSING]
    )
    def test_missing_settings_are_named_and_a_person_must_cancel(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator, auth: str, lacking: tuple[str, ...]
    ) -> None:
        """But for what the plugin requires, without which it has no settings at all."""
        declared = settings_fields(PluginRegistry().load(self.integration).integration.settings)
        missing = [name for name in lacking if not any(one.required for one in declared if one.name == name)]
        if not missing:
            pytest.skip(f"{self.integration} requires {' and '.join(lacking)}")
        simulator.set_option("auth", auth)
        stage = open_harness(dict.fromkeys(missing))
        (entry,) = stage.desk.cancellations.plan(ORDER).entries
        assert (entry.problem or "").startswith(f"API format not configured: {', '.join(missing)} missing")
        case = stage.cancel()
        assert (case.state, case.evidence) == (State.ACTION_REQUIRED, None)
        assert "API format not configured" in str(case.message)
        assert "API format not configured" in str(stage.desk.cases.retry(case.id, by="Ann").message)
        assert stage.sent == []

    @each_way
    def test_calls_are_signed_in_each_auth_mode(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator, auth: str
    ) -> None:
        """And what is asked is canceled by what is polled."""
        simulator.set_option("auth", auth)
        stage = open_harness()
        assert stage.cancel().state is State.ACKNOWLEDGED
        assert (stage.follow_up().state, stage.evidence.kind) == (State.CANCELED, EvidenceKind.POLLED_STATUS)
        assert set(stage.sent) == {STOP, READ}

    @each_way
    def test_wrong_credentials_cancel_nothing_and_are_reported(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator, auth: str
    ) -> None:
        """With what to check, and without the credentials."""
        simulator.set_option("auth", auth)
        stage = open_harness({"api_secret": "another secret"})
        case = stage.cancel()
        assert (case.state, simulator.actual_status(ORDER)) == (State.PENDING, "queued")
        assert "credentials" in str(case.hint)
        assert "another secret" not in str(stage.desk.ledger.history(case.id))

    def test_a_status_outside_the_profile_ends_with_a_person(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator
    ) -> None:
        """Whatever it may mean."""
        stage = open_harness(_api_settings(simulator, read={"canceled": ["ended"]}))
        stage.cancel()
        case = stage.follow_up()
        assert (case.state, case.service_status, simulator.actual_status(ORDER)) == (
            State.ACTION_REQUIRED,
            "stopped",
            "stopped",
        )

    def test_without_a_read_call_a_person_confirms(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator
    ) -> None:
        """And who polls all the same is told, and changes nothing."""
        stage = open_harness(_api_settings(simulator, read=None))
        case = stage.cancel()
        assert (case.state, stage.sent) == (State.ACTION_REQUIRED, [STOP])
        with pytest.raises(PluginError, match="declares no poll"):
            stage.desk.cases.poll(case.id)
        assert stage.case.due_at == case.due_at

    @pytest.mark.parametrize("final", [{}, FINAL], ids=["asks", "final"])
    def test_without_a_read_call_a_lost_response_goes_to_a_person_at_once(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator, final: Mapping[str, object]
    ) -> None:
        """Nobody polls what cannot be read."""
        simulator.faults.add(Fault.LOST_RESPONSE, method="POST")
        stage = open_harness(_api_settings(simulator, read=None, cancel=final))
        assert stage.cancel().state is State.UNKNOWN
        before = stage.clock.now()
        assert (stage.follow_up().state, stage.sent) == (State.ACTION_REQUIRED, [STOP])
        assert stage.clock.now() - before < minutes(1)

    def test_a_response_that_the_profile_calls_final_is_the_evidence(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator
    ) -> None:
        """Where its body says so, and nothing is read."""
        stage = open_harness(_api_settings(simulator, cancel={**FINAL, "canceled": ["queued"]}))
        assert (stage.cancel().state, stage.evidence.kind, stage.sent) == (
            State.CANCELED,
            EvidenceKind.RESPONSE,
            [STOP],
        )

    def test_a_final_response_that_does_not_say_canceled_proves_nothing(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator
    ) -> None:
        """Whatever its status: the order is read."""
        stage = open_harness(_api_settings(simulator, cancel=FINAL))
        assert stage.cancel().state is State.UNKNOWN
        assert (stage.follow_up().state, stage.evidence.kind) == (State.CANCELED, EvidenceKind.POLLED_STATUS)

    def test_a_response_about_another_order_proves_nothing(
        self, open_harness: HarnessOpener, simulator: ApiProfileSimulator
    ) -> None:
        """Although its status is the word for canceled."""
        stage = open_harness(_api_settings(simulator, read={"number": "/simulated/stage"}))
        stage.cancel()
        case = stage.follow_up()
        assert (case.state, simulator.actual_status(ORDER)) == (State.ACTION_REQUIRED, "stopped")


class ApiProfileConversationTests:
    """What the scenarios of `api_profile_scenarios` prove; the tables of others may hold more."""

    def test_an_accepted_request_is_canceled_by_the_polled_status(
        self, cassette: Callable[[str], PluginHarness]
    ) -> None:
        """Two looks later."""
        stage = cassette("cancel-honored")
        assert (stage.case.state, stage.case.service_status) == (State.CANCELED, "stopped")
        assert stage.evidence.kind is EvidenceKind.POLLED_STATUS
        assert stage.calls == [f"{STOP} 202", f"{READ} 200", f"{READ} 200"]

    @pytest.mark.parametrize(
        ("name", "rejection", "said"),
        [
            ("too-late", Rejection.TOO_LATE, "409"),
            ("taken-but-shipped", Rejection.SHIPPED, "202"),
            ("unknown-order", Rejection.NOT_ALLOWED, "404"),
        ],
    )
    def test_what_the_profile_calls_a_rejection_is_one(
        self, cassette: Callable[[str], PluginHarness], name: str, rejection: Rejection, said: str
    ) -> None:
        """The first response is it, or what is read after it."""
        stage = cassette(name)
        assert (stage.case.state, stage.case.rejection) == (State.REJECTED, rejection)
        assert stage.calls[0] == f"{STOP} {said}"
        assert rejection is not Rejection.NOT_ALLOWED or f"does not know {ORDER}" in str(stage.case.message)


def _api_settings(simulator: ApiProfileSimulator, **tables: Mapping[str, object] | None) -> Mapping[str, object]:
    """The simulator's API profile with other values in its tables; None takes a table away."""
    given: dict[str, Any] = dict(simulator.api_profile())
    changed = {name: {**given[name], **(tables.get(name) or {})} for name in given if tables.get(name, {}) is not None}
    return {"api": changed}
