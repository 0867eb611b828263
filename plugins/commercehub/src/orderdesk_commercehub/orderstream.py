"""OrderStream, EXPERIMENTAL: reconstructed from public client code; validate against your retailer's message guide."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

from orderdesk_commercehub.account import HubSettings
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import InputError, NotAllowedError
from orderdesk_sdk.order_reader import text_in
from orderdesk_sdk.outbox import LocalFolder, Transport
from orderdesk_sdk.request import CancelRequest


def confirm(request: CancelRequest, given: HubSettings, number: str, day: date) -> bytes:
    """The confirm message that cancels the lines; each has its metadata's merchantLineNumber. Raises InputError."""
    code, merchant = request.reason.code or "", text_in(request.order, given.retailer_field)
    if not code.isascii():
        raise InputError(f"{code!a} is not plain ASCII", place="actionCode", remedy="type the code by hand")
    root = ET.Element("ConfirmMessageBatch")
    _add(root, "partnerID", given.vendor_id, roleType="vendor", name=given.vendor_id)
    hub = ET.SubElement(root, "hubConfirm")
    _add(hub, "participatingParty", merchant, roleType="merchant", name=merchant, participationCode="To:")
    for tag, text in (("partnerTrxID", number), ("partnerTrxDate", f"{day:%Y%m%d}"), ("poNumber", request.remote_id)):
        _add(hub, tag, text)
    for line, count in request.wanted:
        at = str(line.metadata.get("merchantLineNumber", ""))
        texts = {"action": "v_cancel", "actionCode": code, "merchantLineNumber": at, "trxVendorSKU": line.code}
        action = ET.SubElement(hub, "hubAction")
        for tag, text in {**texts, "trxQty": str(count)}.items():
            _add(action, tag, text)
    _add(root, "messageCount", "1")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    if not text.strip() or not text.isprintable():
        raise InputError(f"{text!a} cannot stand there", place=tag, remedy="see the settings and the order")
    ET.SubElement(parent, tag, attributes).text = text


def write_confirm(desk: Desk, case_id: str, *, by: str, transport: Transport | None = None) -> str:
    """Write an open case's file, by `transport` or else into `outbox`, note it, and return where it lies."""
    request = desk.request(case_id)
    given = desk.connections.get(request.placement.connection).settings
    if not isinstance(given, HubSettings) or given.mode != "orderstream":
        raise NotAllowedError("its connection is not in mode orderstream", place=f"case {case_id}")
    content = confirm(request, given, case_id, desk.clock.now().date())
    where = (transport or LocalFolder(Path(given.outbox))).put(f"{case_id}.confirm", content)
    desk.note(case_id, f"wrote the confirm file {where}", by=by)
    return where
