"""Law 7: whatever the service does, and for as long as it does it, everything ends or waits for a named person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import Rehearsal
from orderdesk_devkit.testing.conformance.failpoints import needs_a_cancel, needs_resubmission
from orderdesk_devkit.testing.conformance.requirement import Law, demand
from orderdesk_devkit.testing.plugin_under_test import Scene, Subject
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Work
from orderdesk_sdk.cli.worker import machine_has_work
from orderdesk_sdk.clock import hours
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.transport.http.client import CallLimits

__all__ = ["Ends"]

LIMITS = CallLimits(read=0.5, total=1.0, reply=200_000, tries=2)
"""What is never answered is given up soon: here it counts how often, not how long."""
_BIG = 300_000
_EVER = 1_000_000
_SLOW = {Fault.DELAY: 2.0, Fault.SLOW_DRIP: 1.0}
"""Those that take real time, and for how long each; so they come only so often."""
_TIMES_SLOW = 2
_EXACT = 8
"""Rounds in which nothing is passed over; afterwards whoever works looks every three hours, as a cron job might."""
_PAUSE = hours(3)
_MOST_ROUNDS = 400
_AWAITING = (State.AWAITING_PERSON, ErrandState.AWAITING_PERSON)

Unending = Callable[[Fault], AbstractContextManager[Scene]]


class Ends(Standard):
    """Every fault of the kit, from one moment on and for good, on whatever is called."""

    @pytest.fixture
    def unending(self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path, count: Count) -> Unending:
        """Opens a stage for one fault."""
        needs_calls(rehearsal, subject)

        @contextmanager
        def stage(_: Fault) -> Iterator[Scene]:
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            with subject.on_stage(folder, limits=LIMITS) as scene:
                yield scene
            count("faults without end", 1)

        return stage

    def test_a_cancel_ends_whatever_the_service_does_from_the_beginning(
        self, subject: Subject, rehearsal: Rehearsal, unending: Unending
    ) -> None:
        """It is settled or a person has it, in days at most, and their reminders keep nobody busy."""
        needs_calls(rehearsal, subject)
        found = []
        for fault in Fault:
            with unending(fault) as stage:
                _begin(stage, fault)
                stage.desk.cancel(stage.order, by="a test", reason=stage.reason)
                found += [f"{fault.value}: {said}" for said in _unended(stage)]
        demand(Law.ENDS, found)

    def test_a_cancel_ends_whatever_the_service_does_once_it_was_asked(
        self, subject: Subject, rehearsal: Rehearsal, unending: Unending
    ) -> None:
        """The service took the cancel, and nothing that it says afterwards can be understood."""
        needs_a_cancel(rehearsal, subject)
        if rehearsal.asked in (State.CANCELED, State.AWAITING_PERSON):
            pytest.skip(f"{subject.slug} is {rehearsal.asked.value} at once: nothing is read back")
        found = []
        for fault in Fault:
            with unending(fault) as stage:
                stage.cancel()
                _begin(stage, fault)
                found += [f"{fault.value}: {said}" for said in _unended(stage)]
        demand(Law.ENDS, found)

    def test_a_resubmission_ends_whatever_the_service_does(
        self, subject: Subject, rehearsal: Rehearsal, unending: Unending
    ) -> None:
        """It is settled or a person has it, and so few creates have left as may be sent."""
        needs_resubmission(rehearsal, subject)
        found = []
        for fault in Fault:
            with unending(fault) as stage:
                stage.cancel()
                case = stage.follow()
                if case.state is not State.CANCELED:
                    stage.desk.confirm(case.id, by="a test")
                _begin(stage, fault)
                stage.resubmit()
                found += [f"{fault.value}: {said}" for said in _unended(stage)]
        demand(Law.ENDS, found)

    def test_a_status_change_ends_whatever_the_service_does(
        self, subject: Subject, rehearsal: Rehearsal, unending: Unending
    ) -> None:
        """It is settled or a person has it."""
        needs_calls(rehearsal, subject)
        statuses = subject.integration.statuses
        if subject.integration.role is not Role.CART or not statuses:
            pytest.skip(f"{subject.slug} sets no status")
        found = []
        for fault in Fault:
            with unending(fault) as stage:
                _begin(stage, fault)
                stage.desk.change_status(stage.order, statuses[0].name, by="a test")
                found += [f"{fault.value}: {said}" for said in _unended(stage)]
        demand(Law.ENDS, found)


def _begin(stage: Scene, fault: Fault) -> None:
    slow = _SLOW.get(fault)
    stage.service.faults.add(
        fault,
        times=_EVER if slow is None else _TIMES_SLOW,
        size=_BIG if fault is Fault.OVERSIZED else None,
        seconds=slow,
    )


def _unended(stage: Scene) -> Iterator[str]:
    """What is wrong once nothing more happens, or after so many rounds as anybody would wait for."""
    yield from _work(stage)
    stage.wait_for(stage.clock.now() + hours(5))
    yield from stage.desk.run_due().problems
    yield from _work(stage)
    for work in _open(stage):
        if work.state not in _AWAITING:
            yield f"{_name(work)} is {work.state.value}, and no person has it"
        if work.due_at is None:
            yield f"{_name(work)} is {work.state.value} and never due again"
        if work.state in _AWAITING and not work.text:
            yield f"{_name(work)} awaits a person, who is not told what to do"


def _work(stage: Scene) -> Iterator[str]:
    """What `orderdesk work --until-idle` does; a complaint where it would not return."""
    for number in range(_MOST_ROUNDS):
        if not machine_has_work(stage.desk):
            return
        due = stage.desk.ledger.next_due()
        if due is None:
            yield "something is open, and nothing is due"
            return
        now = stage.clock.now()
        stage.wait_for(due if number < _EXACT else max(due, now + _PAUSE))
        yield from stage.desk.run_due().problems
    left = ", ".join(f"{_name(work)} is {work.state.value} ({work.text})" for work in _open(stage))
    yield f"there is still something to do after {_MOST_ROUNDS} rounds: {left}"


def _open(stage: Scene) -> list[Work]:
    return [*(case for case in stage.desk.cases() if case.is_open), *stage.desk.errands(open_only=True)]


def _name(work: Work) -> str:
    return f"{'the case' if isinstance(work, Case) else 'the errand'} of {work.remote_id}"
