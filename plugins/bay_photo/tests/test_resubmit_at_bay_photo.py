"""Resubmitting to Bay Photo: as each API's document has it, under a number of its own, and never made twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from orderdesk_bay_photo.simulator import BayPhotoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

integration = "bay-photo"
each_api = pytest.mark.parametrize("api", ["v1", "v2"])
URL = "https://files.example.com/photos/sea%20side.jpg?v=2"
PRINT = {"print_sku": "8x10", "print_url": URL}
CREATE = r"/orders\.json$|/submit$"


def canceled(
    open_harness: HarnessOpener,
    settings: Mapping[str, object] | None = None,
    *,
    country: str = "US",
    **line: Mapping[str, object],
) -> SimulatedHarness:
    """A stage whose order a person has confirmed to be canceled. line: of its one line, beside its artwork."""
    item = {"name": "Sea side", "metadata": PRINT, **line}
    details = {
        "order_items": [item],
        "email": "robin@example.com",
        "shipping": {"address2": "Rear", "country": country},
    }
    stage = open_harness(settings, lines=(("SEA", 2),), details=details)
    stage.cancel()
    stage.desk.cases.confirm(stage.case.id, by="Ann")
    return stage


def pass_until_due(harness: SimulatedHarness, work: ResubmitCase) -> ResubmitCase:
    assert work.due_at is not None
    harness.wait_for(work.due_at)
    harness.run_due()
    return harness.desk.ledger.case(work.id, ResubmitCase)


def creates(lab: BayPhotoSimulator) -> list[str]:
    return [record.effect for record in lab.log if record.operation == "create"]


def sent(harness: SimulatedHarness) -> Any:
    """The order as it was submitted."""
    (seen,) = [one for one in harness.recorder.requests if one.method == "POST" and re.search(CREATE, one.path)]
    return seen.document


def blind(lab: BayPhotoSimulator) -> dict[str, object]:
    """An API profile that cannot tell whether an order is there."""
    table: Any = lab.api_profile()
    read = {name: value for name, value in table["read"].items() if name != "not_found"}
    return {"api": {**table, "read": read}}


def test_v1_gets_the_order_as_its_document_has_it(open_harness: HarnessOpener) -> None:
    stage = canceled(open_harness, {"return_shipping_id": "77"})
    stage.resubmit()
    document = sent(stage)
    assert document.pop("order_date").endswith(" UTC")
    photo = {
        "image_file_name": "sea side.jpg",
        "image_source_path": URL,
        "crop_width": 100,
        "crop_height": 100,
        "crop_x": 50,
        "crop_y": 50,
        "node_uid": "1",
    }
    assert document == {
        "order_name": "1042-1",
        "shipping_billing_code": "FEDEX2",
        "drop_ship": True,
        "return_shipping_id": "77",
        "customer": {
            "name": "Robin Understudy",
            "email": "robin@example.com",
            "phone": "217-555-0175",
            "address1": "12 Prompter Lane",
            "address2": "Rear",
            "city": "Springfield",
            "state": "IL",
            "country": "US",
            "zip": "62701",
        },
        "products": [{"product_id": "8x10", "qty": 2, "photos": [photo]}],
    }


def test_v2_gets_the_order_as_its_schema_has_it(open_harness: HarnessOpener, simulator: BayPhotoSimulator) -> None:
    simulator.set_option("api", "v2")
    stage = canceled(open_harness)
    stage.resubmit()
    document = sent(stage)
    assert document.pop("placed_at").endswith("Z")
    assert document == {
        "integrator_identifier": "1042-1",
        "shipping": {
            "code": "FEDEX2",
            "destination_address": {
                "name": "Robin Understudy",
                "street_address": ["12 Prompter Lane", "Rear"],
                "city": "Springfield",
                "state_or_region": "IL",
                "postal_code": "62701",
                "country": "US",
            },
        },
        "images": {"iid-1": {"url": URL, "filename": "sea side.jpg"}},
        "products": [
            {
                "name": "Sea side",
                "code": "8x10",
                "quantity": 2,
                "images": {"1": {"image_id": "iid-1"}},
                "options": [],
            }
        ],
    }


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
@each_api
def test_a_line_without_product_or_image_is_refused_before_anything_is_sent(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, metadata: Mapping[str, object], said: str, api: str
) -> None:
    simulator.set_option("api", api)
    stage = canceled(open_harness, metadata=metadata)
    before = len(stage.sent)
    work = stage.resubmit()
    assert (work.state, len(stage.sent)) == (State.REJECTED, before)
    assert said in str(work.message)
    assert "metadata" in str(work.hint)


def test_product_and_image_may_be_variations_under_other_names(open_harness: HarnessOpener) -> None:
    names = {"product_key": "Product", "image_key": "Artwork"}
    stage = canceled(open_harness, names, metadata={}, variation_list={"Product": "11x14", "Artwork": URL})
    stage.resubmit()
    assert sent(stage)["products"][0]["product_id"] == "11x14"


def test_without_a_shipping_method_nothing_is_sent(open_harness: HarnessOpener, simulator: BayPhotoSimulator) -> None:
    work = canceled(open_harness, {"shipping_code": None}).resubmit()
    assert (work.state, work.hint, creates(simulator)) == (State.REJECTED, "set shipping_code", [])


def test_where_v2_takes_new_orders_must_be_configured(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    simulator.set_option("api", "v2")
    work = canceled(open_harness, {"submit_path": None}).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])
    assert "submit_path" in str(work.message)
    assert "duplicate the order in Order Desk" in str(work.hint)


@each_api
def test_a_number_that_is_used_is_refused_by_looking(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str
) -> None:
    simulator.set_option("api", api)
    simulator.add_order("1042-1")
    work = canceled(open_harness).resubmit()
    assert (work.state, creates(simulator)) == (State.REJECTED, [])
    assert "1042-1 already, and it is not this one on its way" in str(work.message)
    assert work.hint == "look at it, then give another number"


@each_api
def test_a_number_that_is_used_is_refused_by_bay_photo(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str
) -> None:
    simulator.set_option("api", api)
    simulator.add_order("1042-1")
    work = canceled(open_harness, blind(simulator)).resubmit()
    assert work.state is State.REJECTED
    assert "whether 1042-1 is used" in str(work.hint)
    (effect,) = creates(simulator)
    assert "is used" in effect


@each_api
@pytest.mark.parametrize("configured", [True, False])
def test_a_create_whose_reply_was_lost_is_a_persons_where_nobody_can_look(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str, configured: bool
) -> None:
    simulator.set_option("api", api)
    stage = canceled(open_harness, blind(simulator) if configured else {"api": None})
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path=CREATE)
    work = stage.resubmit()
    assert work.state is State.UNKNOWN
    work = pass_until_due(stage, work)
    assert (work.state, creates(simulator)) == (State.ACTION_REQUIRED, ["created"])
    assert "cannot be read whether it did" in str(work.message)
    assert "resubmitted under another number" in str(work.hint)
    assert work.due_at is not None
    assert work.due_at - work.updated_at == hours(4)
    assert stage.resubmit().id == work.id
    assert creates(simulator) == ["created"]
    assert stage.resubmit("1042-2").state is State.DONE


@each_api
def test_a_create_that_provably_did_nothing_is_sent_again_where_nobody_can_look(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str
) -> None:
    simulator.set_option("api", api)
    stage = canceled(open_harness, blind(simulator))
    stage.recorder.override = lambda seen: (429, "{}") if re.search(CREATE, seen.path) else None
    work = stage.resubmit()
    assert (work.state, creates(simulator)) == (State.PENDING, [])
    stage.recorder.override = None
    assert (pass_until_due(stage, work).state, creates(simulator)) == (State.DONE, ["created"])


def test_a_wrong_token_submits_nothing_and_is_tried_again(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    work = canceled(open_harness, {"token": "somebody else's", "api": None}).resubmit()
    assert work.state is State.PENDING
    assert "credentials" in str(work.hint)
    assert creates(simulator) == ["refused: credentials"]


@each_api
@pytest.mark.parametrize(("country", "code"), [("United States", "US"), ("deu", "DE"), ("", None), ("Atlantis", None)])
def test_a_country_is_sent_as_its_code_and_one_that_is_none_is_not_sent(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, api: str, country: str, code: str | None
) -> None:
    simulator.set_option("api", api)
    stage = canceled(open_harness, country=country)
    work = stage.resubmit()
    if code is None:
        assert (work.state, creates(simulator)) == (State.REJECTED, [])
        assert "ISO 3166-1" in str(work.hint)
    else:
        document = sent(stage)
        address = document["customer"] if api == "v1" else document["shipping"]["destination_address"]
        assert address["country"] == code


@pytest.mark.parametrize(
    ("stage_there", "state"),
    [("queued", State.DONE), ("stopped", State.REJECTED), ("gone", State.REJECTED)],
)
def test_what_an_earlier_create_made_counts_while_it_is_on_its_way(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator, stage_there: str, state: State
) -> None:
    stage = canceled(open_harness)
    stage.recorder.override = lambda seen: (
        (503, "{}") if seen.method == "POST" and re.search(CREATE, seen.path) else None
    )
    work = stage.resubmit()
    assert work.state is State.UNKNOWN
    simulator.add_order("1042-1", stage=stage_there)
    work = pass_until_due(stage, work)
    assert (work.state, creates(simulator)) == (state, [])


def test_an_order_that_came_to_lack_something_is_not_refused_while_an_earlier_create_may_have_worked(
    open_harness: HarnessOpener, simulator: BayPhotoSimulator
) -> None:
    stage = canceled(open_harness)
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path=CREATE)
    work = stage.resubmit()
    copy = stage.desk.order_store.get_order(work.order_number)
    assert isinstance(stage.desk.order_store, SqliteOrderStore)
    stage.desk.order_store.import_orders([evolve(copy, shipping=evolve(copy.shipping, country="Atlantis"))], by="Ann")
    work = pass_until_due(stage, work)
    assert (work.state, creates(simulator)) == (State.ACTION_REQUIRED, ["created"])
    assert "Atlantis" in str(work.message)
