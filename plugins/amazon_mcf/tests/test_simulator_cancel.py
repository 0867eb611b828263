"""The simulator of Amazon MCF: every way a cancel ends, statuses set by hand, and the log of truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator, Status, example_order
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.errors import NotFoundError, ValidationError

Renew = Callable[[], httpx.Client]
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
SOON = Durations()


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def cancel(client: httpx.Client, remote_id: str = "A-1") -> httpx.Response:
    return client.put(f"{ORDERS}/{remote_id}/cancel")


def quantities(client: httpx.Client, remote_id: str = "A-1") -> list[tuple[int, int, int]]:
    """Per line: ordered, canceled, unfulfillable."""
    items = client.get(f"{ORDERS}/{remote_id}").json()["payload"]["fulfillmentOrderItems"]
    return [(item["quantity"], item["cancelledQuantity"], item["unfulfillableQuantity"]) for item in items]


@pytest.mark.parametrize("status", ["Received", "Planning"])
def test_a_cancel_in_time_is_taken_note_of_and_done_minutes_later(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, status: str
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4), ("CAP", 1)], status=status)
    response = cancel(client)
    assert (response.status_code, response.json()) == (200, {})
    assert amazon.actual_status("A-1") == status
    assert quantities(client) == [(4, 0, 0), (1, 0, 0)]
    clock.advance(SOON.cancel - seconds(1))
    assert amazon.actual_status("A-1") == status
    clock.advance(seconds(1))
    assert amazon.actual_status("A-1") == "Cancelled"
    assert quantities(client) == [(4, 4, 0), (1, 1, 0)]
    assert client.get(f"{ORDERS}/A-1").json()["payload"]["fulfillmentShipments"] == []
    clock.advance(hours(48))
    assert amazon.actual_status("A-1") == "Cancelled"


def test_a_repeated_cancel_is_accepted_and_does_not_start_anew(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)])
    cancel(client)
    clock.advance(minutes(3))
    assert cancel(client).status_code == 200
    clock.advance(minutes(1))
    assert amazon.actual_status("A-1") == "Cancelled"


def test_an_ignored_cancel_is_accepted_and_the_order_ships_anyway(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.set_option("cancel_fate", "ignored")
    amazon.add_order("A-1", lines=[("MUG", 4)])
    assert cancel(client).status_code == 200
    clock.advance(minutes(40))
    assert amazon.actual_status("A-1") == "Processing"
    clock.advance(hours(6))
    assert amazon.actual_status("A-1") == "Complete"


@pytest.mark.parametrize(
    ("lines", "canceled"),
    [([("MUG", 4), ("CAP", 1)], [(4, 2, 0), (1, 0, 0)]), ([("MUG", 1), ("CAP", 1)], [(1, 1, 0), (1, 0, 0)])],
)
def test_a_cancel_that_works_in_part_leaves_a_partly_complete_order(
    clock: VirtualClock,
    amazon: McfSimulator,
    client: httpx.Client,
    renew: Renew,
    lines: list[tuple[str, int]],
    canceled: list[tuple[int, int, int]],
) -> None:
    amazon.set_option("cancel_fate", "partly", remote_id="A-1")
    amazon.add_order("A-1", lines=lines)
    amazon.add_order("B-1", lines=lines)
    assert {cancel(client, "A-1").status_code, cancel(client, "B-1").status_code} == {200}
    clock.advance(hours(7))
    assert (amazon.actual_status("A-1"), amazon.actual_status("B-1")) == ("CompletePartialled", "Cancelled")
    renew()
    assert quantities(client) == canceled
    shipped = client.get(f"{ORDERS}/A-1").json()["payload"]["fulfillmentShipments"][0]["fulfillmentShipmentItem"]
    assert sum(item["quantity"] for item in shipped) == sum(whole - part for whole, part, _ in canceled)


def test_a_single_unit_cannot_be_canceled_in_part_so_it_ships(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.set_option("cancel_fate", "partly")
    amazon.add_order("A-1", lines=[("MUG", 1)])
    cancel(client)
    clock.advance(hours(7))
    assert amazon.actual_status("A-1") == "Complete"


@pytest.mark.parametrize(
    "status", ["Processing", "Cancelled", "Complete", "CompletePartialled", "Unfulfillable", "Invalid"]
)
def test_a_cancel_too_late_is_an_error_or_accepted_to_no_effect_by_switch(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, status: str
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)], status=status)
    amazon.add_order("B-1", lines=[("MUG", 4)], status=status)
    amazon.set_option("too_late", "accept", remote_id="B-1")
    assert error_of(cancel(client, "A-1")) == (400, "InvalidInput")
    accepted = cancel(client, "B-1")
    assert (accepted.status_code, accepted.json()) == (200, {})
    clock.advance(hours(7))
    end = "Complete" if status == "Processing" else status
    assert (amazon.actual_status("A-1"), amazon.actual_status("B-1")) == (end, end)


def test_a_cancel_in_new_is_an_error_or_accepted_by_switch(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)], status="New")
    assert error_of(cancel(client)) == (400, "InvalidInput")
    amazon.set_option("too_late", "accept")
    assert error_of(cancel(client)) == (400, "InvalidInput")
    amazon.set_option("in_new", "accept")
    assert cancel(client).status_code == 200
    clock.advance(SOON.cancel)
    assert amazon.actual_status("A-1") == "Cancelled"


def test_an_order_stuck_in_planning_stays_there_until_it_is_canceled_or_set_free(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, renew: Renew
) -> None:
    amazon.set_option("planning", "stuck")
    amazon.add_order("A-1", lines=[("MUG", 4)])
    amazon.add_order("B-1", lines=[("MUG", 4)])
    clock.advance(timedelta(days=30))
    assert (amazon.actual_status("A-1"), amazon.actual_status("B-1")) == ("Planning", "Planning")
    cancel(renew(), "A-1")
    amazon.set_option("planning", "moves", remote_id="B-1")
    clock.advance(hours(1))
    assert (amazon.actual_status("A-1"), amazon.actual_status("B-1")) == ("Cancelled", "Processing")


@pytest.mark.parametrize("status", list(Status))
def test_a_status_set_by_hand_is_read_with_the_quantities_that_go_with_it(
    amazon: McfSimulator, client: httpx.Client, status: Status
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)])
    response = client.put(f"{ORDERS}/A-1/status", json={"fulfillmentOrderStatus": status})
    assert (response.status_code, response.json()) == (200, {})
    assert amazon.actual_status("A-1") == status
    expected = {Status.CANCELLED: (4, 4, 0), Status.COMPLETE_PARTIALLED: (4, 2, 0), Status.UNFULFILLABLE: (4, 0, 4)}
    assert quantities(client) == [expected.get(status, (4, 0, 0))]


def test_an_order_driven_past_planning_after_its_cancel_was_accepted_ships(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 4)])
    cancel(client)
    client.put(f"{ORDERS}/A-1/status", json={"fulfillmentOrderStatus": "Processing"})
    clock.advance(hours(1))
    assert amazon.actual_status("A-1") == "Processing"
    clock.advance(hours(5))
    assert amazon.actual_status("A-1") == "Complete"


def test_a_status_that_does_not_exist_or_cannot_be_is_refused(amazon: McfSimulator, client: httpx.Client) -> None:
    amazon.add_order("A-1", lines=[("MUG", 1)])
    for word in ("CANCELLED", "Lost", "CompletePartialled"):
        body = {"fulfillmentOrderStatus": word}
        assert error_of(client.put(f"{ORDERS}/A-1/status", json=body)) == (400, "InvalidInput")
    assert amazon.actual_status("A-1") == "Received"


def test_seeding_refuses_a_used_id_and_a_single_unit_done_in_part(amazon: McfSimulator) -> None:
    amazon.add_order("A-1", lines=[("MUG", 1)])
    with pytest.raises(ValidationError, match="is used"):
        amazon.add_order("A-1", lines=[("MUG", 1)])
    with pytest.raises(ValidationError, match="one unit"):
        amazon.add_order("B-1", lines=[("MUG", 1)], status="CompletePartialled")
    with pytest.raises(NotFoundError):
        amazon.actual_status("B-1")


def test_the_log_tells_what_each_call_did(clock: VirtualClock, amazon: McfSimulator, client: httpx.Client) -> None:
    client.post(ORDERS, json=example_order("A-1"))
    client.post(ORDERS, json=example_order("A-1"))
    amazon.add_order("B-1", lines=[("MUG", 2)])
    cancel(client, "B-1")
    clock.advance(SOON.cancel)
    cancel(client, "B-1")
    client.get(f"{ORDERS}/B-1")
    told = [(record.operation, record.remote_id, record.effect) for record in amazon.log]
    refused = "refused: sellerFulfillmentOrderId: 'A-1' is already in use (simulator's choice)"
    assert told == [
        ("createFulfillmentOrder", "A-1", "created: New"),
        ("createFulfillmentOrder", "A-1", refused),
        ("add_order", "B-1", "created: Received"),
        ("cancelFulfillmentOrder", "B-1", "cancel accepted in Received, to be honored"),
        ("life cycle", "A-1", "New -> Received"),
        ("life cycle", "B-1", "Received -> Cancelled"),
        ("cancelFulfillmentOrder", "B-1", "cancel refused in Cancelled"),
        ("getFulfillmentOrder", "B-1", "read: Cancelled"),
    ]
