"""Resubmitting to MWW: a vendor-po is used once, so a canceled order goes out again under a new number."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from orderdesk_mww.simulator import MwwSimulator, example_order
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.testing.faults import Fault

Opener = Callable[..., Desk]


def canceled(desk: Desk, mww: MwwSimulator) -> Desk:
    """The desk, whose order a person has confirmed to be canceled."""
    assert isinstance(mww.clock, VirtualClock)
    mww.clock.advance(hours(1))
    (case,) = desk.cancel("1042", by="Ann").cases
    desk.confirm(case.id, by="Ann")
    return desk


def creates(mww: MwwSimulator) -> list[str]:
    return [record.effect for record in mww.log if record.operation == "POST orders"]


def test_a_canceled_order_goes_out_again_under_a_new_number(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = canceled(open_desk(), mww)
    work = desk.resubmit("1042", by="Ann", number="1042-1")
    assert (work.state, work.remote_id, mww.truth("1042-1")) == (ErrandState.DONE, "1042-1", "received")
    assert [record.operation for record in mww.log if record.remote_id == "1042-1"] == ["GET orders", "POST orders"]
    assert [found.remote_id for found in desk.host.placements(desk.host.order(work.order_number).id)] == ["1042-1"]


def test_a_line_without_a_design_is_refused_before_anything_is_sent(open_desk: Opener, mww: MwwSimulator) -> None:
    work = canceled(open_desk(metadata={"artwork": "x"}), mww).resubmit("1042", by="Ann", number="1042-1")
    assert work.state is ErrandState.REFUSED
    assert "no design for PILLOW" in str(work.text)
    assert "print_url" in str(work.remedy)
    assert mww.log == []


def test_the_key_of_the_design_is_a_setting(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = canceled(open_desk(metadata={"artwork": "https://files.example.com/a.png"}, design_key="artwork"), mww)
    assert desk.resubmit("1042", by="Ann", number="1042-1").state is ErrandState.DONE


def test_a_create_whose_reply_was_lost_is_found_and_not_made_again(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = canceled(open_desk(), mww)
    mww.faults.add(Fault.LOST_REPLY, method="POST")
    work = desk.resubmit("1042", by="Ann", number="1042-1")
    assert work.state is ErrandState.UNCLEAR
    assert work.due_at is not None
    mww.clock.sleep_until(mww.clock.monotonic() + (work.due_at - mww.clock.now()).total_seconds())
    desk.run_due()
    assert desk.resubmit("1042", by="Ann", number="1042-1").state is ErrandState.DONE
    assert creates(mww) == ["created: received"]


def test_a_number_of_another_order_is_refused(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order("1042-1", lines=(("SOCKS", 1),))
    work = canceled(open_desk(), mww).resubmit("1042", by="Ann", number="1042-1")
    assert work.state is ErrandState.REFUSED
    assert "already" in str(work.text)
    assert creates(mww) == []


def test_a_number_that_is_used_but_not_readable_yet_is_refused_by_mww_with_its_words(
    open_desk: Opener, mww: MwwSimulator
) -> None:
    desk = canceled(open_desk(), mww)
    mww.set_switch("before_ingestion", "unknown")
    mww.add_order("1042-1", lines=(("PILLOW", 2),))
    work = desk.resubmit("1042", by="Ann", number="1042-1")
    assert work.state is ErrandState.REFUSED
    assert "Vendor Po must be unique" in str(work.text)
    assert "an earlier try of this order" in str(work.remedy)


@pytest.mark.parametrize("fault", [Fault.OK_HTML, Fault.ERROR_WITHOUT_ERRORS])
def test_an_answer_that_is_no_order_is_looked_into(open_desk: Opener, mww: MwwSimulator, fault: Fault) -> None:
    desk = canceled(open_desk(), mww)
    mww.faults.add(fault, method="POST")
    assert desk.resubmit("1042", by="Ann", number="1042-1").state is ErrandState.UNCLEAR


def test_a_wrong_key_submits_nothing_and_is_tried_again(open_desk: Opener, mww: MwwSimulator) -> None:
    work = canceled(open_desk(api_key="somebody else's"), mww).resubmit("1042", by="Ann", number="1042-1")
    assert work.state is ErrandState.REQUESTED
    assert "API key" in str(work.remedy)


def test_the_simulated_create_is_what_the_plugin_sends(open_desk: Opener, mww: MwwSimulator) -> None:
    """The plugin's body and the example of the documentation's shape agree in their names."""
    from orderdesk_mww.account import MwwSettings
    from orderdesk_mww.orders import new_order
    from orderdesk_sdk.secret import Secret

    desk = open_desk()
    settings = MwwSettings(api_key=Secret("a key"), cancel_email_to="a@example.com", shipping_method="SAMPLE")
    sent = json.loads(
        httpx.Request("POST", "https://mww.example", json=new_order(desk.host.order("1042"), settings)).content
    )
    example = example_order("1042")
    assert sent["data"]["attributes"] == {"vendor-po": "1042", "shipping-method": "SAMPLE"}
    names = [set(entry["attributes"]) for entry in sent["included"]]
    included = example["included"]
    assert isinstance(included, list)
    assert names == [set(entry["attributes"]) for entry in included]
