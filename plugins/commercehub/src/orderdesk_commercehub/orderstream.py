"""OrderStream, EXPERIMENTAL: reconstructed from public client code; validate against your retailer's message guide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import starmap
from pathlib import Path
from xml.etree.ElementTree import Element

from orderdesk_commercehub.settings import HubSettings
from orderdesk_sdk import Desk
from orderdesk_sdk.plugin import (
    CancelRequest,
    FileDrop,
    InvalidStateError,
    LocalFileDrop,
    ValidationError,
    element,
    text_at_path,
    to_bytes,
)


def confirm(request: CancelRequest, given: HubSettings, number: str, day: date) -> bytes:
    """The confirm message that cancels the lines; each has its metadata's merchantLineNumber.

    Raises ValidationError.
    """
    code, merchant = request.reason.code or "", text_at_path(request.order, given.retailer_field)
    if not code.isascii():
        raise ValidationError(f"{code!a} is not plain ASCII", location="actionCode", hint="type the code by hand")
    party = {"roleType": "merchant", "name": merchant, "participationCode": "To:"}
    head = {"partnerTrxID": number, "partnerTrxDate": f"{day:%Y%m%d}", "poNumber": request.remote_id}
    hub = element("hubConfirm", _named("participatingParty", merchant, party), *starmap(_named, head.items()))
    for line, count in request.lines_to_cancel:
        at = str(line.metadata.get("merchantLineNumber", ""))
        texts = {"action": "v_cancel", "actionCode": code, "merchantLineNumber": at, "trxVendorSKU": line.code}
        hub.append(element("hubAction", *starmap(_named, {**texts, "trxQty": str(count)}.items())))
    vendor = _named("partnerID", given.vendor_id, {"roleType": "vendor", "name": given.vendor_id})
    return to_bytes(element("ConfirmMessageBatch", vendor, hub, _named("messageCount", "1")))


def _named(tag: str, text: str, attributes: Mapping[str, str] | None = None) -> Element:
    if not text.strip():
        raise ValidationError("it is empty", location=tag, hint="see the settings and the order")
    return element(tag, text, attributes=attributes)


def write_confirm(desk: Desk, case_id: str, *, by: str, transport: FileDrop | None = None) -> str:
    """Write an open case's file, by `transport` or else into the folder `file_drop`, note it, and return its path."""
    request = desk.cases.request_for(case_id)
    given = desk.connections.get(request.remote_order.connection).settings
    if not isinstance(given, HubSettings) or given.mode != "orderstream":
        raise InvalidStateError("its connection is not in mode orderstream", location=f"case {case_id}")
    content = confirm(request, given, case_id, desk.clock.now().date())
    where = (transport or LocalFileDrop(Path(given.file_drop))).put(f"{case_id}.confirm", content)
    desk.cases.add_note(case_id, f"wrote the confirm file {where}", by=by)
    return where
