"""The laws under SIGKILL: an order at Amazon MCF is canceled, and the process dies at every boundary it crosses."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_sdk.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.kill_child import Errand, follow_up, open_desk
from orderdesk_sdk.testing.kill_judge import complaints
from orderdesk_sdk.testing.kill_points import KILLED, Scenario, Service, Step, kill_everywhere, sample_order
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.simulator import Simulator

MCF = Service(
    slug="amazon-mcf",
    order=sample_order(),
    canceled=["Cancelled"],
    cancels=lambda record: record.operation == "cancelFulfillmentOrder" and record.effect.startswith("cancel "),
    creates=lambda record: record.operation == "createFulfillmentOrder" and record.effect.startswith("created"),
)


def loses_the_reply(simulator: Simulator) -> None:
    simulator.faults.add(Fault.LOST_REPLY, method="PUT", path="/cancel$")


SETTLED = (Step.CANCEL, Step.FOLLOW_UP)
SCENARIOS = {
    Scenario("a cancel that is honored", during=(Step.CANCEL,)): 12,
    Scenario("reading back", before=(Step.CANCEL,), during=(Step.FOLLOW_UP,)): 18,
    Scenario("a cancel whose reply is lost", disturb=loses_the_reply, during=(Step.CANCEL, Step.NEXT, Step.NEXT)): 20,
    Scenario("a resubmission", before=SETTLED, during=(Step.RESUBMIT, Step.FOLLOW_UP)): 20,
}
"""Each with the fewest boundaries that it must have: fewer mean that some are no longer seen."""
AROUND_A_CALL = ("before the request leaves", "after the request left", "after the reply was read")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_wherever_the_process_dies_the_promises_are_kept(
    scenario: Scenario, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    report = kill_everywhere(MCF, scenario, tmp_path)
    record_property(KILLED, str(report))
    assert dict(report.complaints) == {}
    assert len(report.points) >= SCENARIOS[scenario]
    assert all(any(point.startswith(moment) for point in report.points) for moment in AROUND_A_CALL)


@contextmanager
def placed(folder: Path) -> Iterator[tuple[McfSimulator, Mapping[str, str], str]]:
    """A simulator and a ledger file, each with the order; the settings of a connection, and the simulator's URL."""
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    simulator.add_order(MCF.order.number, lines=[(line.code, line.quantity) for line in MCF.order.lines])
    with serve(simulator.app) as served, LocalHost(folder / "desk.db", clock=clock) as host:
        host.import_orders([MCF.order], by="a test")
        settings = simulator.settings(served.url)
        with open_desk(folder / "desk.db", MCF.slug, settings, clock) as desk:
            desk.place(MCF.order.number, at=MCF.slug, by="a test")
        yield simulator, settings, served.url


@pytest.mark.parametrize(("kill_at", "code", "wishes"), [(1, -signal.SIGKILL, 0), (2, -signal.SIGKILL, 1), (0, 0, 1)])
def test_a_child_is_truly_killed_where_it_is_told(kill_at: int, code: int, wishes: int, tmp_path: Path) -> None:
    """Boundary 1 lies before the wish is in the ledger, boundary 2 after it."""
    with placed(tmp_path) as (simulator, settings, url):
        now = simulator.clock.now()
        ledger = str(tmp_path / "desk.db")
        errand = Errand(ledger, MCF.slug, settings, url, now, MCF.order.number, (Step.CANCEL,), kill_at)
        program = [sys.executable, "-m", "orderdesk_sdk.testing.kill_child"]
        child = subprocess.run(program, input=errand.dump(), capture_output=True, check=False, text=True)
        assert (child.returncode, child.stderr) == (code, "")
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, VirtualClock(now)) as desk:
            assert len(desk.ledger.cancellations(MCF.order.id)) == wishes
        assert any(MCF.cancels(record) for record in simulator.log) == (code == 0)


@pytest.fixture
def canceled(tmp_path: Path) -> Iterator[tuple[Desk, McfSimulator]]:
    """A desk that canceled its order and followed it up, with nothing to complain of."""
    with placed(tmp_path) as (simulator, settings, _):
        assert isinstance(simulator.clock, VirtualClock)
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, simulator.clock) as desk:
            desk.cancel(MCF.order.number, by="Ann")
            follow_up(desk, simulator.clock)
            assert judged(desk, simulator) == []
            yield desk, simulator


def judged(
    desk: Desk,
    simulator: Simulator,
    service: Service = MCF,
    told: tuple[str, ...] = (),
    expected: State = State.CANCELED,
    resubmitted: bool = False,
) -> list[str]:
    return complaints(desk, simulator, service, told=told, expected=expected, resubmitted=resubmitted)


def test_the_judge_sees_a_second_cancel_that_the_ledger_does_not_know(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    simulator.record("cancelFulfillmentOrder", MCF.order.number, "cancel repeated: no change")
    assert [complaint.partition(": ")[2] for complaint in judged(desk, simulator)] == [
        "the service acted 2 times, the ledger knows of 1",
        "the service acted 2 times, and read-backs of repeatable sends allow 1",
    ]


def test_the_judge_sees_a_case_that_was_promised_and_is_lost(canceled: tuple[Desk, McfSimulator]) -> None:
    assert judged(*canceled, told=("c0ffee-1",)) == ["c0ffee-1 was given to somebody and is lost"]


def test_the_judge_sees_a_false_canceled(canceled: tuple[Desk, McfSimulator]) -> None:
    (complaint,) = judged(*canceled, service=evolve(MCF, canceled=["Unfulfillable"]))
    assert complaint.endswith("is called canceled, and the service has it uncanceled")


def test_the_judge_sees_a_cancel_that_the_desk_missed(tmp_path: Path) -> None:
    with placed(tmp_path) as (simulator, settings, _):
        assert isinstance(simulator.clock, VirtualClock)
        with open_desk(tmp_path / "desk.db", MCF.slug, settings, simulator.clock) as desk:
            (case,) = desk.cancel(MCF.order.number, by="Ann").cases
            desk.refuse(case.id, by="Ann")
            follow_up(desk, simulator.clock)
            simulator.clock.advance(Durations().cancel)
            (complaint,) = judged(desk, simulator, expected=State.REFUSED)
    assert complaint.endswith("is called refused, and the service has canceled it")


def test_the_judge_sees_an_order_made_twice(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    desk.resubmit(MCF.order.number, by="Ann")
    assert judged(desk, simulator, resubmitted=True) == []
    simulator.record("createFulfillmentOrder", "1042-2", "created: New")
    assert judged(desk, simulator, resubmitted=True)[0].startswith("1 resubmissions made 2 orders at the service")


def test_the_judge_sees_an_order_that_nobody_wanted_again(canceled: tuple[Desk, McfSimulator]) -> None:
    desk, simulator = canceled
    desk.resubmit(MCF.order.number, by="Ann")
    (complaint,) = judged(desk, simulator)
    assert complaint.endswith("was created")
