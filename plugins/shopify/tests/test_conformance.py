"""What every plugin must stand."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance import (
    AnswerEnding,
    Ending,
    ExpectedRequest,
    PluginConformance,
    StatusEnding,
)
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_devkit.testing.conformance.expected_requests import RequestTests
from orderdesk_devkit.testing.conformance.setting_use import SettingTests
from orderdesk_devkit.testing.conformance.webhook_kinds import WebhookKindTests
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin import NotificationKind, Rejection, ResponseAnswer
from orderdesk_shopify import api
from orderdesk_shopify.requests import ACCEPT, REJECT, REQUESTED, REQUESTS

pytestmark = pytest.mark.slow

OPEN, RETURN = "open", {"obstacle": "an open return"}


def asked(document: str, version: str = "2026-10", /, **variables: object) -> ExpectedRequest:
    """A document and its variables, as the API gets them."""
    return ExpectedRequest("POST", f"/admin/api/{version}/graphql.json", {"query": document, "variables": variables})


def unclear(**more: Any) -> Ending:
    """The end of a cancel that a person has to look after."""
    return Ending(OPEN, State.ACTION_REQUIRED, **{"asked": State.UNKNOWN, **more})


def refused(status: str | None, proof: str, why: Rejection = Rejection.NOT_ALLOWED, **more: Any) -> Ending:
    return Ending(status, State.REJECTED, rejection=why, proof=proof, **more)


ID = {"id": "gid://shopify/Order/1042"}
JOB = {"job": "gid://shopify/Job/1", "result": "gid://shopify/OrderCancelJobResult/1"}
CANCEL = {**ID, "reason": "CUSTOMER", "note": "CUSTOMER", "restock": False, "notify": False}
ONLY_WHERE_DEPRECATED = {"x-shopify-api-deprecated-reason": "the simulator knows no call that is deprecated"}


class TestShopify(PluginConformance):
    integration = "shopify"
    headers_not_tried: ClassVar = ONLY_WHERE_DEPRECATED
    other_settings: ClassVar = {"api_version": {"api_version": "2026-07"}}
    good_numbers: ClassVar = ("1042", "gid://shopify/Order/1042", "9" * 50)
    bad_numbers: ClassVar = ("9" * 51, "#1001", "gid://shopify/FulfillmentOrder/1042", "1042x", "")
    requests: ClassVar = (
        asked(api.ORDER, **ID),
        asked(api.CANCEL_TO_RESULT, **CANCEL),
        *[asked(api.RESULT, **ID, **JOB)] * 2,
    )
    webhook_kinds: ClassVar = {
        "canceled": NotificationKind.CANCELED,
        "fulfilled": NotificationKind.SHIPPED,
        "partially fulfilled": NotificationKind.SHIPPED,
        "archived": NotificationKind.CHANGED,
    }
    endings: ClassVar = (
        Ending(OPEN, State.CANCELED, proof="Result"),
        Ending("archived", State.CANCELED, proof="Result"),
        Ending("canceled", State.CANCELED, proof="Order"),
        Ending(OPEN, State.CANCELED, proof="Order", options={"meanwhile": "canceled"}),
        Ending(OPEN, State.CANCELED, proof="Order", options={"reads": "late"}),
        Ending(OPEN, State.CANCELED, proof="Result", options={"job_result": "not resolved"}),
        refused(None, "Order"),
        refused(OPEN, "Order", options=RETURN, asked=State.ACKNOWLEDGED),
        refused(OPEN, "Order", options={**RETURN, "job_result": "not resolved"}, asked=State.ACKNOWLEDGED),
        refused(OPEN, "Cancel", options={**RETURN, "obstacle_shows": "at once"}),
        refused(OPEN, "Cancel", options={"refund": "denied"}, settings={"refund": True}),
        *(
            unclear(options={name: choice})
            for name, choice in (
                ("cancel_error", "internal"),
                ("mutation_reply", "lost"),
                ("meanwhile", "locked out"),
                ("version", "oldest"),
            )
        ),
        unclear(options={"scopes": "missing"}, asked=State.PENDING),
    )
    status_endings: ClassVar = (
        StatusEnding(
            "archived",
            State.DONE,
            status=OPEN,
            proof="Archive",
            requests=(asked(api.ORDER, **ID), asked(api.ARCHIVE, **ID)),
        ),
        StatusEnding("archived", State.DONE, status="archived", proof="Order"),
        StatusEnding("archived", State.DONE, status="canceled", proof="Archive"),
        StatusEnding("open", State.DONE, status="archived", proof="Open"),
        StatusEnding("open", State.DONE, status="archived", proof="Order", fault=Fault.LOST_RESPONSE),
        StatusEnding("open", State.DONE, status="archived", proof="Order", options={"mutation_reply": "lost"}),
        StatusEnding(
            "archived",
            State.REJECTED,
            status=OPEN,
            proof="Archive",
            says="SIM: there is no such order",
            options={"status_change": "refused"},
            is_set=False,
        ),
        *(
            StatusEnding("archived", State.ACTION_REQUIRED, status=OPEN, options={name: choice}, is_set=False)
            for name, choice in (("status_change", "forgotten"), ("scopes", "missing"))
        ),
    )


class TestShopifyWhoseJobsHaveNoResults(EndingTests, RequestTests, SettingTests):
    integration = "shopify"
    settings: ClassVar = {"api_version": "2026-07", "refund": True}
    other_settings: ClassVar = {"api_version": {"api_version": "2026-10"}}
    requests: ClassVar = (
        asked(api.ORDER, "2026-07", **ID),
        asked(api.CANCEL, "2026-07", **CANCEL, refund={"originalPaymentMethodsRefund": True}),
        *[asked(api.PROGRESS, "2026-07", **ID, job=JOB["job"])] * 2,
    )
    endings: ClassVar = (
        Ending(OPEN, State.CANCELED, proof="Progress"),
        refused(OPEN, "Order", options=RETURN, asked=State.ACKNOWLEDGED),
    )


READ = "Fulfillment"
ACCEPTED = "IN_PROGRESS ACCEPTED"
ORDER = {"id": "gid://shopify/FulfillmentOrder/1042"}
ANSWER = {**ORDER, "message": "no fulfillment service holds it"}


def by_a_person(status: str, asked_state: State = State.UNKNOWN, **options: str) -> Ending:
    """The end where a person has to call the service."""
    return Ending(status, State.ACTION_REQUIRED, asked=asked_state, route=1, options=options)


def not_taken(proof: str, says: str, **more: Any) -> AnswerEnding:
    """The end of an answer that comes too late."""
    return AnswerEnding(ResponseAnswer.ACCEPT, State.REJECTED, proof=proof, says=says, **more)


class TestShopifyFulfillment(PluginConformance):
    integration = "shopify-fulfillment"
    headers_not_tried: ClassVar = ONLY_WHERE_DEPRECATED
    wait = minutes(11)  # The service accepts after ten, and is asked then.
    request_settings: ClassVar = {"acts_as": "service"}
    other_settings: ClassVar = {"api_version": {"api_version": "2026-07"}}
    request_options: ClassVar = {"service": "silent"}  # It answers by what we do.
    good_numbers: ClassVar = ("1042", "gid://shopify/FulfillmentOrder/1042", "9" * 60)
    bad_numbers: ClassVar = ("9" * 61, "#1001", "gid://shopify/Order/1042", "1042x", "")
    webhook_kinds: ClassVar = {
        "CANCELLED CANCELLATION_ACCEPTED": NotificationKind.CANCELED,
        "IN_PROGRESS CANCELLATION_REQUESTED": NotificationKind.CHANGED,
    }
    requests: ClassVar = (
        asked(api.FULFILLMENT, **ORDER),
        asked(api.REQUEST_CANCELLATION, **ORDER, message="customer asked"),
        *(asked(api.FULFILLMENT, **ORDER) for _ in range(3)),
    )
    endings: ClassVar = (
        *(
            Ending(f"{status} ACCEPTED", State.CANCELED, proof=READ)
            for status in ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE")
        ),
        Ending("OPEN SUBMITTED", State.CANCELED, proof=READ),
        *(
            Ending(status, State.CANCELED, proof=READ)
            for status in (
                "CANCELLED CANCELLATION_ACCEPTED",
                "CLOSED CANCELLATION_ACCEPTED",
                "CANCELLED UNSUBMITTED",
                "CANCELLED REJECTED",
                "CANCELLED CLOSED",
            )
        ),
        *(
            Ending("CANCELLED CANCELLATION_ACCEPTED", State.CANCELED, proof=READ, options={"parcel": parcel})
            for parcel in ("FAILURE", "ERROR", "CANCELLED")
        ),
        Ending(
            "CANCELLED CANCELLATION_ACCEPTED",
            State.PARTIALLY_CANCELED,
            proof=READ,
            options={"parcel": "SUCCESS"},
            asked=State.ACKNOWLEDGED,
        ),
        refused("CLOSED ACCEPTED", READ, Rejection.SHIPPED, options={"parcel": "SUCCESS"}),
        refused("IN_PROGRESS CANCELLATION_REJECTED", READ),
        *(refused(f"OPEN {request}", READ) for request in ("UNSUBMITTED", "REJECTED", "CLOSED")),
        refused(ACCEPTED, READ, options={"service": "rejects"}, asked=State.ACKNOWLEDGED),
        refused(None, READ),
        *(
            Ending(status, State.CANCELED, proof=READ, options={"meanwhile": "canceled"})
            for status in (ACCEPTED, "OPEN SUBMITTED")
        ),
        refused(ACCEPTED, READ, options={"meanwhile": "accepted"}),
        Ending(ACCEPTED, State.CANCELED, proof=READ, options={"mutation_reply": "lost"}, asked=State.UNKNOWN),
        *(by_a_person(f"CLOSED {request}") for request in ("UNSUBMITTED", "ACCEPTED")),
        *(by_a_person(f"CANCELLED {request}") for request in ("ACCEPTED", "CANCELLATION_REJECTED")),
        by_a_person("OPEN CANCELLATION_ACCEPTED"),
        by_a_person("IN_PROGRESS CANCELLATION_REQUESTED", State.ACKNOWLEDGED, service="silent"),
        by_a_person(ACCEPTED, State.ACKNOWLEDGED, service="silent"),
        *(by_a_person(ACCEPTED, State.PENDING, **{name: how}) for name, how in (("scopes", "missing"),)),
        by_a_person(ACCEPTED, State.PENDING, meanwhile="locked out"),
    )
    answer_endings: ClassVar = (
        AnswerEnding(
            ResponseAnswer.ACCEPT,
            State.DONE,
            proof="Accept",
            requests=(
                asked(REQUESTS, after=None),
                asked(REQUESTED, **ORDER),
                asked(ACCEPT, **ANSWER),
            ),
        ),
        AnswerEnding(
            ResponseAnswer.REJECT,
            State.DONE,
            proof="Reject",
            requests=(
                asked(REQUESTS, after=None),
                asked(REQUESTED, **ORDER),
                asked(REJECT, **ORDER, message="reject"),
            ),
        ),
        *(
            AnswerEnding(answer, State.DONE, proof="Requested", meanwhile=status)
            for answer, status in (
                (ResponseAnswer.ACCEPT, "CANCELLED CANCELLATION_ACCEPTED"),
                (ResponseAnswer.REJECT, "IN_PROGRESS CANCELLATION_REJECTED"),
            )
        ),
        not_taken("Requested", "another request", meanwhile="ask_to_cancel"),
        not_taken("Requested", "UNSUBMITTED", meanwhile="withdraw_request"),
        not_taken("Requested", "CANCELLATION_REJECTED", meanwhile="IN_PROGRESS CANCELLATION_REJECTED"),
        not_taken("Accept", "SIM: no cancellation", options={"meanwhile": "canceled"}),
        AnswerEnding(
            ResponseAnswer.ACCEPT, State.DONE, proof="Requested", answered=State.UNKNOWN, fault=Fault.LOST_RESPONSE
        ),
        AnswerEnding(
            ResponseAnswer.ACCEPT, State.DONE, proof="Accept", answered=State.UNKNOWN, fault=Fault.RESET_BEFORE
        ),
        AnswerEnding(
            ResponseAnswer.ACCEPT,
            State.DONE,
            proof="Requested",
            answered=State.UNKNOWN,
            options={"mutation_reply": "lost"},
        ),
        AnswerEnding(
            ResponseAnswer.ACCEPT,
            State.ACTION_REQUIRED,
            answered=State.UNKNOWN,
            options={"our_answer": "forgotten"},
        ),
        AnswerEnding(
            ResponseAnswer.ACCEPT, State.ACTION_REQUIRED, answered=State.PENDING, options={"scopes": "missing"}
        ),
    )


class TestShopifyFulfillmentService(WebhookKindTests):
    """The other side of it: the service that is asked."""

    integration = "shopify-fulfillment"
    settings: ClassVar = {"acts_as": "service"}
    options: ClassVar = {"service": "silent"}
    webhook_kinds: ClassVar = {
        "CANCELLED CANCELLATION_ACCEPTED": NotificationKind.CANCELED,
        "IN_PROGRESS CANCELLATION_REQUESTED": NotificationKind.CANCEL_REQUESTED,
        "IN_PROGRESS ACCEPTED": NotificationKind.CHANGED,
    }
