"""The simulator itself: what it refuses, so that a plugin that passes has done it right."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
XML = "text/xml; charset=UTF-8"
FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"


@pytest.fixture
def client(simulator: MarketplaceSimulator) -> Iterator[httpx.Client]:
    headers = {"user-agent": "tests/1 (Language=Python)", "x-amz-access-token": simulator.issue_token()}
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, headers=headers, trust_env=False) as made:
        yield made


def place(client: httpx.Client) -> dict[str, str]:
    made: dict[str, str] = client.post(DOCUMENTS, json={"contentType": XML}).json()
    return made


def put(url: str, headers: dict[str, str], content: bytes = b"<a/>") -> int:
    return httpx.put(url, content=content, headers=headers, trust_env=False).status_code


def test_an_upload_needs_the_announced_type_the_signature_and_no_token(client: httpx.Client) -> None:
    url = place(client)["url"]
    assert put(url, {"content-type": "text/xml"}) == 403
    assert put(url, {"content-type": XML, "x-amz-access-token": "Atza|leaked"}) == 403
    assert put(url.replace("Signature=", "Signature=0"), {"content-type": XML}) == 403
    assert put(url, {"content-type": XML}) == 200


def test_a_presigned_url_is_good_for_five_minutes_and_one_method(
    simulator: MarketplaceSimulator, client: httpx.Client
) -> None:
    assert isinstance(simulator.clock, VirtualClock)
    url = place(client)["url"]
    assert httpx.get(url, trust_env=False).status_code == 403
    simulator.clock.advance(minutes(5))
    assert put(url, {"content-type": XML}) == 403


def feed(simulator: MarketplaceSimulator, client: httpx.Client, content: bytes) -> str:
    """The report on a feed with this content."""
    made = place(client)
    assert put(made["url"], {"content-type": XML}, content) == 200
    body = {"feedType": "X", "marketplaceIds": ["A"], "inputFeedDocumentId": made["feedDocumentId"]}
    name = client.post(FEEDS, json=body).json()["feedId"]
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(10))
    result = client.get(f"{FEEDS}/{name}").json()["resultFeedDocumentId"]
    return httpx.get(client.get(f"{DOCUMENTS}/{result}").json()["url"], trust_env=False).text


def envelope(inside: str, seller: str = "A1REHEARSEDSELLER") -> bytes:
    head = f"<Header><MerchantIdentifier>{seller}</MerchantIdentifier></Header>"
    order = f"<AmazonOrderID>{ORDER}</AmazonOrderID>{inside}"
    message = f"<Message><MessageID>1</MessageID><OrderAcknowledgement>{order}</OrderAcknowledgement></Message>"
    return f"<AmazonEnvelope>{head}<MessageType>OrderAcknowledgement</MessageType>{message}</AmazonEnvelope>".encode()


FAILURE = "<StatusCode>Failure</StatusCode>"


def item(code: str = "68828574380001", reason: str = "NoInventory") -> str:
    return f"<Item><AmazonOrderItemCode>{code}</AmazonOrderItemCode><CancelReason>{reason}</CancelReason></Item>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no xml", "SIM_NO_XML"),
        (envelope(FAILURE + item(), seller="another"), "SIM_HEADER"),
        (envelope(item()), "SIM_SHAPE"),
        (envelope(FAILURE + item(code="ASIN")), "SIM_UNKNOWN_ITEM"),
        (envelope(FAILURE + item(reason="CustomerCancel")), "SIM_REASON"),
        (envelope(FAILURE + item()).replace(ORDER.encode(), b"111-1111111-1111111"), "SIM_UNKNOWN_ORDER"),
    ],
)
def test_what_is_wrong_in_a_feed_is_an_error_of_its_report(
    simulator: MarketplaceSimulator, client: httpx.Client, content: bytes, code: str
) -> None:
    simulator.add_order(ORDER, lines=[("MUG", 1)])
    assert f"<ResultMessageCode>{code}</ResultMessageCode>" in feed(simulator, client, content)
    assert simulator.actual_status(ORDER) == "UNSHIPPED"


@pytest.mark.parametrize(("inside", "truth"), [(FAILURE, "UNSHIPPED"), (FAILURE + item(), "CANCELLED")])
def test_a_failure_without_items_is_accepted_and_cancels_nothing(
    simulator: MarketplaceSimulator, client: httpx.Client, inside: str, truth: str
) -> None:
    simulator.add_order(ORDER, lines=[("MUG", 1)])
    assert "<Result>" not in feed(simulator, client, envelope(inside))
    assert simulator.actual_status(ORDER) == truth


def test_orders_are_found_by_their_number_and_made_once(simulator: MarketplaceSimulator) -> None:
    simulator.add_order(ORDER, lines=[("MUG", 1)])
    with pytest.raises(ValidationError):
        simulator.add_order(ORDER, lines=[("MUG", 1)])
    with pytest.raises(NotFoundError):
        simulator.actual_status("111-1111111-1111111")


def test_without_a_token_nothing_is_answered_and_without_a_language_only_where_it_is_asked_for(
    simulator: MarketplaceSimulator, client: httpx.Client
) -> None:
    simulator.add_order(ORDER, lines=[("MUG", 1)])
    path = f"/orders/2026-01-01/orders/{ORDER}"
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"x-amz-access-token": "none"}).status_code == 403
    assert client.get(path, headers={"user-agent": "amazon-selling-partner-api-sdk"}).status_code == 200
    simulator.set_option("user_agent", "required")
    assert client.get(path, headers={"user-agent": "amazon-selling-partner-api-sdk"}).status_code == 400


def feeds_of(client: httpx.Client, kinds: str) -> list[str]:
    """Makes a feed of each kind; their names."""
    names = []
    for kind in kinds:
        made = place(client)
        assert put(made["url"], {"content-type": XML}) == 200
        body = {"feedType": kind, "marketplaceIds": [f"M-{kind}"], "inputFeedDocumentId": made["feedDocumentId"]}
        names.append(client.post(FEEDS, json=body).json()["feedId"])
    return names


def listing(client: httpx.Client, **query: str) -> list[str]:
    response = client.get(FEEDS, params=query)
    assert response.status_code == 200
    return [feed["feedId"] for feed in response.json()["feeds"]]


def test_feeds_are_listed_by_what_is_asked_for_newest_first(
    simulator: MarketplaceSimulator, client: httpx.Client
) -> None:
    one, two, three = feeds_of(client, "AAB")
    assert listing(client, feedTypes="A") == [two, one]
    assert listing(client, feedTypes="A,B") == [three, two, one]
    assert listing(client, feedTypes="A,B", marketplaceIds="M-B") == [three]
    assert listing(client, feedTypes="A", processingStatuses="DONE,FATAL") == []
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(10))
    client.headers["x-amz-access-token"] = simulator.issue_token()
    assert set(listing(client, feedTypes="A", processingStatuses="DONE")) <= {one, two}
    assert listing(client, feedTypes="A", createdSince=simulator.clock.now().isoformat()) == []


def test_pages_of_feeds_follow_by_their_token_alone(client: httpx.Client) -> None:
    names = feeds_of(client, "AAA")
    first = client.get(FEEDS, params={"feedTypes": "A", "pageSize": "2"}).json()
    rest = client.get(FEEDS, params={"nextToken": first["nextToken"]}).json()
    assert [feed["feedId"] for feed in first["feeds"] + rest["feeds"]] == names[::-1]
    assert "nextToken" not in rest
    both = {"nextToken": first["nextToken"], "feedTypes": "A"}
    assert client.get(FEEDS, params=both).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"pageSize": "5"},
        {"feedTypes": "A", "pageSize": "0"},
        {"feedTypes": "A", "pageSize": "101"},
        {"feedTypes": "A", "pageSize": "ten"},
        {"feedTypes": "A", "processingStatuses": "READY"},
        {"feedTypes": "A", "createdSince": "yesterday"},
        {"nextToken": "x"},
        {"nextToken": "e30="},
    ],
)
def test_what_the_model_does_not_allow_is_no_question_for_feeds(client: httpx.Client, query: dict[str, str]) -> None:
    assert client.get(FEEDS, params=query).status_code == 400


def test_a_feed_is_canceled_while_it_waits_and_never_after(
    simulator: MarketplaceSimulator, client: httpx.Client
) -> None:
    (name,) = feeds_of(client, "A")
    response = client.delete(f"{FEEDS}/{name}")
    assert (response.status_code, response.content) == (200, b"")
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(10))
    assert client.get(f"{FEEDS}/{name}").json()["processingStatus"] == "CANCELLED"
    assert client.delete(f"{FEEDS}/{name}").status_code == 400
    assert client.delete(f"{FEEDS}/none").status_code == 404
