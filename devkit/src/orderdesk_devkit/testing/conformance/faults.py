"""Every way in which a response goes wrong, on each call: the right state, and never a success that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import EVERY_TIME, BaselineRun, CallRecorder, FaultTarget
from orderdesk_devkit.testing.conformance.failpoints import require_cancel_target, skip_without_resubmission
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.failpoints.checker import find_failures
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.plugin.routes import Button, FinalResponse, Polling
from orderdesk_sdk.runtime.flow_record import REQUEST_CHANGED

__all__ = ["FAULTS", "FaultTests"]

FAULTS = (
    Fault.SERVER_ERROR_HTML,  # 503 with HTML, nothing done
    Fault.SERVER_ERROR_HTML_AFTER,  # the same 503, all done
    Fault.ERROR_WITHOUT_ERRORS,  # 500 with JSON of another shape
    Fault.OK_HTML,  # 200 with HTML
    Fault.OK_EMPTY,  # 200 with an empty body
    Fault.OVERSIZED,
    Fault.TRUNCATED,  # cut in half
    Fault.LOST_RESPONSE,  # reset after sending
    Fault.RESET_BEFORE,  # reset before the service saw the request
    Fault.MALFORMED_JSON,
    Fault.WRONG_TYPES,
    Fault.GARBAGE_GZIP,
    Fault.REDIRECT,
)
FAULTS_AFTER_EFFECT = (Fault.SERVER_ERROR_HTML_AFTER, Fault.LOST_RESPONSE, Fault.MALFORMED_JSON, Fault.WRONG_TYPES)
"""What leaves the request done, each in a way of its own: whatever the transport loses is one loss to a plugin."""
FAULTS_THAT_KEEP_STATUS = (Fault.MALFORMED_JSON, Fault.WRONG_TYPES)
"""What keeps the status of the real response, which is all that a plugin reads of some: a 404 stays one."""
_MAX_ATTEMPTS = 50

FaultMaker = Callable[..., AbstractContextManager[ConformanceHarness]]


class FaultTests(StandardTests):
    """Faults on the cancel, what comes before it, the poll, the create, the look before it and the token."""

    @pytest.fixture
    def fault_maker(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> FaultMaker:
        """Opens a harness for one fault."""
        skip_without_calls(baseline, plugin_under_test)

        @contextmanager
        def open_harness(
            fault: Fault | None, wrap: Callable[[Simulator], ASGIApp] = lambda simulator: simulator.app
        ) -> Iterator[ConformanceHarness]:
            with plugin_under_test.open_harness(new_folder(tmp_path), wrap=wrap) as harness:
                yield harness
            count("faults", int(fault is not None))

        return open_harness

    def test_a_cancel_ends_as_the_declaration_says(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """Undisturbed, asked is asked, and canceled is said where the declaration lets it and the service did it."""
        require(Requirement.RUNS_WITHOUT_ERROR, baseline.plugin_errors)
        end = plugin_under_test.expected_state(baseline.route)
        if baseline.final_state is not end:
            require(
                Requirement.ENDS_AS_DECLARED,
                [f"it ended {baseline.final_state.value}, and its way's confirmation means {end.value}"],
            )
        if isinstance(baseline.route, Button) and isinstance(baseline.route.confirm, Polling):
            require(
                Requirement.ENDS_AS_DECLARED,
                [f"a bare response made it {baseline.state_after_request.value}"]
                * (baseline.state_after_request is State.CANCELED),
            )
            # The desk believes no such answer, but whoever gives it has not read what the service does.
            with plugin_under_test.open_harness(tmp_path) as harness:
                take = next(recorded_flows_of(harness, baseline))
                if take.play(take.responses).says_canceled and not take.is_canceled:
                    said = f"the cancel is answered with canceled after a bare {take.responses[-1].status}"
                    require(Requirement.ENDS_AS_DECLARED, [f"{said}, and its way is confirmed by reading back"])

    def test_faults_of_the_cancel_call_are_resolved_once_without_guessing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """What the desk says meanwhile is true, and in the end the order is canceled once, or a person has it."""
        aim = require_cancel_target(baseline, plugin_under_test)
        guessed, wrong = [], []
        for fault in FAULTS:
            with fault_maker(fault) as harness:
                aim.inject(harness.service, fault)
                guessed += [f"{fault.value}: {said}" for said in _guess_failures(harness, harness.cancel(), baseline)]
                harness.follow_up()
                end = _expected_state(plugin_under_test, baseline, fault)
                wrong += [f"{fault.value}: {harness.case.message}"] * (REQUEST_CHANGED in (harness.case.message or ""))
                wrong += [f"{fault.value}: {said}" for said in _failures(harness, plugin_under_test, end)]
                wrong += [f"{fault.value}: no request met it"] * bool(harness.service.faults.pending())
        require(Requirement.NOT_GUESSED, guessed)
        require(Requirement.NOTHING_TWICE, wrong)

    def test_faults_before_the_cancel_call_cancel_nothing_blindly(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """A look, a place for a file: what is said meanwhile is true, and in the end it is canceled once."""
        own = require_cancel_target(baseline, plugin_under_test)
        earlier = [aim for aim in baseline.targets_before_cancel if (aim.method, aim.path) != (own.method, own.path)]
        if not earlier:
            pytest.skip(f"{plugin_under_test.slug} calls nothing else before it cancels")
        guessed, wrong = [], []
        for aim in earlier:
            for fault in FAULTS:
                with fault_maker(fault) as harness:
                    aim.inject(harness.service, fault, times=EVERY_TIME)
                    where = f"{aim.method} {aim.path}, {fault.value}"
                    guessed += [f"{where}: {said}" for said in _guess_failures(harness, harness.cancel(), baseline)]
                    if (
                        fault not in FAULTS_THAT_KEEP_STATUS
                    ):  # With its status kept, a call may have worked, and be seen to have.
                        guessed += [f"{where}: it was canceled blindly"] * _acted(harness)
                    harness.service.faults.clear()
                    harness.follow_up()
                    end = plugin_under_test.expected_state(baseline.route)
                    wrong += [f"{where}: {said}" for said in _failures(harness, plugin_under_test, end)]
        require(Requirement.NOT_GUESSED, guessed)
        require(Requirement.NOTHING_TWICE, wrong)

    def test_an_order_that_ships_anyway_is_never_called_canceled(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """The service takes the cancel and ships, with faults that leave the cancel taken, and with none."""
        aim = require_cancel_target(baseline, plugin_under_test)
        found = []
        for fault in (None, *FAULTS_AFTER_EFFECT):
            with fault_maker(fault) as harness:
                if not harness.service.contradicting_options:
                    pytest.skip(f"{plugin_under_test.slug}: its simulator has no `contradicting_options`")
                for name, choice in harness.service.contradicting_options.items():
                    harness.service.set_option(name, choice)
                if fault is not None:
                    aim.inject(harness.service, fault, times=EVERY_TIME)
                harness.cancel()
                case = harness.follow_up()
                name = fault.value if fault is not None else "no fault"
                if case.state in (State.CANCELED, State.PARTIALLY_CANCELED):
                    found.append(f"{name}: it is called {case.state.value}, and the service ships it")
                if case.is_open and case.due_at is None:
                    found.append(f"{name}: it is {case.state.value} and never due again")
        require(Requirement.EVIDENCE, found)

    def test_faults_of_a_poll_decide_nothing_and_are_retried(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """The case stays asked, without proof, with words for a person; then it is read again."""
        if baseline.state_after_request is not State.ACKNOWLEDGED or not baseline.poll_targets:
            pytest.skip(f"{plugin_under_test.slug} is {baseline.state_after_request.value} at once: nothing is polled")
        guessed, wrong = [], []
        for fault in FAULTS:
            with fault_maker(fault) as harness:
                harness.cancel()
                for aim in baseline.poll_targets:
                    aim.inject(harness.service, fault, times=EVERY_TIME)
                harness.desk.cases.poll(harness.case.id)
                case = harness.case
                # A 2 that comes as "2" may be read, and what it says is true.
                true = fault is Fault.WRONG_TYPES and case.state is State.CANCELED and harness.is_canceled
                if not true and (case.state, case.evidence, case.consecutive_failures, bool(case.message)) != (
                    State.ACKNOWLEDGED,
                    None,
                    1,
                    True,
                ):
                    guessed.append(
                        f"{fault.value}: it is {case.state.value} by {case.evidence}, try {case.consecutive_failures}, "
                        f"message {case.message!r}"
                    )
                harness.service.faults.clear()
                harness.follow_up()
                wrong += [f"{fault.value}: {said}" for said in _failures(harness, plugin_under_test, State.CANCELED)]
        require(Requirement.NOT_GUESSED, guessed)
        require(Requirement.EVIDENCE, wrong)

    def test_faults_of_the_create_call_end_with_exactly_one_order(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """An order is called submitted only when it is there, and is there once."""
        skip_without_resubmission(baseline, plugin_under_test)
        aim = baseline.create_target
        assert aim is not None, "needs_resubmission has seen it"
        guessed, wrong = [], []
        for fault in FAULTS:
            with fault_maker(fault) as harness:
                _settle(harness)
                aim.inject(harness.service, fault)
                made = harness.resubmit()
                there = _created(harness.service)
                if not made.is_open and not there:
                    guessed.append(f"{fault.value}: it is {made.state.value}, and the service has no new order")
                made = _follow_resubmission(harness, made)
                there = _created(harness.service)
                if made.state is not State.DONE or len(there) != 1:
                    wrong.append(f"{fault.value}: it ended {made.state.value} ({made.message}), and there are {there}")
        require(Requirement.NOT_GUESSED, guessed)
        require(Requirement.NOTHING_TWICE, wrong)

    def test_faults_of_the_check_before_a_create_create_nothing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """Whoever cannot see whether the order is there does not make it."""
        skip_without_resubmission(baseline, plugin_under_test)
        if not baseline.targets_before_create:
            pytest.skip(f"{plugin_under_test.slug} does not look before it creates")
        wrong = []
        for fault in (one for one in FAULTS if one not in FAULTS_THAT_KEEP_STATUS):
            with fault_maker(fault) as harness:
                _settle(harness)
                for aim in baseline.targets_before_create:
                    aim.inject(harness.service, fault, times=EVERY_TIME)
                made = harness.resubmit()
                there = _created(harness.service)
                if there or not made.is_open:
                    wrong.append(f"{fault.value}: it is {made.state.value} ({made.message}), and there are {there}")
                harness.service.faults.clear()
                made = _follow_resubmission(harness, made)
                there = _created(harness.service)
                if made.state is not State.DONE or len(there) != 1:
                    wrong.append(f"{fault.value}: it ended {made.state.value} ({made.message}), and there are {there}")
        require(Requirement.NOTHING_TWICE, wrong)

    def test_faults_of_the_token_endpoint_send_nothing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """Without a token no call is made, the case waits, and is asked when a token is had."""
        if baseline.token_path is None:
            pytest.skip(f"{plugin_under_test.slug} fetches no token")
        witnesses: list[CallRecorder] = []

        def watched(simulator: Simulator) -> CallRecorder:
            witnesses.append(CallRecorder(simulator, plugin_under_test.number))
            return witnesses[-1]

        guessed, wrong = [], []
        for fault in FAULTS:
            with fault_maker(fault, watched) as harness:
                FaultTarget("POST", baseline.token_path).inject(harness.service, fault, times=EVERY_TIME)
                case = harness.cancel()
                calls = [heard.path for heard in witnesses[-1].calls if heard.path != baseline.token_path]
                if (case.state, case.evidence) != (State.PENDING, None) or calls:
                    guessed.append(f"{fault.value}: it is {case.state.value} by {case.evidence}, and called {calls}")
                harness.service.faults.clear()
                harness.follow_up()
                wrong += [
                    f"{fault.value}: {said}"
                    for said in _failures(harness, plugin_under_test, plugin_under_test.expected_state(baseline.route))
                ]
        require(Requirement.NOT_GUESSED, guessed)
        require(Requirement.NOTHING_TWICE, wrong)

    def test_an_expired_token_is_renewed_and_the_cancel_accepted_once(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, fault_maker: FaultMaker
    ) -> None:
        """A token that expired proves that nothing was done: a new one is fetched and the cancel sent once more."""
        if baseline.token_path is None:
            pytest.skip(f"{plugin_under_test.slug} fetches no token")
        with fault_maker(Fault.EXPIRED_TOKEN) as harness:
            require_cancel_target(baseline, plugin_under_test).inject(harness.service, Fault.EXPIRED_TOKEN)
            asked = harness.cancel().state
            late = [f"it is {asked.value} at first, and {baseline.state_after_request.value} with a token that is good"]
            harness.follow_up()
            wrong = [
                *late * (asked is not baseline.state_after_request),
                *_failures(harness, plugin_under_test, plugin_under_test.expected_state(baseline.route)),
            ]
            require(Requirement.NOTHING_TWICE, wrong)


def _guess_failures(harness: ConformanceHarness, case: CancelCase, baseline: BaselineRun) -> Iterator[str]:
    """What is said of the case while nobody can know, and is not true."""
    acted = _acted(harness)
    final = baseline.route is not None and isinstance(baseline.route.confirm, FinalResponse)
    told = case.state is State.CANCELED and final and harness.is_canceled  # A status may be all that a plugin reads.
    if not told and (case.state in (State.CANCELED, State.PARTIALLY_CANCELED) or case.evidence is not None):
        yield f"it is {case.state.value} by {case.evidence}"
    if case.state is State.ACKNOWLEDGED and not acted:
        yield "it is asked, and the service acknowledged it of nothing"
    if case.state is State.PENDING and acted:
        yield "it is said that nothing was done, and the service took the cancel"
    if case.is_open and case.due_at is None:
        yield f"it is {case.state.value} and never due again"


def _acted(harness: ConformanceHarness) -> bool:
    return any(record.effect_kind is Effect.CANCEL_ACCEPTED for record in harness.service.log)


def _expected_state(plugin: PluginUnderTest, baseline: BaselineRun, fault: Fault) -> State:
    """How a case must end whose cancel met the fault."""
    found = plugin.can_poll(baseline.route) and (fault.takes_effect or baseline.idempotent)
    return plugin.expected_state(baseline.route) if found else State.ACTION_REQUIRED


def _failures(harness: ConformanceHarness, plugin: PluginUnderTest, expected: State) -> list[str]:
    if harness.case.state is State.CANCELED and harness.is_canceled:
        expected = State.CANCELED  # It was found out, with proof, where a person would have done.
    return find_failures(harness.desk, harness.service, plugin, reported_ids=(), expected=expected, resubmitted=False)


def _settle(harness: ConformanceHarness) -> None:
    harness.cancel()
    harness.follow_up()


def _created(simulator: Simulator) -> list[str | None]:
    return [record.remote_id for record in simulator.log if record.effect_kind is Effect.ORDER_CREATED]


def _follow_resubmission(harness: ConformanceHarness, made: ResubmitCase) -> ResubmitCase:
    """The resubmission after whatever is due was done, until a person has it."""
    for _ in range(_MAX_ATTEMPTS):
        if made.due_at is None or made.state is State.ACTION_REQUIRED:
            break
        harness.wait_for(made.due_at)
        harness.desk.run_due()
        made = harness.desk.ledger.case(made.id, ResubmitCase)
    return made
