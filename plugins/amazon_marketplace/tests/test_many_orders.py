"""Many orders at once: as few feeds as the limits want, each order its own result, one bad line hurts one order."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.receipt import CaseReceipt
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

integration = "amazon-marketplace"
order = FIRST = "902-1106328-1059050"
LINES = (("MUG", 2), ("CAP", 1))


def number(at: int) -> str:
    return f"902-1106329-{at:07}"


def place(simulator: MarketplaceSimulator, harness: SimulatedHarness, many: int) -> list[str]:
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
    assert isinstance(harness.desk.order_store, SqliteOrderStore)
    harness.desk.order_store.import_orders(read_order_text(json.dumps(documents), location="the test"), by="a test")
    for name in numbers:
        harness.desk.orders.register(name, connection=harness.connection, by="a test")
    return numbers


def cancel_all(harness: SimulatedHarness, numbers: list[str]) -> dict[str, CancelCase]:
    """Every order's case, once all are settled or with a person."""
    for name in numbers:
        harness.desk.cancel(name, by="a test", reason="out of stock")
    for _ in range(2000):
        due = [
            case.due_at for case in harness.desk.cases.list() if case.due_at and case.state is not State.ACTION_REQUIRED
        ]
        if not due:
            break
        harness.wait_for(min(due))
        assert harness.desk.run_due().problems == ()
    return {case.order_number: case for case in harness.desk.cases.list()}


def operations(simulator: MarketplaceSimulator) -> Counter[str]:
    assert [record for record in simulator.log if "429" in record.effect] == []
    return Counter(record.operation for record in simulator.log)


@pytest.mark.slow
def test_five_hundred_orders_leave_in_one_feed_whose_report_is_read_a_few_times(
    open_harness: HarnessOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_harness({"item_field": "amazon_item"})
    numbers = place(simulator, stage, 500)
    simulator.set_option("fate", "error", remote_id=number(7))
    simulator.set_option("fate", "ships anyway", remote_id=number(8))
    cases = cancel_all(stage, numbers)
    made = operations(simulator)
    assert (made["createFeed"], made["createFeedDocument"]) == (1, 1)
    # The orders themselves are read at one in two seconds, so it takes 17 minutes; a response serves for 4 and for 1.
    assert made["getFeedDocument"] <= 5
    assert made["getFeed"] <= 20
    settled = {name: (case.state, simulator.actual_status(name)) for name, case in cases.items()}
    assert settled.pop(number(7)) == (State.REJECTED, "UNSHIPPED")
    assert settled.pop(number(8)) == (State.REJECTED, "SHIPPED")
    assert Counter(settled.values()) == {(State.CANCELED, "CANCELLED"): 498}
    # Whoever comes first makes the call, so one order alone may have made each of its own.
    histories = [step for last in range(490, 500) for step in receipt_of(stage, number(last)).history]
    shared = [step.message for step in histories if step.message and "one call for several cases" in step.message]
    assert shared, "histories say that others' calls answered"


def receipt_of(harness: SimulatedHarness, order: str) -> CaseReceipt:
    return harness.desk.cancellations.receipt(order).cancellations[-1].cases[-1]


@pytest.mark.slow
def test_orders_whose_items_must_be_read_first_leave_in_groups_that_one_flow_can_read(
    open_harness: HarnessOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_harness()
    numbers = place(simulator, stage, 45)
    simulator.order(number(3)).fulfilled_by = "AMAZON"
    cases = cancel_all(stage, numbers)
    assert operations(simulator)["createFeed"] == 3
    states = {name: case.state for name, case in cases.items()}
    assert states.pop(number(3)) is State.REJECTED
    assert set(states.values()) == {State.CANCELED}


def test_an_order_that_amazon_does_not_know_keeps_no_other_from_its_feed(
    open_harness: HarnessOpener, simulator: MarketplaceSimulator
) -> None:
    stage = open_harness()
    numbers = place(simulator, stage, 3)
    for name in [FIRST, *numbers]:
        stage.desk.cancel(name, by="a test", reason="out of stock")
    for _ in range(2):
        case = stage.desk.cases.list(order=numbers[0])[-1]
        assert case.due_at is not None
        stage.wait_for(case.due_at)
        stage.desk.run_due()
    states = {case.order_number: case.state for case in stage.desk.cases.list()}
    assert states.pop(FIRST) not in (State.CANCELED, State.ACKNOWLEDGED)
    assert set(states.values()) <= {State.ACKNOWLEDGED, State.CANCELED}


@pytest.mark.parametrize("field", ["", "other_field"])
def test_where_the_metadata_lacks_an_item_the_order_is_read(
    open_harness: HarnessOpener, simulator: MarketplaceSimulator, field: str
) -> None:
    stage = open_harness({"item_field": field})
    numbers = place(simulator, stage, 1)
    assert cancel_all(stage, numbers)[numbers[0]].state is State.CANCELED
    assert operations(simulator)["getOrder"] >= 2
