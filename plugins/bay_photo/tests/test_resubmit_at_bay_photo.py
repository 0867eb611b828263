"""Resubmitting to Bay Photo: under a new number, looked up first where that can be, and never made twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orderdesk_bay_photo.simulator import BayPhotoSimulator
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.tap import Tap

Opener = Callable[..., Desk]
APIS = pytest.mark.parametrize("api", ["v1", "v2"])
URL = "https://files.example.com/photos/sea%20side.jpg?v=2"
CREATE = r"/orders\.json$|/submit$"


def canceled(desk: Desk) -> Desk:
    """The desk, whose order a person has confirmed to be canceled."""
    (case,) = desk.cancel("1042", by="Ann").cases
    desk.confirm(case.id, by="Ann")
    return desk


def again(desk: Desk, number: str = "1042-1") -> Resubmission:
    return desk.resubmit("1042", by="Ann", number=number)


def pass_until_due(desk: Desk, work: Resubmission) -> None:
    assert work.due_at is not None
    desk.clock.sleep_until(desk.clock.monotonic() + (work.due_at - desk.clock.now()).total_seconds())
    assert desk.run_due().problems == ()


def creates(lab: BayPhotoSimulator) -> list[str]:
    return [record.effect for record in lab.log if record.operation == "create"]


def sent(tap: Tap) -> Any:
    (seen,) = [one for one in tap.requests if one.method == "POST" and one.path.endswith(("orders.json", "/submit"))]
    return seen.document


def blind(lab: BayPhotoSimulator) -> dict[str, object]:
    """A wire profile that cannot tell whether an order is there."""
    table: Any = lab.wire()
    return {**table, "read": {name: value for name, value in table["read"].items() if name != "unknown"}}


@APIS
def test_a_canceled_order_goes_out_again_under_a_new_number(
    open_desk: Opener, lab: BayPhotoSimulator, api: str
) -> None:
    lab.set_switch("api", api)
    desk = canceled(open_desk())
    work = again(desk)
    assert (work.state, work.remote_id, lab.truth("1042-1")) == (ErrandState.DONE, "1042-1", "queued")
    assert [record.operation for record in lab.log if record.remote_id == "1042-1"] == ["GET order", "create"]
    assert [found.remote_id for found in desk.host.placements(desk.host.order(work.order_number).id)] == ["1042-1"]


def test_v1_gets_the_order_as_its_document_has_it(open_desk: Opener, tap: Tap) -> None:
    again(canceled(open_desk(return_shipping_id="77")))
    document = sent(tap)
    assert document.pop("order_date").endswith(" UTC")
    photo = {"image_file_name": "sea side.jpg", "image_source_path": URL, "crop_width": 100, "crop_height": 100,
             "crop_x": 50, "crop_y": 50, "node_uid": "1"}  # fmt: skip
    assert document == {
        "order_name": "1042-1", "shipping_billing_code": "FEDEX2", "drop_ship": True, "return_shipping_id": "77",
        "customer": {
            "name": "Robin Understudy", "email": "robin@example.com", "phone": "217-555-0175",
            "address1": "12 Prompter Lane", "address2": "Rear", "city": "Springfield", "state": "IL", "country": "US",
            "zip": "62701",
        },
        "products": [{"product_id": "8x10", "qty": 2, "photos": [photo]}],
    }  # fmt: skip


def test_v2_gets_the_order_as_its_schema_has_it(open_desk: Opener, lab: BayPhotoSimulator, tap: Tap) -> None:
    lab.set_switch("api", "v2")
    again(canceled(open_desk()))
    document = sent(tap)
    assert document.pop("placed_at").endswith("Z")
    assert document == {
        "integrator_identifier": "1042-1",
        "shipping": {"code": "FEDEX2", "destination_address": {
            "name": "Robin Understudy", "street_address": ["12 Prompter Lane", "Rear"], "city": "Springfield",
            "state_or_region": "IL", "postal_code": "62701", "country": "US",
        }},
        "images": {"iid-1": {"url": URL, "filename": "sea side.jpg"}},
        "products": [{
            "name": "Sea side", "code": "8x10", "quantity": 2, "images": {"1": {"image_id": "iid-1"}}, "options": [],
        }],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"print_url": URL}, "SEA has no print_sku"),
        ({"print_sku": "8x10"}, "SEA has no print_url"),
        ({"print_sku": "8x10", "print_url": "sea.jpg"}, "SEA has no print_url"),
        ({"print_sku": "8x10", "print_url": "https://files.example.com/"}, "SEA has no print_url"),
        ({}, "SEA has no print_sku and no print_url"),
    ],
)
@APIS
def test_a_line_without_product_or_image_is_refused_before_anything_is_sent(
    open_desk: Opener, lab: BayPhotoSimulator, metadata: Mapping[str, object], said: str, api: str
) -> None:
    lab.set_switch("api", api)
    desk = canceled(open_desk(metadata=metadata))
    before = len(lab.log)
    work = again(desk)
    assert work.state is ErrandState.REFUSED
    assert said in str(work.text)
    assert "metadata" in str(work.remedy)
    assert len(lab.log) == before


def test_product_and_image_may_be_variations_under_other_names(open_desk: Opener, tap: Tap) -> None:
    names = {"product_key": "Product", "image_key": "Artwork"}
    again(canceled(open_desk(metadata={}, variations={"Product": "11x14", "Artwork": URL}, **names)))
    assert sent(tap)["products"][0]["product_id"] == "11x14"


def test_without_a_shipping_method_nothing_is_sent(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    work = again(canceled(open_desk(shipping_code=None)))
    assert (work.state, work.remedy, creates(lab)) == (ErrandState.REFUSED, "set shipping_code", [])


def test_where_v2_takes_new_orders_must_be_configured(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    lab.set_switch("api", "v2")
    work = again(canceled(open_desk(submit_path=None)))
    assert (work.state, creates(lab)) == (ErrandState.REFUSED, [])
    assert "submit_path" in str(work.text)
    assert "duplicate the order in Order Desk" in str(work.remedy)


@APIS
def test_a_number_that_is_used_is_refused_by_looking(open_desk: Opener, lab: BayPhotoSimulator, api: str) -> None:
    lab.set_switch("api", api)
    lab.add_order("1042-1")
    work = again(canceled(open_desk()))
    assert (work.state, creates(lab)) == (ErrandState.REFUSED, [])
    assert "1042-1 already, which this resubmission did not make" in str(work.text)
    assert work.remedy == "look at it, then give another number"


@APIS
def test_a_number_that_is_used_is_refused_by_bay_photo(open_desk: Opener, lab: BayPhotoSimulator, api: str) -> None:
    lab.set_switch("api", api)
    lab.add_order("1042-1")
    work = again(canceled(open_desk(wire=blind(lab))))
    assert work.state is ErrandState.REFUSED
    assert "whether 1042-1 is used" in str(work.remedy)
    assert len(creates(lab)) == 1
    assert "is used" in creates(lab)[0]


@APIS
def test_a_create_whose_reply_was_lost_is_found_by_looking_and_not_made_again(
    open_desk: Opener, lab: BayPhotoSimulator, api: str
) -> None:
    lab.set_switch("api", api)
    desk = canceled(open_desk())
    lab.faults.add(Fault.LOST_REPLY, method="POST", path=CREATE)
    work = again(desk)
    assert work.state is ErrandState.UNCLEAR
    pass_until_due(desk, work)
    assert again(desk).state is ErrandState.DONE
    assert creates(lab) == ["created"]


@APIS
@pytest.mark.parametrize("configured", [True, False])
def test_a_create_whose_reply_was_lost_is_a_persons_where_nobody_can_look(
    open_desk: Opener, lab: BayPhotoSimulator, api: str, configured: bool
) -> None:
    lab.set_switch("api", api)
    desk = canceled(open_desk(wire=blind(lab) if configured else None))
    lab.faults.add(Fault.LOST_REPLY, method="POST", path=CREATE)
    work = again(desk)
    for _ in range(3):
        assert work.state is ErrandState.UNCLEAR
        pass_until_due(desk, work)
        work = desk.ledger.resubmission(work.id)
    assert (work.state, creates(lab)) == (ErrandState.UNCLEAR, ["created"])
    assert "cannot be read whether it did" in str(work.text)
    assert "made under another number" in str(work.remedy)
    assert work.due_at is not None
    assert work.due_at - work.updated_at == hours(4)
    assert again(desk).id == work.id
    assert creates(lab) == ["created"]
    assert again(desk, "1042-2").state is ErrandState.DONE


@APIS
def test_a_create_that_provably_did_nothing_is_sent_again_where_nobody_can_look(
    open_desk: Opener, lab: BayPhotoSimulator, tap: Tap, api: str
) -> None:
    lab.set_switch("api", api)
    desk = canceled(open_desk(wire=blind(lab)))
    tap.instead = lambda seen: (429, "{}") if re.search(CREATE, seen.path) else None
    work = again(desk)
    assert (work.state, creates(lab)) == (ErrandState.REQUESTED, [])
    tap.instead = None
    pass_until_due(desk, work)
    assert (desk.ledger.resubmission(work.id).state, creates(lab)) == (ErrandState.DONE, ["created"])


@pytest.mark.parametrize("fault", [Fault.OK_HTML, Fault.ERROR_WITHOUT_ERRORS])
def test_a_reply_that_tells_nothing_is_looked_into(open_desk: Opener, lab: BayPhotoSimulator, fault: Fault) -> None:
    desk = canceled(open_desk())
    lab.faults.add(fault, method="POST", path=CREATE)
    assert again(desk).state is ErrandState.UNCLEAR


@pytest.mark.parametrize("fault", [Fault.OK_HTML, Fault.ERROR_WITHOUT_ERRORS])
def test_a_look_that_tells_nothing_creates_nothing(open_desk: Opener, lab: BayPhotoSimulator, fault: Fault) -> None:
    desk = canceled(open_desk())
    lab.faults.add(fault, method="GET", times=5)
    assert again(desk).is_open
    assert creates(lab) == []


def test_a_wrong_token_submits_nothing_and_is_tried_again(open_desk: Opener, lab: BayPhotoSimulator) -> None:
    work = again(canceled(open_desk(token="somebody else's", wire=None)))
    assert work.state is ErrandState.REQUESTED
    assert "credentials" in str(work.remedy)
    assert creates(lab) == ["refused: credentials"]
