"""The failpoints themselves: children die where they are told, and the judge sees what is wrong with what is left.

That every plugin stands them is shown by its `PluginConformance`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.failpoints.checker import find_failures
from orderdesk_devkit.testing.failpoints.child import CROSSED, IMPORTED, ChildTask, follow_up, open_desk
from orderdesk_devkit.testing.failpoints.fork_server import Dumpable, ForkServer, ProcessExit
from orderdesk_devkit.testing.failpoints.runner import ChildStep, FailpointScenario, kill_at_every_failpoint
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

pytestmark = pytest.mark.crash

MCF = PluginUnderTest(slug="amazon-mcf")


@contextmanager
def registered(folder: Path) -> Iterator[tuple[McfSimulator, Mapping[str, str], str]]:
    """A simulator and a ledger file, each with the order; the settings of a connection, and the simulator's URL."""
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    simulator.add_order(MCF.order.number, lines=[(line.code, line.quantity) for line in MCF.order.lines])
    with serve(simulator.app) as served, SqliteOrderStore(folder / "desk.db", clock=clock) as host:
        host.import_orders([MCF.order], by="a test")
        settings = simulator.settings(served.url)
        with open_desk(folder / "desk.db", MCF.slug, settings, clock) as desk:
            desk.orders.register(MCF.order.number, connection=MCF.slug, by="a test")
        yield simulator, settings, served.url


def run_child(folder: Path, simulator: McfSimulator, settings: Mapping[str, str], url: str, kill_at: int) -> ChildTask:
    ledger, now = str(folder / "desk.db"), simulator.clock.now()
    return ChildTask(
        ledger, MCF.slug, settings, url, now, MCF.order.number, "customer asked", (ChildStep.CANCEL,), kill_at
    )


@pytest.mark.parametrize(
    ("kill_at", "code", "cancellations"), [(1, -signal.SIGKILL, 0), (2, -signal.SIGKILL, 1), (0, 0, 1)]
)
def test_a_child_is_truly_killed_where_it_is_told(
    kill_at: int, code: int, cancellations: int, tmp_path: Path, fork_server: ForkServer
) -> None:
    """Boundary 1 lies before the cancellation is in the ledger, boundary 2 after it."""
    with registered(tmp_path) as (simulator, settings, url):
        assert fork_server.run(run_child(tmp_path, simulator, settings, url, kill_at)).code == code
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, VirtualClock(simulator.clock.now())) as desk:
            assert len(desk.ledger.cancellations(MCF.order.id)) == cancellations
        assert any(record.effect_kind is Effect.CANCEL_ACCEPTED for record in simulator.log) == (code == 0)


class EarlyEndingForkServer(ForkServer):
    """Ends the child of the first failpoint before it, so many times."""

    def __init__(self, early_ends: int) -> None:
        super().__init__()
        self.left = early_ends

    def run(self, task: Dumpable) -> ProcessExit:
        if isinstance(task, ChildTask) and task.kill_at == 1 and self.left:
            self.left -= 1
            return ProcessExit(0, (f"{CROSSED} []",))
        return super().run(task)


@pytest.mark.parametrize(("early_ends", "is_reached"), [(2, True), (3, False)])
def test_a_child_that_ends_before_its_failpoint_is_run_again(tmp_path: Path, early_ends: int, is_reached: bool) -> None:
    scenario = FailpointScenario("a cancel alone", steps=(ChildStep.CANCEL,))
    with EarlyEndingForkServer(early_ends) as fork_server:
        if is_reached:
            report = kill_at_every_failpoint(MCF, scenario, tmp_path, fork_server=fork_server)
            assert (len(report.failpoints) > 1, report.failures) == (True, {})
        else:
            with pytest.raises(OrderDeskError, match="ended before its failpoint"):
                kill_at_every_failpoint(MCF, scenario, tmp_path, fork_server=fork_server)


def test_a_child_that_fails_is_told_from_one_that_was_killed(tmp_path: Path, fork_server: ForkServer) -> None:
    with registered(tmp_path) as (simulator, settings, _):
        ended = fork_server.run(run_child(tmp_path / "nowhere", simulator, settings, "", 1))
    assert ended.code == 1
    assert "Traceback" in ended.output[0]


def test_a_nursery_that_broke_down_says_so(tmp_path: Path) -> None:
    with registered(tmp_path) as (simulator, settings, url), ForkServer(at_once=1) as fork_server:
        fork_server.close()
        with pytest.raises(OrderDeskError, match="broke down"):
            fork_server.run(run_child(tmp_path, simulator, settings, url, 0))


@pytest.fixture
def canceled(tmp_path: Path) -> Iterator[tuple[Desk, McfSimulator]]:
    """A desk that canceled its order and followed it up, with nothing to complain of."""
    with registered(tmp_path) as (simulator, settings, _):
        assert isinstance(simulator.clock, VirtualClock)
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, simulator.clock) as desk:
            desk.cancel(MCF.order.number, by="Ann")
            follow_up(desk, simulator.clock)
            assert judged(desk, simulator) == []
            yield desk, simulator


def judged(
    desk: Desk,
    simulator: Simulator,
    told: tuple[str, ...] = (),
    expected: State = State.CANCELED,
    resubmitted: bool = False,
) -> list[str]:
    return find_failures(desk, simulator, MCF, reported_ids=told, expected=expected, resubmitted=resubmitted)


def test_the_judge_sees_a_second_cancel_that_the_ledger_does_not_know(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    simulator.record("a call", MCF.order.number, "cancel repeated", effect_kind=Effect.CANCEL_ACCEPTED)
    assert [complaint.partition(": ")[2] for complaint in judged(desk, simulator)] == [
        "the service acted 2 times, the ledger knows of 1",
        "the service acted 2 times, and polls of repeatable sends allow 1",
    ]


def test_the_judge_sees_a_case_that_was_promised_and_is_lost(canceled: tuple[Desk, McfSimulator]) -> None:
    assert judged(*canceled, told=("c0ffee-1",)) == ["c0ffee-1 was given to somebody and is lost"]


def test_the_judge_sees_a_false_canceled(canceled: tuple[Desk, McfSimulator], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(McfSimulator, "canceled_statuses", frozenset({"Unfulfillable"}))
    (complaint,) = judged(*canceled)
    assert complaint.endswith("is called canceled, and the service has it uncanceled")


def test_the_judge_sees_a_cancel_that_the_desk_missed(tmp_path: Path) -> None:
    with registered(tmp_path) as (simulator, settings, _):
        assert isinstance(simulator.clock, VirtualClock)
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, simulator.clock) as desk:
            (case,) = desk.cancel(MCF.order.number, by="Ann").cases
            desk.cases.reject(case.id, by="Ann")
            follow_up(desk, simulator.clock)
            simulator.clock.advance(Durations().cancel)
            (complaint,) = judged(desk, simulator, expected=State.REJECTED)
    assert complaint.endswith("is called rejected, and the service has canceled it")


def test_the_judge_sees_an_order_made_twice(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    desk.resubmissions.create(MCF.order.number, by="Ann")
    assert judged(desk, simulator, resubmitted=True) == []
    simulator.record("a call", "1042-2", "created", effect_kind=Effect.ORDER_CREATED)
    assert judged(desk, simulator, resubmitted=True)[0].startswith("1 resubmissions made 2 orders at the service")


def test_the_judge_sees_an_order_that_nobody_wanted_again(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    desk.resubmissions.create(MCF.order.number, by="Ann")
    (complaint,) = judged(desk, simulator)
    assert complaint.endswith("was created")


def test_a_child_imports_nothing_that_its_parent_could_have(tmp_path: Path, fork_server: ForkServer) -> None:
    """A child lives some milliseconds; what it imports, hundreds of others import as well."""
    with registered(tmp_path) as (simulator, settings, url):
        ended = fork_server.run(run_child(tmp_path, simulator, settings, url, 0))
    (imported,) = [json.loads(line.removeprefix(IMPORTED)) for line in ended.output if line.startswith(IMPORTED)]
    assert [
        name for name in imported if name.partition(".")[0] in ("orderdesk_sdk", "httpx", "orderdesk_amazon_mcf")
    ] == []
