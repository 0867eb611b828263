"""Resubmitting to MWW: a vendor-po is used once, so a canceled order goes out again under a new number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_mww.api import new_order
from orderdesk_mww.settings import MwwSettings
from orderdesk_mww.simulator import MwwSimulator, example_order
from orderdesk_mww.simulator import State as MwwState
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import hours
from orderdesk_sdk.secret import Secret

integration = "mww"
NEXT = "1042-1"
LINES = (("PILLOW", 2),)
DESIGN = {"print_url": "https://files.example.com/pillow.png"}


def canceled(
    open_harness: HarnessOpener,
    settings: Mapping[str, object] | None = None,
    metadata: Mapping[str, object] = DESIGN,
    country: str = "US",
) -> SimulatedHarness:
    """A stage whose order a person has confirmed to be canceled, after a mail."""
    stage = open_harness(
        settings, lines=LINES, details={"order_items": [{"metadata": metadata}], "shipping": {"country": country}}
    )
    stage.wait_for(stage.clock.now() + hours(1))
    stage.desk.cases.confirm(stage.cancel().id, by="Ann")
    return stage


def creates(mww: MwwSimulator) -> list[str]:
    return [record.effect for record in mww.log if record.operation == "POST orders"]


def test_a_line_without_a_design_is_refused_before_anything_is_sent(open_harness: HarnessOpener) -> None:
    stage = canceled(open_harness, metadata={"artwork": "x"})
    work = stage.resubmit()
    assert (work.state, stage.sent) == (State.REJECTED, [])
    assert "no design for PILLOW" in str(work.message)
    assert "print_url" in str(work.hint)


def test_the_key_of_the_design_is_a_setting(open_harness: HarnessOpener) -> None:
    stage = canceled(open_harness, {"design_key": "artwork"}, {"artwork": "https://files.example.com/a.png"})
    assert stage.resubmit().state is State.DONE


def test_a_number_of_another_order_is_refused(open_harness: HarnessOpener, simulator: MwwSimulator) -> None:
    simulator.add_order(NEXT, lines=(("SOCKS", 1),))
    work = canceled(open_harness).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])
    assert "already" in str(work.message)


def test_a_number_that_is_used_but_not_readable_yet_is_refused_by_mww_with_its_words(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    stage = canceled(open_harness)
    simulator.set_option("before_ingestion", "unknown")
    simulator.add_order(NEXT, lines=LINES)
    work = stage.resubmit()
    assert work.state is State.REJECTED
    assert "Vendor Po must be unique" in str(work.message)
    assert "an earlier try of this order" in str(work.hint)


def test_a_wrong_key_submits_nothing_and_is_tried_again(open_harness: HarnessOpener) -> None:
    work = canceled(open_harness, {"api_key": "somebody else's"}).resubmit()
    assert work.state is State.PENDING
    assert "API key" in str(work.hint)


def test_the_simulated_create_is_what_the_plugin_sends(open_harness: HarnessOpener) -> None:
    """The plugin's body and the example of the documentation's shape agree in their names."""
    settings = MwwSettings(api_key=Secret("a key"), cancel_email_to="a@example.com", shipping_method="SAMPLE")
    bodies: list[Any] = [
        new_order(canceled(open_harness).desk.order_store.get_order("1042"), settings),
        example_order("1042"),
    ]
    assert bodies[0]["data"]["attributes"] == {"vendor-po": "1042", "shipping-method": "SAMPLE"}
    names, others = ([set(entry["attributes"]) for entry in body["included"]] for body in bodies)
    assert names == others


# What is there already


def unsure(
    open_harness: HarnessOpener, mww: MwwSimulator, *, state: MwwState, lines: Sequence[tuple[str, int]]
) -> ResubmitCase:
    """What a second try ends with, where an earlier create may have been processed and an order is there."""
    stage = canceled(open_harness)
    stage.recorder.override = lambda seen: (503, "{}") if seen.method == "POST" else None
    work = stage.resubmit()
    assert work.state is State.UNKNOWN
    mww.add_order(NEXT, lines=lines, state=state)
    assert work.due_at is not None
    stage.wait_for(work.due_at)
    stage.run_due()
    return stage.desk.ledger.case(work.id, ResubmitCase)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (MwwState.RECEIVED, State.DONE),
        (MwwState.PACKED, State.DONE),
        (MwwState.SHIPPED, State.REJECTED),
        (MwwState.CANCELLED, State.REJECTED),
    ],
)
def test_what_an_earlier_create_made_counts_while_it_is_on_its_way(
    open_harness: HarnessOpener, simulator: MwwSimulator, state: MwwState, found: State
) -> None:
    assert unsure(open_harness, simulator, state=state, lines=LINES).state is found
    assert creates(simulator) == []


def test_an_order_of_other_lines_is_not_what_an_earlier_create_made(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    assert unsure(open_harness, simulator, state=MwwState.RECEIVED, lines=(("SOCKS", 1),)).state is State.REJECTED


def test_an_order_with_the_same_lines_is_taken_where_nothing_was_sent(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    simulator.add_order(NEXT, lines=LINES)
    work = canceled(open_harness).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])


def test_a_404_of_a_path_is_no_proof_that_the_number_is_free(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    stage = canceled(open_harness)
    stage.recorder.override = lambda seen: (404, "<html></html>") if seen.method == "GET" else None
    work = stage.resubmit()
    assert (work.state, creates(simulator)) == (State.PENDING, [])
    assert "base URL" in str(work.hint)


@pytest.mark.parametrize(("country", "code"), [("United States", "US"), ("deu", "DE"), ("", None), ("Atlantis", None)])
def test_a_country_is_sent_as_its_code_and_one_that_is_none_is_not_sent(
    open_harness: HarnessOpener, simulator: MwwSimulator, country: str, code: str | None
) -> None:
    stage = canceled(open_harness, country=country)
    work = stage.resubmit()
    if code is None:
        assert (work.state, stage.sent) == (State.REJECTED, [])
        assert "ISO 3166-1" in str(work.hint)
    else:
        document: Any = stage.recorder.requests[-1].document
        assert document["included"][0]["attributes"]["country"] == code
