"""The simulators that speak GraphQL and SOAP: what they answer to whom, and what is true behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import httpx
import pytest

from orderdesk_devkit.simulators.graphql import GraphqlSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simple import Request, SimpleSimulator, secrets_match
from orderdesk_devkit.simulators.soap import SoapSimulator
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.plugin.toolkit.xml_response import xml_root

KEY = "not-a-real-key"
CANCEL = "mutation ($number: ID!) { cancelOrder(number: $number) { order { status } userErrors { code } } }"
READ = "query ($number: ID!) { order(number: $number) { status } }"


class Keyed(SimpleSimulator):
    """Whoever has the key is let in."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "api_key": KEY}

    def is_authorized(self, request: Request) -> bool:
        return secrets_match(request.headers.get("x-key"), KEY)


class Graph(GraphqlSimulator, Keyed):
    """Speaks GraphQL."""


MEDIA_TYPE = "text/xml; charset=utf-8"


class Soap(SoapSimulator, Keyed):
    """Speaks SOAP."""


class FinalSoap(Soap):
    """Decides at once."""

    decides_at_once: ClassVar[bool] = True


def query(simulator: Graph, text: str, number: object, key: str = KEY) -> tuple[int, object]:
    with serve(simulator.app) as served:
        document = {"query": text, "variables": {"number": number}}
        heard = httpx.post(f"{served.url}/graphql", json=document, headers={"x-key": key}, trust_env=False)
        return heard.status_code, heard.json()


def test_a_mutation_cancels_and_a_query_reads() -> None:
    clock = VirtualClock()
    graph = Graph(clock)
    graph.add_order("1042")
    order = {"number": "1042", "status": "received"}
    assert query(graph, CANCEL, "1042") == (200, {"data": {"cancelOrder": {"order": order, "userErrors": []}}})
    clock.advance(minutes(8))
    assert query(graph, READ, "1042") == (200, {"data": {"order": {**order, "status": "canceled"}}})
    assert graph.actual_status("1042") == "canceled"


def test_a_mutation_that_is_refused_says_why_and_changes_nothing() -> None:
    clock = VirtualClock()
    graph = Graph(clock)
    graph.add_order("1042")
    clock.advance(minutes(31))
    status, told = query(graph, CANCEL, "1042")
    assert status == 200
    assert "'code': 'TOO_LATE'" in str(told)
    assert "'code': 'NOT_FOUND'" in str(query(graph, CANCEL, "1043"))
    assert query(graph, READ, "1043") == (200, {"data": {"order": None}})
    assert graph.actual_status("1042") == "packing"


@pytest.mark.parametrize(
    ("text", "number", "key", "status", "code"),
    [
        (CANCEL, "1042", "another", 401, "UNAUTHENTICATED"),
        (CANCEL, None, KEY, 200, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { stopOrder(number: 1) }", "1042", KEY, 200, "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=["who is not known", "no number", "another field"],
)
def test_what_is_no_query_of_its_is_told_in_errors(text: str, number: object, key: str, status: int, code: str) -> None:
    graph = Graph(VirtualClock())
    graph.add_order("1042")
    found, told = query(graph, text, number, key)
    assert (found, code in str(told)) == (status, True)
    assert "data" not in str(told)


def envelope(
    simulator: Soap, name: str, number: str, key: str = KEY, media_type: str = MEDIA_TYPE, action: str = ""
) -> tuple[int, dict[str, str]]:
    text = f"<Envelope><Body><{name}><number>{number}</number></{name}></Body></Envelope>"
    with serve(simulator.app) as served:
        headers = {"x-key": key, "content-type": media_type, "soapaction": f'"{action or name}"'}
        heard = httpx.post(f"{served.url}/soap", content=text, headers=headers, trust_env=False)
    (reply,) = xml_root(heard).findall("Body/*")
    return heard.status_code, {"": reply.tag, **{field.tag: field.text or "" for field in reply}}


def test_an_envelope_cancels_and_another_reads() -> None:
    clock = VirtualClock()
    soap = Soap(clock)
    soap.add_order("1042")
    assert envelope(soap, "CancelOrder", "1042") == (
        200,
        {"": "CancelOrderResponse", "number": "1042", "result": "ACCEPTED"},
    )
    clock.advance(minutes(8))
    assert envelope(soap, "GetOrder", "1042")[1]["status"] == "canceled"
    assert envelope(soap, "CancelOrder", "1042")[1]["result"] == "TOO_LATE"
    assert envelope(soap, "CancelOrder", "1043")[1]["result"] == "NOT_FOUND"
    assert envelope(soap, "CancelOrder", "1042", key="another")[0] == 401
    assert envelope(soap, "StopOrder", "1042") == (500, {"": "Fault", "faultcode": "Client"})
    assert envelope(soap, "GetOrder", "1042", media_type="application/json")[0] == 415
    assert envelope(soap, "GetOrder", "1042", action="CancelOrder") == (500, {"": "Fault", "faultcode": "Client"})


def test_one_that_decides_at_once_says_so_beside_the_result() -> None:
    soap = FinalSoap(VirtualClock())
    soap.add_order("1042")
    expected = {"": "CancelOrderResponse", "number": "1042", "result": "ACCEPTED", "status": "canceled"}
    assert envelope(soap, "CancelOrder", "1042") == (200, expected)
    assert soap.actual_status("1042") == "canceled"
    assert envelope(soap, "CancelOrder", "1042") == (200, expected)
    soap.add_order("1043")
    soap.set_option("fate", "ships anyway", remote_id="1043")
    assert envelope(soap, "CancelOrder", "1043")[1]["status"] == "received"
