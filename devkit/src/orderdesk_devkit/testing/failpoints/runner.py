"""Kill points: an order is canceled over and over, and each time the process is killed at the next boundary.

    report = kill_everywhere(Subject(slug="amazon-mcf"), Scenario("cancel"), tmp_path)
    record_property(KILLED, str(report))  # a line in the summary of the test run
    assert report.complaints == {}

After each death the desk is opened again on what is left, follows up everything, and is judged by the simulator's own
truth: no case lost, nothing sent twice unawares, nothing called canceled that is not. Any integration will do that is
installed; its simulator (entry-point group `orderdesk.simulators`) must know `add_order`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path

from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.failpoints.checker import complaints
from orderdesk_devkit.testing.failpoints.child import (
    CROSSED,
    DIED,
    TOLD,
    Errand,
    Step,
    control,
    follow_up,
    open_desk,
    take,
)
from orderdesk_devkit.testing.failpoints.fork_server import Nursery
from orderdesk_devkit.testing.plugin_under_test import Subject
from orderdesk_devkit.testing.report_keys import KILLED
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import LocalHost

__all__ = ["KILLED", "KillReport", "Scenario", "Step", "kill_everywhere"]


def _undisturbed(simulator: Simulator) -> None:  # noqa: ARG001 - the shape of `Scenario.disturb`
    return


@frozen
class Scenario:
    """What happens to the order.

    before: steps taken in peace. disturb: called with the simulator after them, for faults and switches. during: the
    steps of the process that is killed. expected: how the case must end, every time.
    """

    name: str
    before: tuple[Step, ...] = field(default=(), kw_only=True)
    disturb: Callable[[Simulator], None] = field(default=_undisturbed, kw_only=True)
    during: tuple[Step, ...] = field(default=(Step.CANCEL, Step.FOLLOW_UP), kw_only=True)
    expected: State = field(default=State.CANCELED, kw_only=True)

    @property
    def resubmits(self) -> bool:
        """Whether the order goes out again."""
        return Step.RESUBMIT in (*self.before, *self.during)


@frozen
class KillReport:
    """What came of it. points: the boundaries in their order, each of which was a death.

    complaints: what was wrong after which death; "0" stands for the run that nobody killed. Empty when all is well.
    """

    slug: str
    scenario: str
    points: tuple[str, ...]
    complaints: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        killed = f"killed at {len(self.points)} points, complaints after {len(self.complaints)}"
        return f"{self.slug}: {self.scenario}: {killed}"


def kill_everywhere(
    subject: Subject, scenario: Scenario, folder: Path, *, nursery: Nursery | None = None
) -> KillReport:
    """Kill a process at every boundary it crosses, one boundary each time, and judge what is left.

    folder: for the ledgers; empty. nursery: of the children, as many at a time as it raises; None opens one.
    Raises OrderDeskError for a child that does not do what it is told: that judges nothing.
    """
    subject = evolve(subject, reason=subject.why)  # Found once, for all the lives.
    with nullcontext(nursery) if nursery is not None else Nursery() as raised:
        alive = _Life(subject, scenario, folder, 0, raised)
        problems = {"0": alive.judged()}
        points = alive.crossed
        lives = [_Life(subject, scenario, folder, number, raised) for number in range(1, len(points) + 1)]
        with ThreadPoolExecutor(raised.at_once) as pool:
            for life, judged in zip(lives, pool.map(_Life.judged, lives), strict=True):
                problems[f"{life.kill_at}: {life.died_at}"] = judged
    found = {name: told for name, told in problems.items() if told}
    return KillReport(subject.slug, scenario.name, points, found)


class _Life:
    """One run of a scenario: the child's death, what came after, and the judgement."""

    def __init__(self, subject: Subject, scenario: Scenario, folder: Path, kill_at: int, nursery: Nursery) -> None:
        self._subject = subject
        self._scenario = scenario
        self._ledger = folder / f"{kill_at:03}.db"
        self._nursery = nursery
        self.kill_at = kill_at
        self.died_at = ""
        self.crossed: tuple[str, ...] = ()

    def judged(self) -> tuple[str, ...]:
        """Live it to the end; what was wrong with it."""
        clock = VirtualClock()
        simulator = self._subject.make_simulator(clock)
        with ExitStack() as stack:
            url = stack.enter_context(serve(simulator.app)).url if simulator is not None else ""
            settings = self._subject.table(simulator, url)
            self._prepare(settings, clock)
            if simulator is not None:
                self._scenario.disturb(simulator)
            told = self._run_child(settings, url, clock)
            if url:  # What the dead child had sent is in the server's socket before this call is.
                control(url, "log")
            with open_desk(self._ledger, self._subject.slug, settings, clock) as desk:
                problems = self._go_on(desk, clock)
                problems += complaints(
                    desk,
                    simulator,
                    self._subject,
                    told=told,
                    expected=self._scenario.expected,
                    resubmitted=self._scenario.resubmits,
                )
        return tuple(problems)

    def _prepare(self, settings: Mapping[str, object], clock: VirtualClock) -> None:
        order = self._subject.order
        with LocalHost(self._ledger, clock=clock) as host:
            host.import_orders([order], by="kill points")
        with open_desk(self._ledger, self._subject.slug, settings, clock) as desk:
            desk.place(order.number, at=self._subject.slug, by="kill points", remote_id=self._subject.number)
            clock.advance(self._subject.wait)
            for step in self._scenario.before:
                self._take(step, desk, clock)

    def _take(self, step: Step, desk: Desk, clock: VirtualClock) -> tuple[str, ...]:
        return take(step, desk, self._subject.order.number, self._subject.why, clock)

    def _run_child(self, settings: Mapping[str, object], url: str, clock: VirtualClock) -> tuple[str, ...]:
        errand = Errand(
            str(self._ledger),
            self._subject.slug,
            settings,
            url,
            clock.now(),
            self._subject.order.number,
            self._subject.why,
            self._scenario.during,
            self.kill_at,
        )
        ended = self._nursery.run(errand)
        wanted = -signal.SIGKILL if self.kill_at else 0
        last = ended.said[-1] if ended.said else ""
        if ended.code != wanted or not last.startswith(DIED if self.kill_at else CROSSED):
            raise OrderDeskError(
                "\n".join([f"the child ended with {ended.code}, not {wanted}:", *ended.said]),
                place=f"{self._scenario.name}, kill point {self.kill_at}",
            )
        if self.kill_at:
            self.died_at = last.removeprefix(DIED).strip()
        else:
            self.crossed = tuple(json.loads(last.removeprefix(CROSSED)))
        return tuple(line.removeprefix(TOLD).strip() for line in ended.said if line.startswith(TOLD))

    def _go_on(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """What an app does after a crash: it starts again at once, goes on, and asks for what is not in the ledger."""
        try:
            desk.run_due()
            if Step.CANCEL in self._scenario.during and not self._is_known(desk, Step.CANCEL):
                self._take(Step.CANCEL, desk, clock)  # Nobody who wants it stopped waits for a lease to end.
            clock.advance(LEASE + seconds(1))
            for step in self._scenario.during:
                follow_up(desk, clock)
                if not self._is_known(desk, step):
                    self._take(step, desk, clock)
            follow_up(desk, clock)
            return self._ask_again(desk, clock)
        except OrderDeskError as error:
            return [f"the desk could not go on: {error}"]

    def _is_known(self, desk: Desk, step: Step) -> bool:
        match step:
            case Step.CANCEL:
                return bool(desk.cases(order=self._subject.order.number))
            case Step.NEXT | Step.FOLLOW_UP:
                return False
            case Step.RESUBMIT:
                return bool(desk.ledger.resubmissions(original_id=self._subject.order.id))

    def _ask_again(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """Somebody who does not trust it asks for everything once more; where it was done, nothing may come of it."""
        if self._scenario.expected is not State.CANCELED:
            return []
        order = self._subject.order.number
        cases = desk.cases(order=order)
        if any(not case.is_open and case.state is not State.CANCELED for case in cases):
            return []  # It ended without a cancel, and whoever asks again starts again.
        before = [case.id for case in cases]
        wished = self._take(Step.CANCEL, desk, clock)
        again = [] if list(wished) == before else [f"asked again, the desk opened {wished} beside {before}"]
        if self._scenario.resubmits:
            self._take(Step.RESUBMIT, desk, clock)
        follow_up(desk, clock)
        return again
