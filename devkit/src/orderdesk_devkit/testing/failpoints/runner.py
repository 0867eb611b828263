"""Failpoints: an order is canceled over and over, and each time the process is killed at the next boundary.

    report = kill_at_every_failpoint(Subject(slug="amazon-mcf"), FailpointScenario("cancel"), tmp_path)
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
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path

from attrs import evolve, field, frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.failpoints.checker import find_failures
from orderdesk_devkit.testing.failpoints.child import (
    CROSSED,
    DIED,
    REPORTED,
    ChildStep,
    ChildTask,
    control,
    follow_up,
    open_desk,
    run_step,
)
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.report_keys import FAILPOINTS
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

__all__ = ["FAILPOINTS", "FailpointReport", "FailpointScenario", "ChildStep", "kill_at_every_failpoint"]


def _no_faults(simulator: Simulator) -> None:  # noqa: ARG001 - the shape of `FailpointScenario.inject_faults`
    return


@frozen
class FailpointScenario:
    """What happens to the order.

    Args:
        setup_steps: steps taken in peace.
        inject_faults: called with the simulator after them, for faults and switches.
        steps: the steps of the process that is killed.
        expected: how the case must end, every time.
    """

    name: str
    setup_steps: tuple[ChildStep, ...] = field(default=(), kw_only=True)
    inject_faults: Callable[[Simulator], None] = field(default=_no_faults, kw_only=True)
    steps: tuple[ChildStep, ...] = field(default=(ChildStep.CANCEL, ChildStep.FOLLOW_UP), kw_only=True)
    expected: State = field(default=State.CANCELED, kw_only=True)

    @property
    def resubmits(self) -> bool:
        """Whether the order goes out again."""
        return ChildStep.RESUBMIT in (*self.setup_steps, *self.steps)


@frozen
class FailpointReport:
    """What came of it.

    Args:
        failpoints: the boundaries in their order, each of which was a death.
        failures: what was wrong after which death; "0" stands for the run that nobody killed. Empty when all is well.
    """

    slug: str
    scenario: str
    failpoints: tuple[str, ...]
    failures: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        killed = f"killed at {len(self.failpoints)} points, complaints after {len(self.failures)}"
        return f"{self.slug}: {self.scenario}: {killed}"


def kill_at_every_failpoint(
    plugin: PluginUnderTest, scenario: FailpointScenario, folder: Path, *, fork_server: ForkServer | None = None
) -> FailpointReport:
    """Kill a process at every boundary it crosses, one boundary each time, and judge what is left.

    Args:
        folder: for the ledgers; empty.
        fork_server: of the children, as many at a time as it raises; None opens one.

    Raises OrderDeskError for a child that does not do what it is told: that judges nothing.
    """
    plugin = evolve(plugin, reason=plugin.default_reason)  # Found once, for all the lives.
    with nullcontext(fork_server) if fork_server is not None else ForkServer() as raised:
        alive = _ScenarioRun(plugin, scenario, folder, 0, raised)
        problems = {"0": alive.run()}
        points = alive.crossed
        lives = [_ScenarioRun(plugin, scenario, folder, number, raised) for number in range(1, len(points) + 1)]
        with ThreadPoolExecutor(raised.at_once) as pool:
            for life, judged in zip(lives, pool.map(_ScenarioRun.run, lives), strict=True):
                problems[f"{life.kill_at}: {life.killed_at}"] = judged
    found = {name: told for name, told in problems.items() if told}
    return FailpointReport(plugin.slug, scenario.name, points, found)


MAX_RUNS = 3
"""How often a child is run that ends before its failpoint."""


class _NotReachedError(OrderDeskError):
    """The child crossed fewer boundaries than the run in which they were counted."""


class _ScenarioRun:
    """One run of a scenario: the child's death, what came after, and the judgement."""

    def __init__(
        self, plugin: PluginUnderTest, scenario: FailpointScenario, folder: Path, kill_at: int, fork_server: ForkServer
    ) -> None:
        self._plugin = plugin
        self._scenario = scenario
        self._folder = folder
        self._ledger = folder / f"{kill_at:03}.db"
        self._fork_server = fork_server
        self.kill_at = kill_at
        self.killed_at = ""
        self.crossed: tuple[str, ...] = ()

    def run(self) -> tuple[str, ...]:
        """Run it to the end; what was wrong with it.

        On a busy machine a child may write once less than the one whose boundaries were counted, and so end before its
        failpoint: then it is run again, with a new ledger.
        """
        for attempt in range(1, MAX_RUNS):
            with suppress(_NotReachedError):
                return self._run_once()
            self._ledger = self._folder / f"{self.kill_at:03}-{attempt}.db"
        return self._run_once()

    def _run_once(self) -> tuple[str, ...]:
        clock = VirtualClock()
        simulator = self._plugin.make_simulator(clock)
        with ExitStack() as stack:
            url = stack.enter_context(serve(simulator.app)).url if simulator is not None else ""
            settings = self._plugin.connection_settings(simulator, url)
            self._prepare(settings, clock)
            if simulator is not None:
                self._scenario.inject_faults(simulator)
            told = self._run_child(settings, url, clock)
            if url:  # What the dead child had sent is in the server's socket before this call is.
                control(url, "log")
            with open_desk(self._ledger, self._plugin.slug, settings, clock) as desk:
                problems = self._recover(desk, clock)
                problems += find_failures(
                    desk,
                    simulator,
                    self._plugin,
                    reported_ids=told,
                    expected=self._scenario.expected,
                    resubmitted=self._scenario.resubmits,
                )
        return tuple(problems)

    def _prepare(self, settings: Mapping[str, object], clock: VirtualClock) -> None:
        order = self._plugin.order
        with SqliteOrderStore(self._ledger, clock=clock) as host:
            host.import_orders([order], by="failpoints")
        with open_desk(self._ledger, self._plugin.slug, settings, clock) as desk:
            desk.orders.register(
                order.number, connection=self._plugin.slug, by="failpoints", remote_id=self._plugin.number
            )
            clock.advance(self._plugin.wait)
            for step in self._scenario.setup_steps:
                self._run_step(step, desk, clock)

    def _run_step(self, step: ChildStep, desk: Desk, clock: VirtualClock) -> tuple[str, ...]:
        return run_step(step, desk, self._plugin.order.number, self._plugin.default_reason, clock)

    def _run_child(self, settings: Mapping[str, object], url: str, clock: VirtualClock) -> tuple[str, ...]:
        case = ChildTask(
            str(self._ledger),
            self._plugin.slug,
            settings,
            url,
            clock.now(),
            self._plugin.order.number,
            self._plugin.default_reason,
            self._scenario.steps,
            self.kill_at,
        )
        ended = self._fork_server.run(case)
        wanted = -signal.SIGKILL if self.kill_at else 0
        last = ended.output[-1] if ended.output else ""
        if ended.code == 0 and last.startswith(CROSSED) and len(json.loads(last.removeprefix(CROSSED))) < self.kill_at:
            raise _NotReachedError(
                "the child ended before its failpoint",
                location=f"{self._scenario.name}, failpoint {self.kill_at}",
            )
        if ended.code != wanted or not last.startswith(DIED if self.kill_at else CROSSED):
            raise OrderDeskError(
                "\n".join([f"the child ended with {ended.code}, not {wanted}:", *ended.output]),
                location=f"{self._scenario.name}, failpoint {self.kill_at}",
            )
        if self.kill_at:
            self.killed_at = last.removeprefix(DIED).strip()
        else:
            self.crossed = tuple(json.loads(last.removeprefix(CROSSED)))
        return tuple(line.removeprefix(REPORTED).strip() for line in ended.output if line.startswith(REPORTED))

    def _recover(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """What an app does after a crash: it starts again at once, goes on, and asks for what is not in the ledger."""
        try:
            desk.run_due()
            if ChildStep.CANCEL in self._scenario.steps and not self._is_in_ledger(desk, ChildStep.CANCEL):
                self._run_step(ChildStep.CANCEL, desk, clock)  # Nobody who wants it stopped waits for a lease to end.
            clock.advance(LEASE + seconds(1))
            for step in self._scenario.steps:
                follow_up(desk, clock)
                if not self._is_in_ledger(desk, step):
                    self._run_step(step, desk, clock)
            follow_up(desk, clock)
            return self._repeat_requests(desk, clock)
        except OrderDeskError as error:
            return [f"the desk could not go on: {error}"]

    def _is_in_ledger(self, desk: Desk, step: ChildStep) -> bool:
        match step:
            case ChildStep.CANCEL:
                return bool(desk.cases.list(order=self._plugin.order.number))
            case ChildStep.NEXT | ChildStep.FOLLOW_UP:
                return False
            case ChildStep.RESUBMIT:
                return bool(desk.ledger.cases(ResubmitCase, order_id=self._plugin.order.id))

    def _repeat_requests(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """Somebody who does not trust it asks for everything once more; where it was done, nothing may come of it."""
        if self._scenario.expected is not State.CANCELED:
            return []
        order = self._plugin.order.number
        cases = desk.cases.list(order=order)
        if any(not case.is_open and case.state is not State.CANCELED for case in cases):
            return []  # It ended without a cancel, and whoever asks again starts again.
        before = [case.id for case in cases]
        wished = self._run_step(ChildStep.CANCEL, desk, clock)
        again = [] if list(wished) == before else [f"asked again, the desk opened {wished} beside {before}"]
        if self._scenario.resubmits:
            self._run_step(ChildStep.RESUBMIT, desk, clock)
        follow_up(desk, clock)
        return again
