"""Sending a canceled order again: a new number, exactly one order, and a request that Amazon's own model accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orderdesk_amazon_mcf.api import NUMBER_IN_USE_HINT
from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_devkit.testing.specs import SwaggerModel, vendor_file
from orderdesk_sdk.cases.case import State

integration = "amazon-mcf"
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


def canceled(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.cancel()
    assert harness.follow_up().state.value == "canceled"


def creates(harness: SimulatedHarness) -> list[RecordedRequest]:
    return [seen for seen in harness.recorder.requests if (seen.method, seen.path) == ("POST", ORDERS)]


def created(simulator: McfSimulator) -> list[str | None]:
    """The ids of the orders that were really created, as Amazon knows it."""
    done = [record for record in simulator.log if record.operation == "createFulfillmentOrder"]
    return [record.remote_id for record in done if record.effect.startswith("created")]


def body_of(seen: RecordedRequest) -> Mapping[str, object]:
    document = seen.document
    assert isinstance(document, dict)
    return document


def test_the_new_order_says_what_the_old_one_said(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    canceled(simulator, harness)
    harness.resubmit()
    (post,) = creates(harness)
    assert json.loads(post.body) == {
        "marketplaceId": "ATVPDKIKX0DER",
        "sellerFulfillmentOrderId": "1042-1",
        "displayableOrderId": "1042-1",
        "displayableOrderDate": "2026-01-05T09:04:00Z",  # The duplicate's own date, not that of the first order.
        "displayableOrderComment": "Thank you for your order.",
        "shippingSpeedCategory": "Standard",
        "fulfillmentAction": "Ship",
        "fulfillmentPolicy": "FillOrKill",
        "destinationAddress": {
            "name": "Robin Understudy",
            "addressLine1": "12 Prompter Lane",
            "city": "Springfield",
            "stateOrRegion": "IL",
            "postalCode": "62701",
            "countryCode": "US",
            "phone": "217-555-0175",
        },
        "items": [
            {"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 2},
            {"sellerSku": "CAP", "sellerFulfillmentOrderItemId": "2", "quantity": 1},
        ],
    }


def test_the_settings_of_the_connection_reach_the_new_order(
    open_harness: HarnessOpener, simulator: McfSimulator
) -> None:
    chosen = {"action": "Hold", "policy": "FillAll", "speed": "Expedited", "marketplace_id": ""}
    stage = open_harness(chosen)
    canceled(simulator, stage)
    assert stage.resubmit().state is State.DONE
    body = body_of(creates(stage)[0])
    names = ("fulfillmentAction", "fulfillmentPolicy", "shippingSpeedCategory")
    assert [body[name] for name in names] == ["Hold", "FillAll", "Expedited"]
    assert "marketplaceId" not in body


def lose_the_reply_to_the_create(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="/fulfillmentOrders$")
    assert harness.resubmit().is_open
    assert created(simulator) == ["1042-1"]


def test_what_an_earlier_create_left_is_found_and_not_made_twice(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    canceled(simulator, harness)
    lose_the_reply_to_the_create(harness, simulator)
    assert harness.resubmit().state is State.DONE
    assert (len(creates(harness)), created(simulator)) == (1, ["1042-1"])


@pytest.mark.parametrize("status", ["Cancelled", "Complete", "Unfulfillable", "Invalid"])
def test_what_an_earlier_create_left_is_not_taken_for_the_order_once_it_is_over(
    simulator: McfSimulator, harness: SimulatedHarness, status: str
) -> None:
    canceled(simulator, harness)
    lose_the_reply_to_the_create(harness, simulator)
    simulator.put_status("1042-1", status)
    made = harness.resubmit()
    assert (made.state, made.hint) == (State.REJECTED, NUMBER_IN_USE_HINT)
    assert len(creates(harness)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", ["Received", "Planning", "Processing", "Cancelled", "Complete", "Invalid"])
@pytest.mark.parametrize("lines", [LINES, (("MUG", 2),), (("MUG", 2), ("HAT", 1)), (*LINES, LINES[0])])
def test_an_order_under_the_new_number_is_not_ours_where_we_sent_nothing(
    simulator: McfSimulator, harness: SimulatedHarness, lines: tuple[tuple[str, int], ...], status: str
) -> None:
    canceled(simulator, harness)
    simulator.add_order("1042-1", lines=lines, status=status)
    made = harness.resubmit()
    assert (made.state, made.hint) == (State.REJECTED, NUMBER_IN_USE_HINT)
    assert creates(harness) == []
    assert harness.resubmit(number="1042-B").state is State.DONE
    assert created(simulator) == ["1042-B"]


def test_an_order_that_amazon_refuses_is_refused_in_its_words(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    canceled(simulator, harness)
    said = '{"errors": [{"code": "InvalidInput", "message": "the SellerSKU is invalid"}]}'
    harness.recorder.override = lambda seen: (400, said) if (seen.method, seen.path) == ("POST", ORDERS) else None
    made = harness.resubmit()
    assert (made.state, made.message) == (State.REJECTED, "InvalidInput: the SellerSKU is invalid")
    assert created(simulator) == []


@pytest.mark.parametrize(
    ("details", "lines", "said"),
    [
        ({"postal_code": ""}, LINES, "destinationAddress.postalCode is missing"),
        ({"address1": " "}, LINES, "destinationAddress.addressLine1 is missing"),
        ({"first_name": "", "last_name": "", "company": ""}, LINES, "destinationAddress.name is missing"),
        ({"city": ""}, LINES, "destinationAddress.city is missing"),
        ({"country": "Elsewhere"}, LINES, "destinationAddress.countryCode"),
        ({"country": ""}, LINES, "destinationAddress.countryCode"),
        ({}, (("M" * 51, 1),), "has 51 characters, and 50 are allowed"),
        ({}, (("MUG", 251),), "it has 251 pieces, and 250 are allowed"),
        ({}, tuple((f"MUG-{number}", 1) for number in range(101)), "it has 101 lines, and 100 are allowed"),
    ],
)
def test_what_amazons_model_does_not_allow_is_refused_before_anything_is_sent(
    open_harness: HarnessOpener,
    simulator: McfSimulator,
    details: dict[str, str],
    lines: tuple[tuple[str, int], ...],
    said: str,
) -> None:
    stage = open_harness(lines=lines, details={"shipping": details})
    simulator.add_order("1042", lines=lines)
    stage.cancel()
    stage.follow_up()
    made = stage.resubmit()
    assert (made.state, creates(stage)) == (State.REJECTED, [])
    assert said in (made.message or "")
    assert made.hint is not None


@pytest.mark.parametrize(("country", "code"), [("United States", "US"), ("us", "US"), ("USA", "US"), ("Japan", "JP")])
def test_a_country_goes_out_as_its_iso_code(
    open_harness: HarnessOpener, simulator: McfSimulator, country: str, code: str
) -> None:
    city = {} if code == "JP" else {"city": "Springfield"}  # Amazon's model wants no city in Japan.
    stage = open_harness(details={"shipping": {"city": "", **city, "country": country}})
    canceled(simulator, stage)
    assert stage.resubmit().state is State.DONE
    address = body_of(creates(stage)[0])["destinationAddress"]
    assert isinstance(address, dict)
    assert (address["countryCode"], "city" in address) == (code, code != "JP")


@pytest.mark.parametrize("body", ["<html>Not Found</html>", '{"message": "Not Found"}', ""])
def test_a_404_that_amazon_did_not_say_is_not_taken_for_a_free_number(
    simulator: McfSimulator, harness: SimulatedHarness, body: str
) -> None:
    canceled(simulator, harness)
    harness.recorder.override = lambda seen: (404, body) if seen.path == f"{ORDERS}/1042-1" else None
    made = harness.resubmit()
    assert (made.state, creates(harness)) == (State.PENDING, [])
    assert "base URL" in (made.hint or "")


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_create_that_is_turned_away_is_not_done_and_tried_again(
    simulator: McfSimulator, harness: SimulatedHarness, status: int
) -> None:
    canceled(simulator, harness)
    harness.recorder.override = lambda seen: (status, "{}") if (seen.method, seen.path) == ("POST", ORDERS) else None
    made = harness.resubmit()
    assert (made.state, created(simulator)) == (State.PENDING, [])
    harness.recorder.override = None
    assert harness.resubmit().state is State.DONE
    assert created(simulator) == ["1042-1"]


def test_all_that_we_say_fits_amazons_own_model(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    model = SwaggerModel(vendor_file("amazon", "fulfillmentOutbound_2020-07-01.json"))
    canceled(simulator, harness)
    harness.resubmit()
    judged = []
    for seen in harness.recorder.requests:
        if not seen.path.startswith(ORDERS):
            continue
        remote_id, _, rest = seen.path.removeprefix(ORDERS).removeprefix("/").partition("/")
        template = ORDERS + ("/{sellerFulfillmentOrderId}" if remote_id else "") + (f"/{rest}" if rest else "")
        path = {"sellerFulfillmentOrderId": remote_id} if remote_id else {}
        assert seen.query == ""
        model.validate_request(seen.method, template, path=path, body=seen.document)
        judged.append(f"{seen.method} {template.removeprefix(ORDERS)}")
    assert set(judged) == {
        "POST ",
        "GET /{sellerFulfillmentOrderId}",
        "PUT /{sellerFulfillmentOrderId}/cancel",
    }
