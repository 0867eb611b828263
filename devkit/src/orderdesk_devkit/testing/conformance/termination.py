"""Law 7: whatever the service does, and for as long as it does it, everything ends or waits for a named person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.failpoints import require_cancel_target, skip_without_resubmission
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cli.worker import has_automatic_work
from orderdesk_sdk.clock import hours
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["TerminationTests"]

LIMITS = HttpLimits(read_timeout=0.5, timeout=1.0, max_response_bytes=200_000, max_attempts=2)
"""What is never answered is given up soon: here it counts how often, not how long."""
_OVERSIZED_BYTES = 300_000
_ENDLESS = 1_000_000
_SLOW = {Fault.DELAY: 2.0, Fault.SLOW_DRIP: 1.0}
"""Those that take real time, and for how long each; so they come only so often."""
_TIMES_SLOW = 2
_EXACT = 8
"""Rounds in which nothing is passed over; afterwards whoever works looks every three hours, as a cron job might."""
_PAUSE = hours(3)
_MAX_ROUNDS = 400
_ACTION_REQUIRED = (State.ACTION_REQUIRED, State.ACTION_REQUIRED)

EndlessFault = Callable[[Fault], AbstractContextManager[ConformanceHarness]]


class TerminationTests(StandardTests):
    """Every fault of the kit, from one moment on and for good, on whatever is called."""

    @pytest.fixture
    def endless_fault(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> EndlessFault:
        """Opens a harness for one fault."""
        skip_without_calls(baseline, plugin_under_test)

        @contextmanager
        def open_harness(_: Fault) -> Iterator[ConformanceHarness]:
            with plugin_under_test.open_harness(new_folder(tmp_path), limits=LIMITS) as harness:
                yield harness
            count("faults without end", 1)

        return open_harness

    def test_a_cancel_ends_whatever_the_service_does_from_the_beginning(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, endless_fault: EndlessFault
    ) -> None:
        """It is settled or a person has it, in days at most, and their reminders keep nobody busy."""
        skip_without_calls(baseline, plugin_under_test)

        def play(harness: ConformanceHarness, fault: Fault) -> None:
            _begin(harness, fault)
            harness.desk.cancel(harness.order, by="a test", reason=harness.reason)

        _require_end(endless_fault, play)

    def test_a_cancel_ends_whatever_the_service_does_after_the_request(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, endless_fault: EndlessFault
    ) -> None:
        """The service took the cancel, and nothing that it says afterwards can be understood."""
        require_cancel_target(baseline, plugin_under_test)
        if baseline.state_after_request in (State.CANCELED, State.ACTION_REQUIRED):
            pytest.skip(f"{plugin_under_test.slug} is {baseline.state_after_request.value} at once: nothing is polled")

        def play(harness: ConformanceHarness, fault: Fault) -> None:
            harness.cancel()
            _begin(harness, fault)

        _require_end(endless_fault, play)

    def test_a_resubmission_ends_whatever_the_service_does(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, endless_fault: EndlessFault
    ) -> None:
        """It is settled or a person has it, and so few creates have left as may be sent."""
        skip_without_resubmission(baseline, plugin_under_test)

        def play(harness: ConformanceHarness, fault: Fault) -> None:
            harness.cancel()
            case = harness.follow_up()
            if case.state is not State.CANCELED:
                harness.desk.cases.confirm(case.id, by="a test")
            _begin(harness, fault)
            harness.resubmit()

        _require_end(endless_fault, play)

    def test_a_status_change_ends_whatever_the_service_does(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, endless_fault: EndlessFault
    ) -> None:
        """It is settled or a person has it."""
        skip_without_calls(baseline, plugin_under_test)
        statuses = plugin_under_test.integration.statuses
        if plugin_under_test.integration.role is not ConnectionRole.CART or not statuses:
            pytest.skip(f"{plugin_under_test.slug} sets no status")

        def play(harness: ConformanceHarness, fault: Fault) -> None:
            _begin(harness, fault)
            harness.desk.status_changes.create(harness.order, statuses[0].name, by="a test")

        _require_end(endless_fault, play)


def _require_end(endless_fault: EndlessFault, play: Callable[[ConformanceHarness, Fault], None]) -> None:
    """Everything ends after the play, whichever fault it begins in the midst of it."""
    found = []
    for fault in Fault:
        with endless_fault(fault) as harness:
            play(harness, fault)
            found += [f"{fault.value}: {said}" for said in _endless_failures(harness)]
    require(Requirement.TERMINATES, found)


def _begin(harness: ConformanceHarness, fault: Fault) -> None:
    slow = _SLOW.get(fault)
    harness.service.faults.add(
        fault,
        times=_ENDLESS if slow is None else _TIMES_SLOW,
        size=_OVERSIZED_BYTES if fault is Fault.OVERSIZED else None,
        seconds=slow,
    )


def _endless_failures(harness: ConformanceHarness) -> Iterator[str]:
    """What is wrong once nothing more happens, or after so many rounds as anybody would wait for."""
    yield from _process_until_idle(harness)
    harness.wait_for(harness.clock.now() + hours(5))
    yield from harness.desk.run_due().problems
    yield from _process_until_idle(harness)
    for work in _open(harness):
        if work.state not in _ACTION_REQUIRED:
            yield f"{_name(work)} is {work.state.value}, and no person has it"
        if work.due_at is None:
            yield f"{_name(work)} is {work.state.value} and never due again"
        if work.state in _ACTION_REQUIRED and not work.message:
            yield f"{_name(work)} awaits a person, who is not told what to do"


def _process_until_idle(harness: ConformanceHarness) -> Iterator[str]:
    """What `orderdesk work --until-idle` does; a complaint where it would not return."""
    for number in range(_MAX_ROUNDS):
        if not has_automatic_work(harness.desk):
            return
        due = harness.desk.ledger.next_due()
        if due is None:
            yield "something is open, and nothing is due"
            return
        now = harness.clock.now()
        harness.wait_for(due if number < _EXACT else max(due, now + _PAUSE))
        yield from harness.desk.run_due().problems
    left = ", ".join(f"{_name(work)} is {work.state.value} ({work.message})" for work in _open(harness))
    yield f"there is still something to do after {_MAX_ROUNDS} rounds: {left}"


def _open(harness: ConformanceHarness) -> list[Case]:
    return [
        *(case for case in harness.desk.cases.list() if case.is_open),
        *harness.desk.cases.list_others(open_only=True),
    ]


def _name(case: Case) -> str:
    return f"the case of {case.remote_id}"
