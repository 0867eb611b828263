"""The kill points of every plugin: its process dies at each boundary, and what is left is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import Aim, Rehearsal
from orderdesk_devkit.testing.conformance.requirement import Law, NotConformant, demand
from orderdesk_devkit.testing.failpoints.fork_server import Nursery
from orderdesk_devkit.testing.failpoints.runner import KILLED, Scenario, Step, kill_everywhere
from orderdesk_devkit.testing.plugin_under_test import Subject
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.integration import NoResubmit
from orderdesk_sdk.plugin.routes import Button, ByCheck

__all__ = ["KillPoints"]

Kill = Callable[[Scenario], None]

_AROUND_A_CALL = ("before the request leaves", "after the request left", "after the reply was read")
_AROUND_A_WRITE = ("before SqliteLedger.write", "after SqliteLedger.write")


class KillPoints(Standard):
    """SIGKILL at every boundary of a cancel, its follow-up, a lost reply and a resubmission."""

    @pytest.fixture
    def kill(
        self,
        subject: Subject,
        rehearsal: Rehearsal,
        tmp_path: Path,
        kill_nursery: Nursery,
        count: Count,
        record_property: Callable[[str, object], None],
    ) -> Kill:
        """Plays a scenario again and again, killed at another boundary each time, and demands that all is well."""
        if subject.plugin is not None:
            pytest.skip(f"{subject.slug} is registered in code, where no other process finds it")

        def everywhere(scenario: Scenario) -> None:
            report = kill_everywhere(subject, scenario, tmp_path, nursery=kill_nursery)
            record_property(KILLED, str(report))
            count("kill points", len(report.points))
            demand(Law.SURVIVES, (f"killed at {at}: {'; '.join(what)}" for at, what in report.complaints.items()))
            calls = _AROUND_A_CALL if isinstance(rehearsal.route, Button) else ()
            moments = (*_AROUND_A_WRITE, *calls)
            unseen = [one for one in moments if not any(point.startswith(one) for point in report.points)]
            demand(Law.SURVIVES, (f"no process died {one}, so this judged nothing" for one in unseen))

        return everywhere

    def test_a_cancel_survives_every_death(self, rehearsal: Rehearsal, subject: Subject, kill: Kill) -> None:
        """Killed while the cancel is asked for, it ends as the declaration says."""
        end = subject.end(rehearsal.route)
        kill(Scenario("a cancel that is honored", during=(Step.CANCEL,), expected=end))

    def test_reading_back_survives_every_death(self, rehearsal: Rehearsal, subject: Subject, kill: Kill) -> None:
        """Killed while the truth is read back, it ends as the declaration says."""
        needs_a_cancel(rehearsal, subject)
        if not isinstance(rehearsal.route, Button) or not isinstance(rehearsal.route.confirm, ByCheck):
            pytest.skip(f"what becomes of a cancel that {subject.slug} was asked for is not declared to be read back")
        kill(Scenario("reading back", before=(Step.CANCEL,), during=(Step.FOLLOW_UP,)))

    def test_a_cancel_whose_reply_is_lost_survives_every_death(
        self, rehearsal: Rehearsal, subject: Subject, kill: Kill
    ) -> None:
        """Killed while a lost reply is made up for, it is found out and done once."""
        aim = needs_a_cancel(rehearsal, subject)
        if not subject.unresolved and not subject.reads_back(rehearsal.route):
            pytest.skip(f"{subject.slug} declares nothing by which a lost reply could be made up for")
        end = State.AWAITING_PERSON if subject.unresolved else State.CANCELED
        kill(
            Scenario(
                "a cancel whose reply is lost",
                disturb=lambda simulator: aim.fault(simulator, Fault.LOST_REPLY),
                during=(Step.CANCEL, Step.NEXT, Step.NEXT),
                expected=end,
            )
        )

    def test_a_resubmission_survives_every_death(self, rehearsal: Rehearsal, subject: Subject, kill: Kill) -> None:
        """Killed while the order goes out again, it is there exactly once more."""
        needs_resubmission(rehearsal, subject)
        settled = (Step.CANCEL, Step.FOLLOW_UP)
        kill(Scenario("a resubmission", before=settled, during=(Step.RESUBMIT, Step.FOLLOW_UP)))


def needs_resubmission(rehearsal: Rehearsal, subject: Subject) -> None:
    """Skip, with the reason, where nothing can be submitted again; fail where that is declared and does not work."""
    rule = subject.integration.resubmit
    if isinstance(rule, NoResubmit):
        pytest.skip(f"{subject.slug} declares no resubmission: {rule.why}")
    needs_calls(rehearsal, subject)
    if rehearsal.creates is None:
        demand(
            Law.INSTALLED, [f"a resubmission of a case that ended {rehearsal.end.value} left no record ORDER_CREATED"]
        )


def needs_a_cancel(rehearsal: Rehearsal, subject: Subject) -> Aim:
    """The request that cancels. Skips where none is made, and fails where the simulator does not tell which it was."""
    needs_calls(rehearsal, subject)
    aim = rehearsal.cancels
    if aim is None:
        calls = [f"{heard.method} {heard.path} {heard.status}" for heard in (*rehearsal.tokens, *rehearsal.cancel)]
        called = f"it was called {', '.join(calls)}" if calls else "it was not called"
        raise NotConformant(Law.INSTALLED, [f"a cancel left no record CANCEL_TAKEN in the simulator's log; {called}"])
    return aim
