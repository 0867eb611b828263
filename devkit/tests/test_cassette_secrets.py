"""Law 11 for cassettes: canaries in every place where a secret or a person could hide, and none of them on the disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.cassettes import (
    CassetteHeader,
    CassetteSetup,
    Provenance,
    Source,
    read_header,
    record,
    replay,
)
from orderdesk_devkit.testing.scrubbing import Scrubber, personal_texts
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import Address, Order
from orderdesk_sdk.plugin.connection_settings import secret, setting, settings, url
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.oauth import RefreshTokenAuth
from orderdesk_sdk.secret import Secret

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HEAD = CassetteHeader(
    Provenance(Source.SIMULATOR, "acme", "v1", date(2026, 1, 5), "0"), CassetteSetup(NOW, "1042", NOW, NOW, (), {}, {})
)

REFRESH, CLIENT, KEY = "canary-refresh/+ä", "canary-client", "canary-client-key"
ACCESS, ID_TOKEN, COOKIE, SESSION = "canary-access|1", "canary-id-token", "canary-cookie", "canary-session"
STREET, NAME, PHONE, MAIL = "7 Canary Close", "Carla Canary", "0555-canary", "carla@canary.example"
STRANGER = "someone.else+canary@elsewhere.example"
"""Neither a setting nor anybody of the order: only its shape tells that it is an address."""
FIELD = "canary-in-a-declared-field"
SECRETS = (REFRESH, CLIENT, KEY, ACCESS, ID_TOKEN, COOKIE, SESSION)
CANARIES = (*SECRETS, STREET, NAME, PHONE, MAIL, STRANGER, FIELD, "canary")
ORDER = Order("1", "1042", email=MAIL, shipping=Address("Carla", "Canary", address1=STREET, phone=PHONE))


@settings
class AcmeSettings:
    refresh_token: Secret = secret(help="-")
    client_id: Secret = secret(help="-")
    client_secret: Secret = secret(help="-")
    token_url: str = url(help="-", default="https://login.acme.example/token")
    endpoint: str = url(help="-", default="https://api.acme.example")
    speed: str = setting(str, help="-", default="slow")


class AcmeAuth(RefreshTokenAuth):
    def __init__(self, acme: AcmeSettings) -> None:
        super().__init__(acme.token_url, acme.refresh_token, acme.client_id, acme.client_secret)

    def sign(self, request: httpx.Request, token: Secret) -> None:
        raise AssertionError("these tests send their requests themselves")


ACME = Integration(
    slug="acme",
    title="Acme",
    settings=AcmeSettings,
    base_url="endpoint",
    auth=AcmeAuth,
    cancel=(),
    evidence_headers=frozenset({"x-request-id", "set-cookie"}),
    redact_fields=frozenset({"giftText"}),
)


async def gossip(scope: Scope, receive: Receive, send: Send) -> None:
    """A service that says everything it knows, everywhere."""
    request = Request(scope, receive)
    body = (await request.body()).decode()
    known: dict[str, object] = {"heard": body, "url": str(request.url), "token": ACCESS, "note": f"Bearer {ACCESS}"}
    if request.url.path == "/token":
        known = {"access_token": ACCESS, "id_token": ID_TOKEN, "expires_in": 3600, "scope": f"for {CLIENT}"}
    elif request.url.path == "/html":
        page = f"<p>{NAME}, {STREET}, <a href='mailto:{MAIL}'>{STRANGER}</a> {request.headers['x-access']} {KEY}</p>"
        await Response(page, media_type="text/html", headers={"x-request-id": "r-2"})(scope, receive, send)
        return
    elif request.url.path == "/binary":
        await Response(b"\xff\xfe" + ACCESS.encode(), media_type="application/octet-stream")(scope, receive, send)
        return
    known["people"] = [{"name": NAME, "street": f"at {STREET}", "phone": PHONE, "mail": MAIL, "gift_text": FIELD}]
    text = json.dumps(known)
    headers = {"content-encoding": "gzip", "x-request-id": f"r-1 {ACCESS}", "x-debug": ACCESS, "location": f"/{ACCESS}"}
    response = Response(gzip.compress(text.encode()), media_type="application/json", headers=headers)
    response.set_cookie("session", COOKIE)
    await response(scope, receive, send)


@pytest.fixture
def service_url() -> Iterator[str]:
    with serve(gossip) as served:
        yield served.url


def acme(url: str) -> AcmeSettings:
    return AcmeSettings(
        refresh_token=Secret(REFRESH),
        client_id=Secret(CLIENT),
        client_secret=Secret(KEY),
        token_url=f"{url}/token",
        endpoint=url,
    )


def talk(made: AcmeSettings) -> list[httpx.Response]:
    """Everything a plugin could say, with a canary in each place."""
    form = {"grant_type": "refresh_token", "refresh_token": REFRESH, "client_id": CLIENT, "client_secret": KEY}
    signed = {"authorization": f"Bearer {ACCESS}", "x-access": ACCESS, "user-agent": f"acme {SESSION}"}
    body = {"name": NAME, "to": {"street": STREET}, "giftText": [FIELD], "password": "canary", "lines": [{"sku": "A"}]}
    query = {"api_key": "canary-key", "q": ACCESS, "page": "2"}
    with httpx.Client(base_url=made.endpoint, trust_env=False, cookies={"sid": SESSION}) as client:
        return [
            client.post(made.token_url, data=form),
            client.put(f"/orders/{quote(ACCESS, safe='')}/cancel", params=query, json=body, headers=signed),
            client.get("/orders", headers=signed),
            client.get("/html", headers=signed),
        ]


def test_no_canary_reaches_a_cassette(service_url: str, tmp_path: Path) -> None:
    made = acme(service_url)
    file = tmp_path / "gossip.yaml"
    with record(file, HEAD, Scrubber(ACME, made, personal_texts(ORDER))):
        said = talk(made)
    heard = "".join(response.text + str(response.headers) for response in said)
    # The refresh token and the session's cookie are sent, in a form and a header, and not echoed.
    unheard = [canary for canary in CANARIES if canary not in heard and json.dumps(canary)[1:-1] not in heard]
    assert unheard == [REFRESH, SESSION]
    kept = file.read_text(encoding="utf-8")
    forms = {form for canary in CANARIES for form in (canary, quote(canary, safe=""), json.dumps(canary)[1:-1])}
    assert [form for form in forms if form in kept] == []
    assert "canary" not in kept.lower()
    assert service_url not in kept


def test_no_canary_in_the_settings_or_the_order_reaches_the_setup(service_url: str, tmp_path: Path) -> None:
    made = acme(service_url)
    file = tmp_path / "setup.yaml"
    details: dict[str, object] = {
        "order_items": [{"metadata": {"design": f"{service_url}/a.png?signature=canary-1", "note": f"{NAME}, {PHONE}"}}]
    }
    settings: dict[str, object] = {
        "body": f"Write to {STRANGER} about {CLIENT}",
        "api": {"path": "/orders/{remote_id}", "body": {"password": "canary-2", "accepted": (200, 202)}},
    }
    setup = CassetteSetup(NOW, "1042", NOW, NOW, (), details, settings)
    with record(file, CassetteHeader(HEAD.provenance, setup), Scrubber(ACME, made, personal_texts(ORDER))):
        talk(made)
    kept = file.read_text(encoding="utf-8")
    assert "canary" not in kept.lower()
    assert service_url not in kept
    read = read_header(file).setup
    assert read.settings == {
        "body": "Write to [hidden] about [hidden]",
        "api": {"path": "/orders/{remote_id}", "body": {"password": "[hidden]", "accepted": [200, 202]}},
    }
    note = "[hidden], [hidden]"
    assert read.details == {
        "order_items": [{"metadata": {"design": "https://api.acme.example/a.png?signature=%5Bhidden%5D", "note": note}}]
    }


def test_what_is_no_secret_stays_readable(service_url: str, tmp_path: Path) -> None:
    made = acme(service_url)
    file = tmp_path / "gossip.yaml"
    with record(file, HEAD, Scrubber(ACME, made, personal_texts(ORDER))):
        talk(made)
    token, put, *_ = yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]
    assert token["request"]["uri"] == "https://login.acme.example/token"
    assert token["request"]["body"].startswith("grant_type=refresh_token&refresh_token=%5Bhidden%5D&")
    assert json.loads(token["response"]["body"])["expires_in"] == 3600
    assert put["request"]["uri"].startswith("https://api.acme.example/orders/")
    assert put["request"]["uri"].endswith("&page=2")
    assert json.loads(put["request"]["body"])["lines"] == [{"sku": "A"}]
    assert set(put["request"]["headers"]) <= {"accept", "content-type"}
    assert set(put["response"]["headers"]) == {"content-type", "x-request-id"}
    assert "set-cookie" not in file.read_text(encoding="utf-8")


def test_what_was_hidden_still_replays_for_whoever_has_other_secrets(service_url: str, tmp_path: Path) -> None:
    made = acme(service_url)
    file = tmp_path / "gossip.yaml"
    with record(file, HEAD, Scrubber(ACME, made, personal_texts(ORDER))):
        talk(made)
    other = AcmeSettings(refresh_token=Secret(REFRESH), client_id=Secret("other"), client_secret=Secret("another one"))
    scrubber = Scrubber(ACME, other, personal_texts(ORDER))
    scrubber.collect_secrets(other.token_url, json.dumps({"access_token": ACCESS}))
    with replay(file, scrubber):
        responses = talk(other)
    assert [response.status_code for response in responses] == [200, 200, 200, 200]
    assert responses[0].json()["access_token"] == "[hidden]"
    assert responses[1].json()["people"][0]["street"] == "at [hidden]"


def test_a_body_that_is_no_text_is_not_recorded(service_url: str, tmp_path: Path) -> None:
    made = acme(service_url)
    file = tmp_path / "binary.yaml"
    with (
        pytest.raises(PluginError, match="no text"),
        record(file, HEAD, Scrubber(ACME, made)),
        httpx.Client(base_url=made.endpoint, trust_env=False) as client,
    ):
        client.get("/binary")
    assert not file.exists()
