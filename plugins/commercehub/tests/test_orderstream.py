"""Mode orderstream: a file for a person to upload, and nobody but a person to settle it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from orderdesk_commercehub.orderstream import confirm, write_confirm
from orderdesk_commercehub.settings import HubSettings
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import ConfigurationError, ConflictError, InvalidStateError, PluginError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.reasons import Reason, StandardReason
from orderdesk_sdk.plugin.requests import CancelRequest

integration = "commercehub"
SETTINGS = HubSettings(mode="orderstream", vendor_id="lanternworks", retailer_field="checkout_data.Retailer")
LINES = (
    OrderLine(3, id="1", code="LAMP-3", metadata={"merchantLineNumber": "1"}),
    OrderLine(1, id="2", code="R&D <9>", metadata={"merchantLineNumber": 2}),
)
ORDER = Order("77", "A-77", lines=LINES, checkout_data={"Retailer": "harborstore"})
DAY = date(2026, 3, 9)
GOLDEN = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    '<ConfirmMessageBatch><partnerID roleType="vendor" name="lanternworks">lanternworks</partnerID>'
    '<hubConfirm><participatingParty roleType="merchant" name="harborstore" participationCode="To:">harborstore'
    "</participatingParty><partnerTrxID>case-5</partnerTrxID><partnerTrxDate>20260309</partnerTrxDate>"
    "<poNumber>H-88213</poNumber><hubAction><action>v_cancel</action><actionCode>discontinued</actionCode>"
    "<merchantLineNumber>1</merchantLineNumber><trxVendorSKU>LAMP-3</trxVendorSKU><trxQty>3</trxQty></hubAction>"
    "<hubAction><action>v_cancel</action><actionCode>discontinued</actionCode><merchantLineNumber>2"
    "</merchantLineNumber><trxVendorSKU>R&amp;D &lt;9&gt;</trxVendorSKU><trxQty>1</trxQty></hubAction></hubConfirm>"
    "<messageCount>1</messageCount></ConfirmMessageBatch>"
)


def request(order: Order = ORDER, code: str = "discontinued", lines: Mapping[str, int] | None = None) -> CancelRequest:
    remote_order = RemoteOrder("hub", "H-88213", datetime(2026, 3, 9, tzinfo=UTC), ConnectionRole.CART)
    return CancelRequest(order, remote_order, "c1", Reason(None, code, "gone"), lines or {})


def test_the_confirm_message_is_what_it_always_was() -> None:
    assert confirm(request(), SETTINGS, "case-5", DAY).decode() == GOLDEN


def test_a_part_is_its_lines_and_quantities_only() -> None:
    root = ET.fromstring(confirm(request(lines={"1": 2}), SETTINGS, "case-5", DAY))  # noqa: S314 - our own
    (action,) = root.iter("hubAction")
    assert [action.findtext(tag) for tag in ("merchantLineNumber", "trxVendorSKU", "trxQty")] == ["1", "LAMP-3", "2"]


@pytest.mark.parametrize("code", ["bad_sku\u200b", "b\u00e4d", "", " ", "bad\nsku"])
def test_a_code_that_is_not_plain_text_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="actionCode"):
        confirm(request(code=code), SETTINGS, "case-5", DAY)


def without_number() -> CancelRequest:
    return request(Order("77", "A-77", lines=(OrderLine(1, code="LAMP-3"),), checkout_data={"Retailer": "harborstore"}))


@pytest.mark.parametrize(
    ("asked", "settings", "place"),
    [
        (without_number(), SETTINGS, "merchantLineNumber"),
        (request(Order("77", "A-77", lines=LINES)), SETTINGS, "participatingParty"),
        (request(), HubSettings(mode="orderstream", retailer_field="checkout_data.Retailer"), "partnerID"),
    ],
)
def test_what_is_missing_is_named_and_never_made_up(asked: CancelRequest, settings: HubSettings, place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        confirm(asked, settings, "case-5", DAY)
    assert caught.value.location == place


# Through a desk

REST = [reason.value for reason in StandardReason if reason is not StandardReason.OUT_OF_STOCK]
REASONS = {
    "harborstore": [
        {"code": "out_of_stock", "title": "Out of stock", "for": ["out of stock"]},
        {"code": "other", "title": "Other", "for": REST},
    ]
}


@pytest.fixture
def file_drop(tmp_path: Path) -> Path:
    folder = tmp_path / "confirms"
    folder.mkdir()
    return folder


@pytest.fixture
def manual(open_harness: HarnessOpener, file_drop: Path) -> SimulatedHarness:
    """A stage in mode orderstream, whose order has the retailer's line numbers."""
    items = [
        {"metadata": {"merchantLineNumber": "1"}},
        {"metadata": {"merchantLineNumber": "2"}},
    ]
    order: dict[str, Any] = {"order_items": items, "checkout_data": {"Retailer": "harborstore"}}
    settings = {
        "mode": "orderstream",
        "vendor_id": "lanternworks",
        "file_drop": str(file_drop),
        "reasons": REASONS,
        "retailer_field": "checkout_data.Retailer",
    }
    return open_harness(settings, details=order)


def test_a_person_has_the_case_writes_the_file_and_says_what_came_of_it(
    manual: SimulatedHarness, file_drop: Path
) -> None:
    case = manual.cancel("out of stock")
    assert case.state is State.ACTION_REQUIRED
    assert "write_confirm" in (case.message or "")
    where = write_confirm(manual.desk, case.id, by="Ann")
    assert Path(where) == file_drop / f"{case.id}.confirm"
    text = Path(where).read_text(encoding="utf-8")
    assert "<actionCode>out_of_stock</actionCode>" in text
    assert f"<partnerTrxID>{case.id}</partnerTrxID>" in text
    assert manual.case == case  # Writing it proves nothing.
    notes = [entry.content for entry in manual.desk.ledger.history(case.id)]
    assert f"Ann: wrote the confirm file {where}" in notes
    settled = manual.desk.cancellations.get_case(
        manual.desk.cases.confirm(case.id, by="Ann", note="accepted in OrderStream").id
    )
    assert settled.evidence is not None
    assert (settled.state, settled.evidence.kind) == (State.CANCELED, EvidenceKind.PERSON)
    assert manual.sent == []


def test_nobody_else_settles_it(manual: SimulatedHarness) -> None:
    case = manual.cancel("other")
    write_confirm(manual.desk, case.id, by="Ann")
    manual.wait_for(manual.clock.now() + hours(40))
    assert manual.desk.run_due().problems == ()
    with pytest.raises(PluginError, match="declares no poll"):
        manual.desk.cases.poll(case.id)
    assert manual.case.state is State.ACTION_REQUIRED
    assert manual.sent == []


def test_a_file_is_written_once(manual: SimulatedHarness) -> None:
    case = manual.cancel("other")
    write_confirm(manual.desk, case.id, by="Ann")
    with pytest.raises(ConflictError, match="was written before"):
        write_confirm(manual.desk, case.id, by="Ann")


def test_another_transport_may_take_the_file(manual: SimulatedHarness, file_drop: Path) -> None:
    class Memory:
        def __init__(self) -> None:
            self.files: dict[str, bytes] = {}

        def put(self, name: str, content: bytes) -> str:
            self.files[name] = content
            return f"memory:{name}"

    memory = Memory()
    case = manual.cancel("other", lines={"MUG": 1})
    assert write_confirm(manual.desk, case.id, by="Ann", transport=memory) == f"memory:{case.id}.confirm"
    assert b"<trxQty>1</trxQty>" in memory.files[f"{case.id}.confirm"]
    assert list(file_drop.iterdir()) == []


def test_a_reason_has_to_be_on_the_retailers_list(manual: SimulatedHarness) -> None:
    with pytest.raises(ValidationError, match=r"one of: out_of_stock \(Out of stock\); other \(Other\)"):
        manual.cancel("CXSS")


def test_a_settled_case_and_one_of_the_other_mode_have_no_file(
    manual: SimulatedHarness, open_harness: HarnessOpener
) -> None:
    case = manual.cancel("other")
    manual.desk.cases.reject(case.id, by="Ann")
    with pytest.raises(InvalidStateError, match="while the case is rejected"):
        write_confirm(manual.desk, case.id, by="Ann")
    other = open_harness()
    with pytest.raises(InvalidStateError, match="not in mode orderstream"):
        write_confirm(other.desk, other.cancel("other").id, by="Ann")


def test_a_folder_that_is_not_there_is_told(manual: SimulatedHarness, file_drop: Path) -> None:
    file_drop.rmdir()
    case = manual.cancel("other")
    with pytest.raises(ConfigurationError, match="name a folder that exists"):
        write_confirm(manual.desk, case.id, by="Ann")
