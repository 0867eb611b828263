"""Resubmitting to MWW: a vendor-po is used once, so a canceled order goes out again under a new number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_mww.api import new_order
from orderdesk_mww.settings import MwwSettings
from orderdesk_mww.simulator import MwwSimulator, State, example_order
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.clock import hours
from orderdesk_sdk.secret import Secret

integration = "mww"
NEXT = "1042-1"
LINES = (("PILLOW", 2),)
DESIGN = {"print_url": "https://files.example.com/pillow.png"}


def canceled(
    open_stage: StageOpener,
    settings: Mapping[str, object] | None = None,
    metadata: Mapping[str, object] = DESIGN,
    country: str = "US",
) -> SimulatedStage:
    """A stage whose order a person has confirmed to be canceled, after a mail."""
    stage = open_stage(
        settings, lines=LINES, details={"order_items": [{"metadata": metadata}], "shipping": {"country": country}}
    )
    stage.wait_for(stage.clock.now() + hours(1))
    stage.desk.confirm(stage.cancel().id, by="Ann")
    return stage


def creates(mww: MwwSimulator) -> list[str]:
    return [record.effect for record in mww.log if record.operation == "POST orders"]


def test_a_line_without_a_design_is_refused_before_anything_is_sent(open_stage: StageOpener) -> None:
    stage = canceled(open_stage, metadata={"artwork": "x"})
    work = stage.resubmit()
    assert (work.state, stage.sent) == (ErrandState.REFUSED, [])
    assert "no design for PILLOW" in str(work.text)
    assert "print_url" in str(work.remedy)


def test_the_key_of_the_design_is_a_setting(open_stage: StageOpener) -> None:
    stage = canceled(open_stage, {"design_key": "artwork"}, {"artwork": "https://files.example.com/a.png"})
    assert stage.resubmit().state is ErrandState.DONE


def test_a_number_of_another_order_is_refused(open_stage: StageOpener, simulator: MwwSimulator) -> None:
    simulator.add_order(NEXT, lines=(("SOCKS", 1),))
    work = canceled(open_stage).resubmit()
    assert (work.state, creates(simulator)) == (ErrandState.REFUSED, [])
    assert "already" in str(work.text)


def test_a_number_that_is_used_but_not_readable_yet_is_refused_by_mww_with_its_words(
    open_stage: StageOpener, simulator: MwwSimulator
) -> None:
    stage = canceled(open_stage)
    simulator.set_switch("before_ingestion", "unknown")
    simulator.add_order(NEXT, lines=LINES)
    work = stage.resubmit()
    assert work.state is ErrandState.REFUSED
    assert "Vendor Po must be unique" in str(work.text)
    assert "an earlier try of this order" in str(work.remedy)


def test_a_wrong_key_submits_nothing_and_is_tried_again(open_stage: StageOpener) -> None:
    work = canceled(open_stage, {"api_key": "somebody else's"}).resubmit()
    assert work.state is ErrandState.REQUESTED
    assert "API key" in str(work.remedy)


def test_the_simulated_create_is_what_the_plugin_sends(open_stage: StageOpener) -> None:
    """The plugin's body and the example of the documentation's shape agree in their names."""
    settings = MwwSettings(api_key=Secret("a key"), cancel_email_to="a@example.com", shipping_method="SAMPLE")
    bodies: list[Any] = [new_order(canceled(open_stage).desk.host.order("1042"), settings), example_order("1042")]
    assert bodies[0]["data"]["attributes"] == {"vendor-po": "1042", "shipping-method": "SAMPLE"}
    names, others = ([set(entry["attributes"]) for entry in body["included"]] for body in bodies)
    assert names == others


# What is there already


def unsure(
    open_stage: StageOpener, mww: MwwSimulator, *, state: State, lines: Sequence[tuple[str, int]]
) -> Resubmission:
    """What a second try ends with, where an earlier create may have worked and an order is there."""
    stage = canceled(open_stage)
    stage.tap.instead = lambda seen: (503, "{}") if seen.method == "POST" else None
    work = stage.resubmit()
    assert work.state is ErrandState.UNCLEAR
    mww.add_order(NEXT, lines=lines, state=state)
    assert work.due_at is not None
    stage.wait_for(work.due_at)
    stage.run_due()
    return stage.desk.ledger.resubmission(work.id)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (State.RECEIVED, ErrandState.DONE),
        (State.PACKED, ErrandState.DONE),
        (State.SHIPPED, ErrandState.REFUSED),
        (State.CANCELLED, ErrandState.REFUSED),
    ],
)
def test_what_an_earlier_create_made_counts_while_it_is_on_its_way(
    open_stage: StageOpener, simulator: MwwSimulator, state: State, found: ErrandState
) -> None:
    assert unsure(open_stage, simulator, state=state, lines=LINES).state is found
    assert creates(simulator) == []


def test_an_order_of_other_lines_is_not_what_an_earlier_create_made(
    open_stage: StageOpener, simulator: MwwSimulator
) -> None:
    assert unsure(open_stage, simulator, state=State.RECEIVED, lines=(("SOCKS", 1),)).state is ErrandState.REFUSED


def test_an_order_with_the_same_lines_is_taken_where_nothing_was_sent(
    open_stage: StageOpener, simulator: MwwSimulator
) -> None:
    simulator.add_order(NEXT, lines=LINES)
    work = canceled(open_stage).resubmit()
    assert (work.state, creates(simulator)) == (ErrandState.REFUSED, [])


def test_a_404_of_a_path_is_no_proof_that_the_number_is_free(open_stage: StageOpener, simulator: MwwSimulator) -> None:
    stage = canceled(open_stage)
    stage.tap.instead = lambda seen: (404, "<html></html>") if seen.method == "GET" else None
    work = stage.resubmit()
    assert (work.state, creates(simulator)) == (ErrandState.REQUESTED, [])
    assert "base URL" in str(work.remedy)


@pytest.mark.parametrize(("country", "code"), [("United States", "US"), ("deu", "DE"), ("", None), ("Atlantis", None)])
def test_a_country_is_sent_as_its_code_and_one_that_is_none_is_not_sent(
    open_stage: StageOpener, simulator: MwwSimulator, country: str, code: str | None
) -> None:
    stage = canceled(open_stage, country=country)
    work = stage.resubmit()
    if code is None:
        assert (work.state, stage.sent) == (ErrandState.REFUSED, [])
        assert "ISO 3166-1" in str(work.remedy)
    else:
        document: Any = stage.tap.requests[-1].document
        assert document["included"][0]["attributes"]["country"] == code
