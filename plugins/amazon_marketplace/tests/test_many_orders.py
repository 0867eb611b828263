"""Many orders at once: as few feeds as the limits want, each order its own result, one bad line hurts one order."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.receipt import CaseReceipt
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.sqlite.orders import LocalHost

integration = "amazon-marketplace"
order = FIRST = "902-1106328-1059050"
LINES = (("MUG", 2), ("CAP", 1))


def number(at: int) -> str:
    return f"902-1106329-{at:07}"


def place(simulator: MarketplaceSimulator, stage: SimulatedStage, many: int) -> list[str]:
    """So many orders, there and here, with Amazon's item ids in the metadata of their lines."""
    numbers = [number(at) for at in range(many)]
    documents = []
    for name in numbers:
        simulator.add_order(name, lines=LINES)
        ids = [item.item_id for item in simulator.order(name).items]
        lines = [
            {"id": str(at), "code": code, "name": code, "quantity": quantity, "metadata": {"amazon_item": ids[at]}}
            for at, (code, quantity) in enumerate(LINES)
        ]
        documents.append({"id": f"id-{name}", "source_id": name, "order_items": lines})
    assert isinstance(stage.desk.host, LocalHost)
    stage.desk.host.import_orders(read_order_text(json.dumps(documents), place="the test"), by="a test")
    for name in numbers:
        stage.desk.place(name, at=stage.connection, by="a test")
    return numbers


def cancel_all(stage: SimulatedStage, numbers: list[str]) -> dict[str, Case]:
    """Every order's case, once all are settled or with a person."""
    for name in numbers:
        stage.desk.cancel(name, by="a test", reason="out of stock")
    for _ in range(2000):
        due = [case.due_at for case in stage.desk.cases() if case.due_at and case.state is not State.AWAITING_PERSON]
        if not due:
            break
        stage.wait_for(min(due))
        assert stage.desk.run_due().problems == ()
    return {case.order_number: case for case in stage.desk.cases()}


def operations(simulator: MarketplaceSimulator) -> Counter[str]:
    assert [record for record in simulator.log if "429" in record.effect] == []
    return Counter(record.operation for record in simulator.log)


@pytest.mark.slow
def test_five_hundred_orders_leave_in_one_feed_whose_report_is_read_a_few_times(
    open_stage: StageOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_stage({"item_field": "amazon_item"})
    numbers = place(simulator, stage, 500)
    simulator.set_switch("fate", "error", remote_id=number(7))
    simulator.set_switch("fate", "ships anyway", remote_id=number(8))
    cases = cancel_all(stage, numbers)
    receipt = receipt_of(stage, number(499))
    made = operations(simulator)
    assert (made["createFeed"], made["createFeedDocument"]) == (1, 1)
    # The orders themselves are read at one in two seconds, so it takes 17 minutes; a reply serves for 4 and for 1.
    assert made["getFeedDocument"] <= 5
    assert made["getFeed"] <= 20
    settled = {name: (case.state, simulator.truth(name)) for name, case in cases.items()}
    assert settled.pop(number(7)) == (State.REFUSED, "UNSHIPPED")
    assert settled.pop(number(8)) == (State.REFUSED, "SHIPPED")
    assert Counter(settled.values()) == {(State.CANCELED, "CANCELLED"): 498}
    shared = [step.text for step in receipt.steps if step.text and "one call for several cases" in step.text]
    assert shared, "its history says that others' calls answered it"


def receipt_of(stage: SimulatedStage, order: str) -> CaseReceipt:
    return stage.desk.receipt(order).wishes[-1].cases[-1]


@pytest.mark.slow
def test_orders_whose_items_must_be_read_first_leave_in_groups_that_one_flow_can_read(
    open_stage: StageOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_stage()
    numbers = place(simulator, stage, 45)
    simulator.order(number(3)).fulfilled_by = "AMAZON"
    cases = cancel_all(stage, numbers)
    assert operations(simulator)["createFeed"] == 3
    states = {name: case.state for name, case in cases.items()}
    assert states.pop(number(3)) is State.REFUSED
    assert set(states.values()) == {State.CANCELED}


def test_an_order_that_amazon_does_not_know_keeps_no_other_from_its_feed(
    open_stage: StageOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_stage()
    numbers = place(simulator, stage, 3)
    for name in [FIRST, *numbers]:
        stage.desk.cancel(name, by="a test", reason="out of stock")
    for _ in range(2):
        case = stage.desk.cases(order=numbers[0])[-1]
        assert case.due_at is not None
        stage.wait_for(case.due_at)
        stage.desk.run_due()
    states = {case.order_number: case.state for case in stage.desk.cases()}
    assert states.pop(FIRST) not in (State.CANCELED, State.ASKED)
    assert set(states.values()) <= {State.ASKED, State.CANCELED}


@pytest.mark.parametrize("field", ["", "other_field"])
def test_where_the_metadata_lacks_an_item_the_order_is_read(
    open_stage: StageOpener, simulator: MarketplaceSimulator, field: str
) -> None:
    stage = open_stage({"item_field": field})
    numbers = place(simulator, stage, 1)
    assert cancel_all(stage, numbers)[numbers[0]].state is State.CANCELED
    assert operations(simulator)["getOrder"] >= 2
