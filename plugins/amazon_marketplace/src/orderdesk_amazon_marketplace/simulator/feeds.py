"""Feeds: a queue by the clock, what a feed of order acknowledgements does, and the report on it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from xml.etree.ElementTree import Element

import httpx
from attrs import define, field, frozen

from orderdesk_amazon_marketplace.simulator.store import CANCELABLE, Document, Order, Status, Store
from orderdesk_sdk.plugin import MalformedResponseError, element, minutes, to_bytes, xml_root

__all__ = ["REASONS", "Durations", "Feed", "FeedQueue", "FeedStatus"]

REASONS = frozenset(
    {
        "NoInventory",
        "ShippingAddressUndeliverable",
        "CustomerExchange",
        "BuyerCanceled",
        "GeneralAdjustment",
        "CarrierCreditDecision",
        "RiskAssessmentInformationNotValid",
        "CarrierCoverageFailure",
        "CustomerReturn",
        "MerchandiseNotReceived",
    }
)
"""The published ones. That any other is an error is the simulator's choice."""


class FeedStatus(StrEnum):
    """The words of the model (feeds_2021-06-30, Feed.processingStatus)."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FATAL = "FATAL"


@frozen
class Durations:
    """How long things take. All are the simulator's choice; Amazon names none."""

    queue: timedelta = field(default=minutes(1))
    progress: timedelta = field(default=minutes(3))
    change: timedelta = field(default=minutes(2))
    """From DONE to the new status of the order."""


@define
class Feed:
    """One feed. seller: whose it must say that it is."""

    feed_id: str
    kind: str
    marketplaces: list[str]
    source: Document
    created_at: datetime
    begins_at: datetime
    ends_at: datetime
    fate: FeedStatus
    status: FeedStatus = FeedStatus.IN_QUEUE
    result: Document | None = None


class FeedQueue:
    """The feeds of one seller, worked off one after the other. Guarded by its caller's lock.

    fate_of: what becomes of an order's message. happened: is told what each order's message did.
    """

    def __init__(
        self,
        seller: str,
        orders: dict[str, Order],
        store: Store,
        durations: Durations,
        fate_of: Callable[[str], str],
        happened: Callable[[str, str, datetime], None],
    ) -> None:
        self._seller = seller
        self._orders = orders
        self._store = store
        self._durations = durations
        self._fate_of = fate_of
        self._happened = happened
        self.feeds: dict[str, Feed] = {}
        self.report = "plain"
        """How reports are written: see the simulator's switch."""

    def create(self, kind: str, marketplaces: list[str], source: Document, now: datetime, fate: FeedStatus) -> Feed:
        """A new feed at the end of the queue."""
        last = max((feed.ends_at for feed in self.feeds.values()), default=now)
        begins = max(now + self._durations.queue, last)
        name = f"{50000 + len(self.feeds) + 1:08}"
        made = Feed(name, kind, marketplaces, source, now, begins, begins + self._durations.progress, fate)
        self.feeds[name] = made
        return made

    def cancel(self, feed: Feed) -> bool:
        """Cancel a feed that is in the queue still; whether it was."""
        if feed.status is not FeedStatus.IN_QUEUE:
            return False
        feed.fate = feed.status = FeedStatus.CANCELLED
        return True

    def settle(self, now: datetime) -> None:
        """Do everything that is due by `now`."""
        for feed in self.feeds.values():
            if feed.status is FeedStatus.IN_QUEUE and feed.begins_at <= now:
                canceled = feed.fate is FeedStatus.CANCELLED
                feed.status = FeedStatus.CANCELLED if canceled else FeedStatus.IN_PROGRESS
            if feed.status is FeedStatus.IN_PROGRESS and feed.ends_at <= now:
                feed.status = feed.fate
                report = _written(self._work(feed), self.report)
                if feed.fate is FeedStatus.DONE and report is not None:
                    feed.result = self._store.create("text/xml", report)
        for order in self._orders.values():
            if order.plan is not None and order.plan[0] <= now:
                self._happened(order.order_id, f"{order.status} -> {order.plan[1]}", order.plan[0])
                order.enter(order.plan[1], order.plan[0])

    def _work(self, feed: Feed) -> bytes:
        """Do what the feed says and write the report: errors for what was not done, nothing for the rest."""
        errors: list[tuple[Element | None, str]] = []
        messages: list[Element] = []
        try:
            root = xml_root(httpx.Response(200, content=feed.source.content or b""))
            messages = root.findall("Message")
            if root.findtext("Header/MerchantIdentifier") != self._seller or root.findtext("MessageType") != (
                "OrderAcknowledgement"
            ):
                errors = [(one, "SIM_HEADER") for one in messages]
        except MalformedResponseError:
            errors = [(None, "SIM_NO_XML")]
        if not errors:
            for message in messages:
                code = self._acknowledge(message, feed.ends_at)
                errors += [(message, code)] if code else []
        results = [] if self.report == "counts only" else [self._result(*error) for error in errors]
        return _report(feed, len(messages), len(errors), results)

    def _result(self, message: Element | None, code: str) -> Element:
        """An error of the report, with what it calls the order that it is about."""
        number = message.findtext("MessageID", "") if message is not None and self.report != "unnamed" else "0"
        named = element("MessageID", number)
        if self.report == "by number" and message is not None:
            order = message.findtext("OrderAcknowledgement/AmazonOrderID", "")
            named = element("AdditionalInfo", element("AmazonOrderID", order))
        return element(
            "Result",
            named,
            element("ResultCode", "Error"),
            element("ResultMessageCode", code),
            element("ResultDescription", "simulator's choice"),
        )

    def _acknowledge(self, message: Element, now: datetime) -> str | None:
        """What one message does; the code of its error, or None. Every code is the simulator's choice."""
        told = message.find("OrderAcknowledgement")
        number = told.findtext("AmazonOrderID", "") if told is not None else ""
        order = self._orders.get(number)
        if told is None or [one.tag for one in told if one.tag != "Item"] != ["AmazonOrderID", "StatusCode"]:
            return "SIM_SHAPE"
        if order is None:
            return "SIM_UNKNOWN_ORDER"
        items = told.findall("Item")
        reasons = {item.findtext("CancelReason", "") for item in items}
        if {item.findtext("AmazonOrderItemCode") for item in items} - {item.item_id for item in order.items}:
            return "SIM_UNKNOWN_ITEM"
        if reasons - REASONS:
            return "SIM_REASON"
        if order.fulfilled_by == "AMAZON" or order.status not in CANCELABLE:
            return "SIM_STATE"
        fate = self._fate_of(number)
        if fate == "error":
            return "SIM_CHOSEN"
        if len(items) < len(order.items) or fate == "ignored":
            # Users report that a Failure without items was accepted and canceled nothing.
            self._happened(number, "accepted to no effect", now)
            return None
        ends = Status.SHIPPED if fate == "ships anyway" else Status.CANCELLED
        order.canceled_by, order.reason = "MERCHANT", ", ".join(sorted(reasons))
        order.plan = (now + self._durations.change, ends)
        self._happened(number, f"cancel accepted, to end {ends}", now)
        return None


def _written(report: bytes, how: str) -> bytes | None:
    """The report as Amazon's have been seen; None for none at all."""
    match how:
        case "gzip":
            return gzip.compress(report)
        case "cp1252":  # Under the head that says UTF-8, as it was.
            return report.decode().replace("simulator's choice", "simulator\u2019s choice: \u00e9").encode("cp1252")
        case "namespace":
            return report.replace(b"<AmazonEnvelope>", b'<AmazonEnvelope xmlns="urn:amazon">')
        case "incomplete":
            return report.replace(b"<StatusCode>Complete<", b"<StatusCode>Processing<")
        case "absent":
            return None
        case _:
            return report


def _report(feed: Feed, many: int, failed: int, results: list[Element]) -> bytes:
    summary = {
        "MessagesProcessed": many,
        "MessagesSuccessful": many - min(many, failed),
        "MessagesWithError": failed,
        "MessagesWithWarning": 0,
    }
    report = element(
        "ProcessingReport",
        element("DocumentTransactionID", feed.feed_id),
        element("StatusCode", "Complete"),
        element("ProcessingSummary", *(element(name, str(count)) for name, count in summary.items())),
        *results,
    )
    message = element("Message", element("MessageID", "1"), report)
    return to_bytes(element("AmazonEnvelope", element("MessageType", "ProcessingReport"), message))
