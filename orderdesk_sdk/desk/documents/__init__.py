"""The JSON documents of what a desk gives, as `docs/reference/cli-json.md` describes them.

    values      moments and errors, which stand in many documents
    orders      orders, where they were submitted, and messages about them
    plans       plans
    eligibility what services say of an order beforehand
    cases       cases and cancellations
    receipts    receipts, with evidence and history
    bulks       summaries of bulks
    events      what happened to cases

Keys are snake_case and always present; None is null; times are UTC with a Z; enums are their values.

The room may import the desk's services and everything below them, and no `cli`. What is shown to people is made
elsewhere; a key, once it is here, stays.
"""

from __future__ import annotations

from orderdesk_sdk.desk.documents.bulks import bulk_summary_document
from orderdesk_sdk.desk.documents.cases import cancellation_document, cancellation_status_document, case_document
from orderdesk_sdk.desk.documents.eligibility import eligibility_result_document
from orderdesk_sdk.desk.documents.events import feed_event_document
from orderdesk_sdk.desk.documents.orders import (
    message_document,
    order_document,
    order_page_document,
    order_summary_document,
    remote_order_document,
)
from orderdesk_sdk.desk.documents.plans import plan_document
from orderdesk_sdk.desk.documents.receipts import (
    public_receipt_document,
    receipt_document,
    receipt_link_document,
)
from orderdesk_sdk.desk.documents.values import JsonObject, error_document, iso_time

__all__ = [
    "JsonObject",
    "bulk_summary_document",
    "cancellation_document",
    "cancellation_status_document",
    "case_document",
    "eligibility_result_document",
    "error_document",
    "feed_event_document",
    "iso_time",
    "message_document",
    "order_document",
    "order_page_document",
    "order_summary_document",
    "plan_document",
    "public_receipt_document",
    "receipt_document",
    "receipt_link_document",
    "remote_order_document",
]
