"""Resubmitting to Site Flow: looked for first, created on the endpoint that says at once what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.case import State
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.stage import LINES, ORDER, SimulatedStage

Opener = Callable[..., SimulatedStage]
NEXT = f"{ORDER}-1"


def canceled(stage: SimulatedStage, site: SiteFlowSimulator) -> SimulatedStage:
    """The stage, whose order is canceled; what was said for that is forgotten."""
    site.add_order(ORDER, lines=LINES)
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    stage.tap.requests.clear()
    return stage


def creates(site: SiteFlowSimulator) -> list[str]:
    return [record.effect for record in site.log if record.operation == "POST order"]


def test_a_canceled_order_goes_out_again_under_a_new_number(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    work = canceled(stage, site).resubmit()
    assert (work.state, work.remote_id, site.truth(NEXT)) == (ErrandState.DONE, NEXT, "dataready")
    asked = [f"{seen.method} {seen.path}" for seen in stage.tap.requests]
    assert asked == [f"GET /api/order/bysourceid/{NEXT}", "POST /api/order"]


def test_what_is_submitted_is_the_documented_minimum_and_who_it_ships_to(
    open_stage: Opener, site: SiteFlowSimulator
) -> None:
    stage = canceled(open_stage(component_code="Cover", carrier_alias="express"), site)
    stage.resubmit()
    assert stage.tap.requests[-1].document == {
        "destination": {"name": "simulated-printer"},
        "orderData": {
            "sourceOrderId": NEXT,
            "items": [
                {
                    "sku": sku, "sourceItemId": str(number), "quantity": quantity, "shipmentIndex": 0,
                    "components": [
                        {"code": "Cover", "path": "https://files.example.com/artwork.pdf", "fetch": True},
                    ],
                }
                for number, (sku, quantity) in enumerate(LINES, start=1)
            ],
            "shipments": [
                {
                    "shipTo": {
                        "name": "Robin Understudy", "companyName": "Rehearsal Goods", "address1": "12 Prompter Lane",
                        "town": "Springfield", "state": "IL", "postcode": "62701", "isoCountry": "US",
                        "phone": "217-555-0175", "email": "robin.understudy@example.com",
                    },
                    "shipmentIndex": 0,
                    "carrier": {"alias": "express"},
                },
            ],
        },
    }  # fmt: skip


def test_a_create_whose_reply_was_lost_is_found_and_not_made_again(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    canceled(stage, site)
    site.faults.add(Fault.LOST_REPLY, method="POST")
    work = stage.resubmit()
    assert work.state is ErrandState.UNCLEAR
    assert work.due_at is not None
    stage.wait_for(work.due_at)
    stage.desk.run_due()
    assert stage.resubmit().state is ErrandState.DONE
    assert creates(site) == ["created: dataready"]


def test_a_validation_failure_is_refused_with_its_paths_and_messages(
    open_stage: Opener, site: SiteFlowSimulator
) -> None:
    work = canceled(open_stage(destination="nobody"), site).resubmit()
    assert work.state is ErrandState.REFUSED
    assert "208: SIM: the order is not valid: destination.name: SIM: unknown destination" in str(work.text)
    assert NEXT in str(work.remedy)


def test_a_number_of_another_order_is_refused_and_nothing_is_made(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(NEXT, lines=(("SOCKS", 1),))
    work = canceled(stage, site).resubmit()
    assert (work.state, creates(site)) == (ErrandState.REFUSED, [])
    assert f"another order {NEXT} already" in str(work.text)


def test_a_number_that_is_used_but_not_found_is_refused_by_site_flow(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(NEXT, lines=LINES)
    canceled(stage, site)
    stage.tap.instead = lambda seen: (404, "{}") if seen.path.endswith(NEXT) else None
    work = stage.resubmit()
    assert work.state is ErrandState.REFUSED
    assert "orderData.sourceOrderId" in str(work.text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"artwork": ""}, "no artwork for MUG, CAP"), ({"component_code": ""}, "no component code")],
)
def test_an_order_that_lacks_what_is_printed_is_not_submitted(
    open_stage: Opener, site: SiteFlowSimulator, changed: dict[str, str], said: str
) -> None:
    work = canceled(open_stage(**changed), site).resubmit()
    assert (work.state, creates(site)) == (ErrandState.REQUESTED, [])
    assert said in str(work.text)
    assert "print_url" in str(work.remedy)


def test_the_key_of_the_artwork_is_a_setting(open_stage: Opener, site: SiteFlowSimulator) -> None:
    work = canceled(open_stage(artwork="art", artwork_key="art"), site).resubmit()
    assert work.state is ErrandState.DONE


@pytest.mark.parametrize("fault", [Fault.OK_HTML, Fault.OK_EMPTY])
def test_an_answer_that_is_no_order_is_looked_into(
    stage: SimulatedStage, site: SiteFlowSimulator, fault: Fault
) -> None:
    canceled(stage, site)
    site.faults.add(fault, method="POST")
    assert stage.resubmit().state is ErrandState.UNCLEAR


def test_who_is_not_let_in_submits_nothing_and_is_tried_again(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    canceled(stage, site)
    stage.tap.instead = lambda _seen: (401, '{"message": "Token Not Found"}')
    work = stage.resubmit()
    assert (work.state, creates(site)) == (ErrandState.REQUESTED, [])
    assert "check token" in str(work.remedy)
