"""Two public clients of Amazon's at work, in a process of their own: importing one sets up whoever's root logger.

    python amazon_clients.py (amzn-sp-api | python-amazon-sp-api) URL ORDER_ID ITEM_ID < SETTINGS

Reads the order, cancels it by a feed that lists its item, lets the clock of the simulator at URL go on, reads feed,
report and order again, makes a second feed and cancels it, and lists the feeds. Prints what it saw as one JSON object.
"""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests

KIND, XML = "POST_ORDER_ACKNOWLEDGEMENT_DATA", "text/xml; charset=UTF-8"


def feed_of(seller: str, order: str, item: str) -> str:
    line = f"<Item><AmazonOrderItemCode>{item}</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
    told = f"<AmazonOrderID>{order}</AmazonOrderID><StatusCode>Failure</StatusCode>{line}"
    message = f"<Message><MessageID>1</MessageID><OrderAcknowledgement>{told}</OrderAcknowledgement></Message>"
    head = f"<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>{seller}</MerchantIdentifier></Header>"
    return f"<AmazonEnvelope>{head}<MessageType>OrderAcknowledgement</MessageType>{message}</AmazonEnvelope>"


def advance(url: str, seconds: int) -> None:
    requests.post(f"{url}/_simulator/clock", json={"advance_seconds": seconds}, timeout=60).raise_for_status()


def by_amazons(url: str, settings: dict[str, str], order: str, item: str) -> dict[str, object]:
    from spapi import SPAPIClient, SPAPIConfig
    from spapi.api.feeds_v2021_06_30.feeds_api import FeedsApi
    from spapi.api.orders_v2026_01_01.get_order_api import GetOrderApi
    from spapi.models import feeds_v2021_06_30 as models

    config = SPAPIConfig(
        client_id=settings["client_id"],
        client_secret=settings["client_secret"],
        refresh_token=settings["refresh_token"],
        region="NA",
    )
    client = SPAPIClient(config, oauth_endpoint=settings["token_url"], endpoint=settings["endpoint"])
    feeds, orders = FeedsApi(client.api_client), GetOrderApi(client.api_client)

    def status() -> object:
        told = orders.get_order(order, included_data=["FULFILLMENT", "CANCELLATION"])
        return told.order.fulfillment.fulfillment_status

    def made() -> str:
        place = feeds.create_feed_document(models.CreateFeedDocumentSpecification(content_type=XML))
        content = feed_of(settings["seller_id"], order, item).encode()
        requests.put(place.url, data=content, headers={"content-type": XML}, timeout=60).raise_for_status()
        specification = models.CreateFeedSpecification(
            feed_type=KIND, marketplace_ids=settings["marketplace_ids"], input_feed_document_id=place.feed_document_id
        )
        return str(feeds.create_feed(specification).feed_id)

    seen: dict[str, object] = {"before": status()}
    first = made()
    advance(url, 600)
    feed = feeds.get_feed(first)
    seen["feed"] = feed.processing_status
    report = requests.get(feeds.get_feed_document(feed.result_feed_document_id).url, timeout=60).text
    seen["report"] = "<MessagesSuccessful>1</MessagesSuccessful>" in report
    seen["after"] = status()
    second = made()
    feeds.cancel_feed(second)
    seen["canceled"] = feeds.get_feed(second).processing_status
    listed = feeds.get_feeds(feed_types=[KIND], processing_statuses=["DONE", "CANCELLED"], page_size=1)
    rest = feeds.get_feeds(next_token=listed.next_token)
    seen["listed"] = [one.feed_id for one in (*listed.feeds, *rest.feeds)] == [second, first]
    return seen


def by_most_peoples(url: str, settings: dict[str, str], order: str, item: str) -> dict[str, object]:
    from sp_api.api import Feeds, Orders
    from sp_api.auth import AccessTokenClient

    class LoopbackTokens(AccessTokenClient):  # type: ignore[misc]  # it ships no types
        scheme = "http://"
        host = urlsplit(url).netloc

    given = {
        "credentials": {
            "refresh_token": settings["refresh_token"],
            "lwa_app_id": settings["client_id"],
            "lwa_client_secret": settings["client_secret"],
        },
        "auth_token_client_class": LoopbackTokens,
    }
    place = SimpleNamespace(endpoint=url, marketplace_id=settings["marketplace_ids"][0], region="us-east-1")
    feeds, orders = Feeds(place, **given), Orders(place, version="2026-01-01", **given)

    def status() -> object:
        told = orders.get_order(order, includedData="FULFILLMENT,CANCELLATION").payload
        return told["order"]["fulfillment"]["fulfillmentStatus"]

    def made() -> str:
        content = io.StringIO(feed_of(settings["seller_id"], order, item))
        _, response = feeds.submit_feed(KIND, content, content_type="text/xml")
        return str(response.payload["feedId"])

    seen: dict[str, object] = {"before": status()}
    first = made()
    advance(url, 600)
    feed = feeds.get_feed(first).payload
    seen["feed"] = feed["processingStatus"]
    report = feeds.get_feed_document(feed["resultFeedDocumentId"])
    seen["report"] = "<MessagesSuccessful>1</MessagesSuccessful>" in report
    seen["after"] = status()
    second = made()
    feeds.cancel_feed(second)
    seen["canceled"] = feeds.get_feed(second).payload["processingStatus"]
    listed = feeds.get_feeds(feedTypes=[KIND], processingStatuses=["DONE", "CANCELLED"], pageSize=1)
    rest = feeds.get_feeds(nextToken=listed.next_token)
    told = [one["feedId"] for response in (listed, rest) for one in response.payload["feeds"]]
    seen["listed"] = told == [second, first]
    return seen


CLIENTS = {"amzn-sp-api": by_amazons, "python-amazon-sp-api": by_most_peoples}

if __name__ == "__main__":
    client, url, order, item = sys.argv[1:]
    json.dump(CLIENTS[client](url, json.load(sys.stdin), order, item), sys.stdout)
