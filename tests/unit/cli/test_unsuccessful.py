"""What a command says, and with which exit code, where a service does not do what was requested."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session
from orderdesk_sdk.clock import VirtualClock, hours
from tests.support.builders import make_case

NEEDS_PERSON = {
    State.ACTION_REQUIRED,
    State.SHIPPED_ANYWAY,
    State.REJECTED,
    State.UNSUPPORTED,
    State.PARTIALLY_CANCELED,
    State.EXPIRED,
}


def run(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran.stdout


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock) -> Iterator[Simulator]:
    """Order 1042 is at Amazon MCF."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), clock) as simulators:
        run("import", "orders.json")
        run("register", "1042", "--at", "amazon-mcf")
        yield simulators["amazon-mcf"][0]


@pytest.mark.parametrize("state", State)
def test_a_request_that_came_to_nothing_asks_for_a_person(state: State) -> None:
    case = evolve(make_case(), state=state)
    with click.Context(click.Command("cancel")):
        try:
            Session().exit_for_request([evolve(case, state=State.CANCELED), case])
            code = 0
        except click.exceptions.Exit as ended:
            code = ended.exit_code
    assert code == (EXIT_ACTION_REQUIRED if state in NEEDS_PERSON else 0)


@pytest.mark.usefixtures("simulator")
def test_a_rejected_cancel_says_where_the_order_goes_on(clock: VirtualClock) -> None:
    clock.advance(hours(30))
    said = run("cancel", "1042", "--by", "Ann", code=3)
    assert "rejected" in said
    assert "The order is not canceled at amazon-mcf: it goes on there." in said
    assert "`orderdesk report-canceled 1042 --at amazon-mcf`" in said
    told = json.loads(run("cancel", "1042", "--by", "Ann", "--json", code=3))
    assert [case["state"] for case in told["cases"]] == ["unsupported"], "of the second time: no way is open any more"


@pytest.mark.usefixtures("simulator")
def test_a_cancel_in_order_says_nothing_of_it() -> None:
    assert "not canceled" not in run("cancel", "1042", "--by", "Ann")


@pytest.mark.usefixtures("simulator")
def test_a_withdrawal_that_comes_too_late_says_so() -> None:
    run("cancel", "1042", "--by", "Ann")
    said = run("withdraw", "1042", "--by", "Ann", code=3)
    assert "Too late to withdraw at amazon-mcf: a request was sent already." in said
    told = json.loads(run("withdraw", "1042", "--by", "Ann", "--json", code=3))
    assert [case["state"] for case in told["cases"]] == ["acknowledged"]


@pytest.mark.usefixtures("simulator")
def test_a_report_that_the_service_refutes_says_so(clock: VirtualClock) -> None:
    clock.advance(hours(30))
    said = run("report-canceled", "1042", "--at", "amazon-mcf", "--by", "Ann", code=3)
    assert "Reported as canceled, but the service says otherwise" in said
    assert (
        "What to do: the order goes on there; `orderdesk cancel 1042 --at amazon-mcf` requests its cancellation" in said
    )
