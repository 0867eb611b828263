"""How requests are signed: fixed vectors, those beside the vendor's files, and what is and is not signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage
from orderdesk_devkit.testing.specs import vendor_file
from orderdesk_hp_site_flow.settings import SiteFlowSettings, sign
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_hp_site_flow.simulator.checks import SECRET, TOKEN, signature_fault
from orderdesk_sdk.secret import Secret

integration = "hp-site-flow"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOST = "https://pro-api.oneflowcloud.com"


def signed(
    method: str, path: str, *, token: str = "tok", secret: str = "example-secret", at: datetime = NOON
) -> httpx.Request:
    settings = SiteFlowSettings(
        token=Secret(token), api_secret=Secret(secret), source_account="my-brand", destination="printer"
    )
    request = httpx.Request(method, f"{HOST}{path}")
    sign(settings).sign(request, at)
    return request


@pytest.mark.parametrize(
    ("method", "path", "signature"),
    [  # Worked out with openssl; the vendor's client gives the same for the first.
        (
            "PUT",
            "/api/order/my-brand/OD-1001/cancel",
            "f7ad6f97616f5db30f5f7bf231b10b9251634fd9797c0f6c507ce0e170a221bb",
        ),
        (
            "GET",
            "/api/order/bysourceid/K%C3%A4se%2050%25",
            "dcfd264bf4d381447bb01056d46687f6157bc0f0611845f78378eb370d9e2d54",
        ),
        (
            "POST",
            "/api/order?page=1",
            "930bde69a2e2b11a1ab52db339e876f312ee44536db2bdc0cbeb9abe2fbaa8c3",
        ),
    ],
    ids=["plain", "percent-decoded", "without the query"],
)
def test_method_decoded_path_and_moment_are_signed(method: str, path: str, signature: str) -> None:
    assert {name: value for name, value in signed(method, path).headers.items() if name.startswith("x-")} == {
        "x-oneflow-authorization": f"tok:{signature}",
        "x-oneflow-date": "2024-05-01T12:00:00.000Z",
        "x-oneflow-algorithm": "SHA256",
    }


def test_signatures_equal_the_vectors_beside_the_vendors_files() -> None:
    document = json.loads(vendor_file("hp_site_flow", "signature_vectors.json").read_text(encoding="utf-8"))
    assert document["vectors"]
    for vector in document["vectors"]:
        at = datetime.fromisoformat(vector["timestamp"])
        request = signed(
            vector["method"], vector["request_path"], token=document["token"], secret=document["secret"], at=at
        )
        assert request.headers["x-oneflow-authorization"] == f"{document['token']}:{vector['sha256']}"


def test_every_request_says_that_it_is_json_also_without_a_body(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    assert [seen.headers["content-type"] for seen in stage.tap.requests] == ["application/json", "application/json"]


def test_the_moment_of_signing_is_real_whatever_clock_the_desk_runs_by(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    stage.cancel()
    stamps = [datetime.fromisoformat(seen.headers["x-oneflow-date"]) for seen in stage.tap.requests]
    assert all(before <= stamp <= datetime.now(UTC) for stamp in stamps)


def test_the_simulator_works_out_the_signature_by_itself() -> None:
    path = "/api/order/bysourceid/K%C3%A4se%2050%25"
    headers = signed("GET", path, token=TOKEN, secret=SECRET).headers
    assert signature_fault("GET", path, headers) is None
    assert signature_fault("PUT", path, headers) == "SIM: the signature is another"
    assert signature_fault("GET", path + "x", headers) == "SIM: the signature is another"
    assert signature_fault("GET", path, {**headers, "x-oneflow-date": "now"}) == "SIM: the signature is another"
    assert signature_fault("GET", path, signed("GET", path, token=TOKEN, secret="another").headers) is not None
    assert (
        signature_fault("GET", path, signed("GET", path, token="another", secret=SECRET).headers) == "Token Not Found"
    )


def test_the_simulator_takes_a_request_without_algorithm_as_sha1() -> None:
    # Worked out with openssl.
    signature = "d14f07f31c30f9ff55b7bc7338629351ff0ea324"
    headers = {"x-oneflow-authorization": f"{TOKEN}:{signature}", "x-oneflow-date": "2014-03-10 17:16:18"}
    assert signature_fault("GET", "/api/order", headers) is None
    assert signature_fault("GET", "/api/order", {**headers, "x-oneflow-algorithm": "SHA256"}) is not None
    assert signature_fault("GET", "/api/order", {**headers, "x-oneflow-algorithm": "MD5"}) is not None
