"""A simple simulator that speaks SOAP 1.1: one path, an envelope in and an envelope out.

    <soap:Body><CancelOrder><number>1042</number></CancelOrder></soap:Body>
        -> <CancelOrderResponse><number>1042</number><result>ACCEPTED</result></CancelOrderResponse>
    <soap:Body><GetOrder><number>1042</number></GetOrder></soap:Body>
        -> <GetOrderResponse><number>1042</number><status>received</status></GetOrderResponse>

The `result` is ACCEPTED, or one of `error_results`; where it `decides_at_once`, the status is beside it. A request
without credentials is answered 401; one that is not "text/xml; charset=utf-8", 415; one whose body has no such element,
or another one than its header SOAPAction names, a soap:Fault with 500. It is put before a simulator that lets callers
in:

    class AcmeSimulator(SoapSimulator, TokenSimulator): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from xml.etree import ElementTree as ET

import httpx
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import path_below
from orderdesk_devkit.simulators.simple import CallResult, Request, SimpleSimulator
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.toolkit.xml_response import element, to_bytes, xml_root

__all__ = ["ENVELOPE", "SoapSimulator"]

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
"""The namespace of SOAP 1.1: https://www.w3.org/TR/2000/NOTE-SOAP-20000508/"""
_MEDIA_TYPE = "text/xml; charset=utf-8"


class SoapSimulator(SimpleSimulator):
    """Orders by the clock, asked for and canceled by envelopes."""

    base: ClassVar[str] = "/soap"
    """The path of all envelopes."""
    cancel_element: ClassVar[str] = "CancelOrder"
    """The element in the body that cancels."""
    read_element: ClassVar[str] = "GetOrder"
    """The element in the body that reads."""
    error_results: ClassVar[Mapping[int, str]] = {404: "NOT_FOUND", 409: "TOO_LATE", 422: "INVALID"}
    """The result of a cancel that was refused, by the HTTP status that a service without SOAP would give."""

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        return {"number": number, "status": stage}

    def respond(self, request: Request, body: bytes) -> Response:
        if request.method != "POST" or path_below(request, self.base) != []:
            return super().respond(request, body)
        name, fields = _request_in(body)
        number = fields.get("number")
        result = self._answer(request, name, fields)
        self.record(name or "envelope", number, result.effect, effect_kind=result.effect_kind)
        inside = result.body if isinstance(result.body, Mapping) else {}
        content = element(f"{name}Response" if result.status == 200 else "soap:Fault", *map(_field, inside.items()))
        envelope = element("soap:Envelope", element("soap:Body", content), attributes={"xmlns:soap": ENVELOPE})
        return Response(to_bytes(envelope), result.status, media_type=_MEDIA_TYPE)

    def _answer(self, request: Request, name: str | None, fields: Mapping[str, str]) -> CallResult:
        if request.headers.get("content-type", "").lower() != _MEDIA_TYPE:
            return CallResult(415, f"refused: not {_MEDIA_TYPE}", {"faultcode": "Client"})
        number = fields.get("number", "")
        order = self.orders.get(number)
        if not self.is_authorized(request):
            return CallResult(401, "refused: credentials", {"faultcode": "Client.Authentication"})
        is_named = request.headers.get("soapaction") == f'"{name}"'
        if name not in (self.read_element, self.cancel_element) or not number or not is_named:
            return CallResult(500, "refused: no such request", {"faultcode": "Client"})
        if name == self.read_element:
            if order is None:
                return CallResult(200, "read: unknown", {"number": number, "status": "NOT_FOUND"})
            return self.read_order(order)
        result = self.unknown_order() if order is None else self.cancel_order(order, fields)
        word = self.error_results.get(result.status, "ACCEPTED")
        seen = result.body if self.decides_at_once and isinstance(result.body, Mapping) and word == "ACCEPTED" else {}
        return CallResult(200, result.effect, {"number": number, "result": word, **seen}, result.effect_kind)


def _request_in(body: bytes) -> tuple[str | None, Mapping[str, str]]:
    """The element in the envelope's body with its fields; None where it is no such envelope."""
    try:
        root = xml_root(httpx.Response(200, content=body))  # A request is read as strictly as a response is.
    except MalformedResponseError:
        return None, {}
    inside = root.find("Body/*") if root.tag == "Envelope" else None
    if inside is None:
        return None, {}
    return inside.tag, {child.tag: (child.text or "").strip() for child in inside}


def _field(item: tuple[str, object]) -> ET.Element:
    return element(item[0], str(item[1]))
