"""Sending a canceled order again: a new number, exactly one order, and a request that Amazon's own model accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.testing.plugin import StageOpener
from orderdesk_sdk.testing.specs import SwaggerModel, vendor_file
from orderdesk_sdk.testing.stage import LINES, SimulatedStage
from orderdesk_sdk.testing.tap import SeenRequest

integration = "amazon-mcf"
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


def canceled(simulator: McfSimulator, stage: SimulatedStage) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.cancel()
    assert stage.follow().state.value == "canceled"


def creates(stage: SimulatedStage) -> list[SeenRequest]:
    return [seen for seen in stage.tap.requests if (seen.method, seen.path) == ("POST", ORDERS)]


def created(simulator: McfSimulator) -> list[str | None]:
    """The ids of the orders that were really created, as Amazon knows it."""
    done = [record for record in simulator.log if record.operation == "createFulfillmentOrder"]
    return [record.remote_id for record in done if record.effect.startswith("created")]


def body_of(seen: SeenRequest) -> Mapping[str, object]:
    document = seen.document
    assert isinstance(document, dict)
    return document


def test_the_new_order_says_what_the_old_one_said(simulator: McfSimulator, stage: SimulatedStage) -> None:
    canceled(simulator, stage)
    stage.resubmit()
    (post,) = creates(stage)
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


def test_the_settings_of_the_connection_reach_the_new_order(open_stage: StageOpener, simulator: McfSimulator) -> None:
    chosen = {"action": "Hold", "policy": "FillAll", "speed": "Expedited", "marketplace_id": ""}
    stage = open_stage(chosen)
    canceled(simulator, stage)
    assert stage.resubmit().state is ErrandState.DONE
    body = body_of(creates(stage)[0])
    names = ("fulfillmentAction", "fulfillmentPolicy", "shippingSpeedCategory")
    assert [body[name] for name in names] == ["Hold", "FillAll", "Expedited"]
    assert "marketplaceId" not in body


def test_what_an_earlier_create_left_is_found_and_not_made_twice(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    canceled(simulator, stage)
    simulator.add_order("1042-1", lines=tuple(reversed(LINES)))
    assert stage.resubmit().state is ErrandState.DONE
    assert creates(stage) == []


@pytest.mark.parametrize(
    "lines", [(("MUG", 2),), (("MUG", 2), ("CAP", 2)), (("MUG", 2), ("HAT", 1)), (*LINES, LINES[0])]
)
def test_another_order_under_the_new_number_is_refused_with_a_remedy(
    simulator: McfSimulator, stage: SimulatedStage, lines: tuple[tuple[str, int], ...]
) -> None:
    canceled(simulator, stage)
    simulator.add_order("1042-1", lines=lines)
    made = stage.resubmit()
    assert (made.state, made.remedy) == (ErrandState.REFUSED, "give another number")
    assert creates(stage) == []
    assert stage.resubmit(number="1042-B").state is ErrandState.DONE
    assert created(simulator) == ["1042-B"]


def test_an_order_that_amazon_refuses_is_refused_in_its_words(open_stage: StageOpener, simulator: McfSimulator) -> None:
    stage = open_stage(lines=(("MUG", 251),))
    simulator.add_order("1042", lines=(("MUG", 251),))
    stage.cancel()
    stage.follow()
    made = stage.resubmit()
    assert made.state is ErrandState.REFUSED
    assert "InvalidInput: items" in (made.text or "")
    assert created(simulator) == []


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_create_that_is_turned_away_is_not_done_and_tried_again(
    simulator: McfSimulator, stage: SimulatedStage, status: int
) -> None:
    canceled(simulator, stage)
    stage.tap.instead = lambda seen: (status, "{}") if (seen.method, seen.path) == ("POST", ORDERS) else None
    made = stage.resubmit()
    assert (made.state, created(simulator)) == (ErrandState.REQUESTED, [])
    stage.tap.instead = None
    assert stage.resubmit().state is ErrandState.DONE
    assert created(simulator) == ["1042-1"]


def test_all_that_we_say_fits_amazons_own_model(simulator: McfSimulator, stage: SimulatedStage) -> None:
    model = SwaggerModel(vendor_file("amazon", "fulfillmentOutbound_2020-07-01.json"))
    canceled(simulator, stage)
    stage.resubmit()
    judged = []
    for seen in stage.tap.requests:
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
