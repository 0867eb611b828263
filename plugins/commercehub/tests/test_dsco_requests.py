"""A retailer asks us to cancel at Dsco: found in the list, accepted by canceling its lines, rejected in the portal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk import Desk, ResponseCase, State, VirtualClock, hours, minutes
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.documents import case_document
from orderdesk_sdk.plugin import ResponseAnswer

integration = "commercehub"
ANSWERING = {"answer_requests": True}
REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli-json.md"


@pytest.fixture
def stage(open_harness: HarnessOpener) -> SimulatedHarness:
    return open_harness(ANSWERING)


def response_of(stage: SimulatedHarness) -> ResponseCase:
    (found,) = stage.desk.responses.list(order=ORDER)
    return found


def found_request(stage: SimulatedHarness) -> ResponseCase:
    """The case of the request, once the list was read."""
    stage.desk.run_due()
    return response_of(stage)


def follow(stage: SimulatedHarness, until: State) -> ResponseCase:
    for _ in range(60):
        found = response_of(stage)
        if found.state is until:
            return found
        assert found.due_at is not None, found.message
        stage.wait_for(found.due_at)
        stage.desk.run_due()
    raise AssertionError(f"it is {response_of(stage).state.value}: {response_of(stage).message}")


def canceled_lines(stage: SimulatedHarness) -> list[tuple[str, int, str]]:
    bodies = stage.documents("/order/item/cancel")
    return [
        (line["dscoItemId"], line["cancelledQuantity"], line["cancelCode"])
        for body in bodies
        for line in body["lineItems"]
    ]


def test_a_request_is_accepted_by_a_cancel_of_its_lines(simulator: DscoSimulator, stage: SimulatedHarness) -> None:
    simulator.ask_to_cancel(ORDER)
    case = found_request(stage)
    assert (case.state, case.request.reason, canceled_lines(stage)) == (State.ACTION_REQUIRED, "CXRR", [])
    done = stage.desk.responses.accept(case.id, by="Ann")
    assert (done.state, done.answer) == (State.DONE, ResponseAnswer.ACCEPT)
    assert canceled_lines(stage) == [("SIM-1-MUG", 2, "CXSC"), ("SIM-2-CAP", 1, "CXSC")]
    stage.follow_up()
    assert (stage.case.state, stage.case.is_reported) == (State.CANCELED, True)
    assert len(canceled_lines(stage)) == 2, "its own side was read, not asked"


def test_a_request_for_a_line_cancels_that_line_alone(simulator: DscoSimulator, stage: SimulatedHarness) -> None:
    simulator.ask_to_cancel(ORDER, 2)
    case = found_request(stage)
    assert dict(case.lines) == {"2": 1}
    assert stage.desk.responses.accept(case.id, by="Ann").state is State.DONE
    assert canceled_lines(stage) == [("SIM-2-CAP", 1, "CXSC")]


@pytest.mark.parametrize("how", ["processed", "submitted"])
def test_a_cancel_that_takes_its_time_is_sent_once(how: str, simulator: DscoSimulator, stage: SimulatedHarness) -> None:
    simulator.set_option("cancel", how)
    simulator.set_option("read_lag", "3")
    simulator.ask_to_cancel(ORDER)
    decided = stage.desk.responses.accept(found_request(stage).id, by="Ann")
    assert decided.state is State.UNKNOWN
    if how == "submitted":
        for change in simulator._log_of.changes:
            change.polls = 1
            simulator._record_read(change)
    assert follow(stage, State.DONE).answer is ResponseAnswer.ACCEPT
    assert len(canceled_lines(stage)) == 2


def test_a_rejection_is_a_persons_step_in_the_portal(simulator: DscoSimulator, stage: SimulatedHarness) -> None:
    simulator.ask_to_cancel(ORDER)
    rejected = stage.desk.responses.reject(found_request(stage).id, by="Ann")
    assert (rejected.state, "portal" in (rejected.hint or "")) == (State.ACTION_REQUIRED, True)
    assert stage.desk.cases.confirm(rejected.id, by="Ann").state is State.DONE
    assert simulator.actual_status(ORDER) == "shipment_pending"


def test_a_request_that_is_withdrawn_is_answered_no_more(simulator: DscoSimulator, stage: SimulatedHarness) -> None:
    simulator.ask_to_cancel(ORDER)
    found_request(stage)
    simulator.withdraw_request(ORDER)
    stage.wait_for(stage.clock.now() + minutes(10))
    stage.desk.run_due()
    assert response_of(stage).state is State.WITHDRAWN


@pytest.mark.parametrize("ends", ["settled", "forgotten"])
def test_a_request_that_is_made_twice_or_never_ends_has_one_answer(
    ends: str, simulator: DscoSimulator, stage: SimulatedHarness
) -> None:
    simulator.set_option("requests", ends)
    simulator.ask_to_cancel(ORDER)
    case = found_request(stage)
    simulator.ask_to_cancel(ORDER)
    stage.desk.responses.accept(case.id, by="Ann")
    for _ in range(3):
        stage.wait_for(stage.clock.now() + minutes(10))
        stage.desk.run_due()
    assert (response_of(stage).state, len(canceled_lines(stage))) == (State.DONE, 2)


def test_orders_are_listed_page_by_page(open_harness: HarnessOpener) -> None:
    many = DscoSimulator(VirtualClock(), page_size=2)
    for number in range(5):
        many.add_order(f"PO-{number}", lines=LINES)
    many.add_order(ORDER, lines=LINES, cancel_requested=True)
    stage = open_harness(ANSWERING, before=many)
    assert found_request(stage).request.request_id == ORDER
    assert sum(one.path == "/order/page" for one in stage.recorder.requests) == 3


def test_nothing_is_listed_unless_it_is_said(open_harness: HarnessOpener, simulator: DscoSimulator) -> None:
    simulator.ask_to_cancel(ORDER)
    stage = open_harness()
    stage.desk.run_due()
    assert (stage.desk.responses.list(), stage.recorder.requests) == ((), [])


@pytest.fixture
def folder(simulator: DscoSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the configuration of a shop whose order the retailer wants canceled."""
    monkeypatch.chdir(tmp_path)
    with serve(simulator.app) as served:
        (tmp_path / "orderdesk.toml").write_text(
            '[connections.dsco]\nintegration = "commercehub"\n[connections.dsco.settings]\nanswer_requests = true\n'
            f'base_url = "{served.url}"\nclient_id = {{ text = "simulated-client" }}\n'
            'client_secret = { text = "simulated-client-secret" }\n',
            encoding="utf-8",
        )
        with Desk.open() as desk:
            order = {"id": "1", "source_id": ORDER, "order_items": [{"id": "1", "code": "MUG", "quantity": 2}]}
            (tmp_path / "orders.json").write_text(json.dumps([order]), encoding="utf-8")
            run("import", "orders.json", "--by", "Ann")
            run("register", ORDER, "--at", "dsco", "--by", "Ann")
            simulator.ask_to_cancel(ORDER)
            desk.run_due()
        yield tmp_path


def run(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran.stdout


@pytest.mark.usefixtures("folder")
def test_the_command_line_rejects_a_request_and_shows_it() -> None:
    told = json.loads(run("answer", f"{ORDER}@dsco", "reject", "--by", "Ann", "--note", "sent", "--json", code=3))
    section = REFERENCE.read_text(encoding="utf-8").partition("## `orderdesk answer`")[2]
    example = json.loads(section.partition("```json\n")[2].partition("```")[0])
    assert list(told["case"]) == list(example["case"])
    assert (told["case"]["answer"], told["case"]["rejection"]) == ("reject", "not allowed")
    assert "Request 1042 from dsco to cancel 1042" in run("receipt", ORDER, code=3)
    with Desk.open() as desk:
        (case,) = desk.responses.list()
        assert case_document(case) == told["case"]
        assert hours(23) < case.escalate_at - case.created_at
