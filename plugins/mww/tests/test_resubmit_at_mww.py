"""Resubmitting to MWW: a vendor-po is used once, so a canceled order goes out again under a new number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderdesk_mww.account import MwwSettings
from orderdesk_mww.orders import new_order
from orderdesk_mww.simulator import MwwSimulator, example_order
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.testing.plugin import StageOpener
from orderdesk_sdk.testing.stage import SimulatedStage

integration = "mww"
NEXT = "1042-1"
LINES = (("PILLOW", 2),)
DESIGN = {"print_url": "https://files.example.com/pillow.png"}


def canceled(
    open_stage: StageOpener,
    settings: Mapping[str, object] | None = None,
    metadata: Mapping[str, object] = DESIGN,
) -> SimulatedStage:
    """A stage whose order a person has confirmed to be canceled, after a mail."""
    stage = open_stage(settings, lines=LINES, details={"order_items": [{"metadata": metadata}]})
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
