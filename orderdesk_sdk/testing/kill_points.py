"""Kill points: an order is canceled over and over, and each time the process is killed at the next boundary.

    mcf = Service(slug="amazon-mcf", order=sample_order(), canceled=["Cancelled"], cancels=..., creates=...)
    report = kill_everywhere(mcf, Scenario("cancel"), tmp_path)
    record_property(KILLED, str(report))  # a line in the summary of the test run
    assert report.complaints == {}

After each death the desk is opened again on what is left, follows up everything, and is judged by the simulator's own
truth: no case lost, nothing sent twice unawares, nothing called canceled that is not. Any integration will do that is
installed together with its simulator (entry-point group `orderdesk.simulators`), which must know `add_order`.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import field, frozen

from orderdesk_sdk.case import State
from orderdesk_sdk.casebook import LEASE
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.order import Order
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.testing.kill_child import DIED, TOLD, Errand, Step, control, follow_up, open_desk, take
from orderdesk_sdk.testing.kill_judge import Service, complaints
from orderdesk_sdk.testing.plugin import KILLED
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.simulator import Simulator, simulators

__all__ = ["KILLED", "KillReport", "Scenario", "Service", "Step", "kill_everywhere", "sample_order"]

PATIENCE = 60.0
"""Real seconds after which a child that neither died nor ended is given up."""


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

    scenario: str
    points: tuple[str, ...]
    complaints: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.scenario}: killed at {len(self.points)} points, complaints after {len(self.complaints)}"


def sample_order() -> Order:
    """The first of the invented orders."""
    return read_order_text(SAMPLE_ORDERS, place="sample orders")[0]


def kill_everywhere(service: Service, scenario: Scenario, folder: Path, *, at_once: int = 2) -> KillReport:
    """Kill a process at every boundary it crosses, one boundary each time, and judge what is left.

    folder: for the ledgers; empty. at_once: how many children run at a time.
    Raises OrderDeskError for a child that does not do what it is told: that judges nothing.
    """
    alive = _Life(service, scenario, folder, 0)
    problems = {"0": alive.judged()}
    points = alive.crossed
    lives = [_Life(service, scenario, folder, number) for number in range(1, len(points) + 1)]
    with ThreadPoolExecutor(at_once) as pool:
        for life, judged in zip(lives, pool.map(_Life.judged, lives), strict=True):
            problems[f"{life.kill_at}: {life.died_at}"] = judged
    return KillReport(scenario.name, points, {name: found for name, found in problems.items() if found})


class _Life:
    """One run of a scenario: the child's death, what came after, and the judgement."""

    def __init__(self, service: Service, scenario: Scenario, folder: Path, kill_at: int) -> None:
        self._service = service
        self._scenario = scenario
        self._ledger = folder / f"{kill_at:03}.db"
        self.kill_at = kill_at
        self.died_at = ""
        self.crossed: tuple[str, ...] = ()

    def judged(self) -> tuple[str, ...]:
        """Live it to the end; what was wrong with it."""
        clock = VirtualClock()
        simulator: Simulator = simulators()[self._service.slug].load()(clock)
        order = self._service.order
        simulator.add_order(order.number, lines=[(line.code, line.quantity) for line in order.lines])
        with serve(simulator.app) as served:
            settings = simulator.settings(served.url)
            self._prepare(settings, clock)
            self._scenario.disturb(simulator)
            told = self._run_child(settings, served.url, clock)
            # What the dead child had sent is in the server's socket before this call is, so it is done when this is.
            control(served.url, "log")
            with open_desk(self._ledger, self._service.slug, settings, clock) as desk:
                problems = self._go_on(desk, clock)
                problems += complaints(
                    desk,
                    simulator,
                    self._service,
                    told=told,
                    expected=self._scenario.expected,
                    resubmitted=self._scenario.resubmits,
                )
        return tuple(problems)

    def _prepare(self, settings: Mapping[str, object], clock: VirtualClock) -> None:
        order = self._service.order
        with LocalHost(self._ledger, clock=clock) as host:
            host.import_orders([order], by="kill points")
        with open_desk(self._ledger, self._service.slug, settings, clock) as desk:
            desk.place(order.number, at=self._service.slug, by="kill points")
            for step in self._scenario.before:
                take(step, desk, order.number, clock)

    def _run_child(self, settings: Mapping[str, object], url: str, clock: VirtualClock) -> tuple[str, ...]:
        errand = Errand(
            str(self._ledger),
            self._service.slug,
            settings,
            url,
            clock.now(),
            self._service.order.number,
            self._scenario.during,
            self.kill_at,
        )
        ran = subprocess.run(
            [sys.executable, "-m", "orderdesk_sdk.testing.kill_child"],
            input=errand.dump(),
            capture_output=True,
            check=False,
            text=True,
            timeout=PATIENCE,
        )
        said = [line.partition(" ")[::2] if line.startswith(TOLD) else ("", line) for line in ran.stdout.splitlines()]
        wanted = -signal.SIGKILL if self.kill_at else 0
        last = said[-1][1] if said else ""
        if ran.returncode != wanted or not last.startswith(DIED if self.kill_at else "crossed "):
            raise OrderDeskError(
                f"the child ended with {ran.returncode}, not {wanted}: {ran.stdout}{ran.stderr}",
                place=f"{self._scenario.name}, kill point {self.kill_at}",
            )
        if self.kill_at:
            self.died_at = last.removeprefix(DIED).strip()
        else:
            self.crossed = tuple(json.loads(last.removeprefix("crossed ")))
        return tuple(told for what, told in said if what == TOLD)

    def _go_on(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """What an app does after a crash: it starts again at once, goes on, and asks for what is not in the ledger."""
        try:
            desk.run_due()
            clock.advance(LEASE + seconds(1))
            for step in self._scenario.during:
                follow_up(desk, clock)
                if not self._is_known(desk, step):
                    take(step, desk, self._service.order.number, clock)
            follow_up(desk, clock)
            return self._ask_again(desk, clock)
        except OrderDeskError as error:
            return [f"the desk could not go on: {error}"]

    def _is_known(self, desk: Desk, step: Step) -> bool:
        match step:
            case Step.CANCEL:
                return bool(desk.cases(order=self._service.order.number))
            case Step.NEXT | Step.FOLLOW_UP:
                return False
            case Step.RESUBMIT:
                return bool(desk.ledger.resubmissions(original_id=self._service.order.id))

    def _ask_again(self, desk: Desk, clock: VirtualClock) -> list[str]:
        """Somebody who does not trust it asks for everything once more; where it was done, nothing may come of it."""
        if self._scenario.expected is not State.CANCELED:
            return []
        order = self._service.order.number
        before = [case.id for case in desk.cases(order=order)]
        wished = take(Step.CANCEL, desk, order, clock)
        again = [] if list(wished) == before else [f"asked again, the desk opened {wished} beside {before}"]
        if self._scenario.resubmits:
            take(Step.RESUBMIT, desk, order, clock)
        follow_up(desk, clock)
        return again
