"""Resubmitting to Site Flow: looked for first, created on the endpoint that says at once what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase

integration = "hp-site-flow"
NEXT = f"{ORDER}-1"


def canceled(
    open_harness: HarnessOpener,
    simulator: SiteFlowSimulator,
    settings: Mapping[str, object] | None = None,
    artwork: str = "print_url",
    country: str = "US",
) -> SimulatedHarness:
    """A stage whose order is canceled. artwork: the key of it in the metadata of each line; "" for none."""
    metadata = {artwork: "https://files.example.com/artwork.pdf"} if artwork else {}
    details = {"order_items": [{"metadata": metadata}] * len(LINES), "shipping": {"country": country}}
    stage = open_harness(settings, details=details)
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED
    return stage


def creates(simulator: SiteFlowSimulator) -> list[str]:
    return [record.effect for record in simulator.log if record.operation == "POST order"]


def test_what_is_submitted_is_the_documented_minimum_and_who_it_ships_to(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    stage = canceled(open_harness, simulator, {"component_code": "Cover", "carrier_alias": "express"})
    stage.resubmit()
    assert stage.recorder.requests[-1].document == {
        "destination": {"name": "simulated-printer"},
        "orderData": {
            "sourceOrderId": NEXT,
            "items": [
                {
                    "sku": sku,
                    "sourceItemId": str(number),
                    "quantity": quantity,
                    "shipmentIndex": 0,
                    "components": [
                        {"code": "Cover", "path": "https://files.example.com/artwork.pdf", "fetch": True},
                    ],
                }
                for number, (sku, quantity) in enumerate(LINES, start=1)
            ],
            "shipments": [
                {
                    "shipTo": {
                        "name": "Robin Understudy",
                        "companyName": "Rehearsal Goods",
                        "address1": "12 Prompter Lane",
                        "town": "Springfield",
                        "state": "IL",
                        "postcode": "62701",
                        "isoCountry": "US",
                        "phone": "217-555-0175",
                        "email": "robin.understudy@example.com",
                    },
                    "shipmentIndex": 0,
                    "carrier": {"alias": "express"},
                },
            ],
        },
    }


def test_a_validation_failure_is_refused_with_its_paths_and_messages(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    work = canceled(open_harness, simulator, {"destination": "nobody"}).resubmit()
    assert work.state is State.REJECTED
    assert "208: SIM: the order is not valid: destination.name: SIM: unknown destination" in str(work.message)
    assert NEXT in str(work.hint)


def test_a_number_of_another_order_is_refused_and_nothing_is_made(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(NEXT, lines=(("SOCKS", 1),))
    work = canceled(open_harness, simulator).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])
    assert f"an order {NEXT} already" in str(work.message)


def test_a_number_that_is_used_but_not_found_is_refused_by_site_flow(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(NEXT, lines=LINES)
    stage = canceled(open_harness, simulator)
    stage.recorder.override = lambda seen: (404, '{"error": {"message": "no"}}') if seen.path.endswith(NEXT) else None
    work = stage.resubmit()
    assert work.state is State.REJECTED
    assert "orderData.sourceOrderId" in str(work.message)


@pytest.mark.parametrize(
    ("settings", "artwork", "said"),
    [({}, "", "no artwork for MUG, CAP"), ({"component_code": ""}, "print_url", "no component code")],
)
def test_an_order_that_lacks_what_is_printed_is_not_submitted(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator, settings: dict[str, str], artwork: str, said: str
) -> None:
    work = canceled(open_harness, simulator, settings, artwork).resubmit()
    assert (work.state, creates(simulator)) == (State.PENDING, [])
    assert said in str(work.message)
    assert "print_url" in str(work.hint)


def test_the_key_of_the_artwork_is_a_setting(open_harness: HarnessOpener, simulator: SiteFlowSimulator) -> None:
    work = canceled(open_harness, simulator, {"artwork_key": "art"}, "art").resubmit()
    assert work.state is State.DONE


def test_who_is_not_let_in_submits_nothing_and_is_tried_again(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    stage = canceled(open_harness, simulator)
    stage.recorder.override = lambda _seen: (401, '{"message": "Token Not Found"}')
    work = stage.resubmit()
    assert (work.state, creates(simulator)) == (State.PENDING, [])
    assert "check token" in str(work.hint)


@pytest.mark.parametrize(
    ("status", "lines", "found"),
    [
        ("dataready", LINES, State.DONE),
        ("complete", LINES, State.DONE),
        ("shipped", LINES, State.REJECTED),
        ("cancelled", LINES, State.REJECTED),
        ("error", LINES, State.REJECTED),
        ("dataready", (("SOCKS", 1),), State.REJECTED),
    ],
)
def test_what_an_earlier_create_made_counts_while_it_is_on_its_way(
    open_harness: HarnessOpener,
    simulator: SiteFlowSimulator,
    status: str,
    lines: Sequence[tuple[str, int]],
    found: State,
) -> None:
    stage = canceled(open_harness, simulator)
    stage.recorder.override = lambda seen: (503, "{}") if seen.method == "POST" else None
    work = stage.resubmit()
    assert work.state is State.UNKNOWN
    simulator.add_order(NEXT, lines=lines, status=status)
    assert work.due_at is not None
    stage.wait_for(work.due_at)
    stage.run_due()
    work = stage.desk.ledger.case(work.id, ResubmitCase)
    assert (work.state, creates(simulator)) == (found, [])


def test_an_order_with_the_same_lines_is_taken_where_nothing_was_sent(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(NEXT, lines=LINES)
    work = canceled(open_harness, simulator).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])


def test_a_404_of_a_path_is_no_proof_that_the_number_is_free(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    stage = canceled(open_harness, simulator)
    stage.recorder.override = lambda seen: (404, "<html></html>") if seen.path.endswith(NEXT) else None
    work = stage.resubmit()
    assert (work.state, creates(simulator)) == (State.PENDING, [])
    assert "base URL" in str(work.hint)


@pytest.mark.parametrize(("country", "code"), [("United States", "US"), ("deu", "DE"), ("", None), ("Atlantis", None)])
def test_a_country_is_sent_as_its_code_and_one_that_is_none_is_not_sent(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator, country: str, code: str | None
) -> None:
    stage = canceled(open_harness, simulator, country=country)
    work = stage.resubmit()
    if code is None:
        assert (work.state, creates(simulator)) == (State.REJECTED, [])
        assert "ISO 3166-1" in str(work.hint)
    else:
        document: Any = stage.recorder.requests[-1].document
        assert document["orderData"]["shipments"][0]["shipTo"]["isoCountry"] == code
