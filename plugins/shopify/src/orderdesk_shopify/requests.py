"""Merchants' requests to cancel a fulfillment order, of the service that holds it: listed, and answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from orderdesk_sdk.plugin import (
    Answer,
    CancelRequestList,
    Flow,
    OpenRequestQuery,
    Outcome,
    Rejection,
    RequestedCancellation,
    RespondRequest,
    ResponseAnswer,
    Service,
    answer,
    datetime_at,
    format_errors,
    objects_at,
    text_at,
    value_at,
)
from orderdesk_shopify import api
from orderdesk_shopify.settings import FulfillmentSettings

if TYPE_CHECKING:
    import httpx

_REQUEST = "merchantRequests(last: 1, kind: CANCELLATION_REQUEST) { nodes { id message sentAt } }"
REQUESTS = f"""
query Requests($after: String) {{
  requests: assignedFulfillmentOrders(assignmentStatus: CANCELLATION_REQUESTED, first: 50, after: $after) {{
    nodes {{ id requestStatus {_REQUEST} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
REQUESTED = f"query Requested($id: ID!) {{ order: fulfillmentOrder(id: $id) {{ id requestStatus {_REQUEST} }} }}"
_DONE = "{ order: fulfillmentOrder { id requestStatus } userErrors { field message } }"
ACCEPT = f"""
mutation Accept($id: ID!, $message: String) {{
  done: fulfillmentOrderAcceptCancellationRequest(id: $id, message: $message) {_DONE}
}}"""
REJECT = f"""
mutation Reject($id: ID!, $message: String) {{
  done: fulfillmentOrderRejectCancellationRequest(id: $id, message: $message) {_DONE}
}}"""
OPEN = "CANCELLATION_REQUESTED"
ANSWERS = {
    ResponseAnswer.ACCEPT: (ACCEPT, "CANCELLATION_ACCEPTED"),
    ResponseAnswer.REJECT: (REJECT, "CANCELLATION_REJECTED"),
}
MOST_PAGES = 45
"""Of one list; a flow may make 50 calls."""


def list_open(request: OpenRequestQuery, service: Service[FulfillmentSettings]) -> Flow[CancelRequestList | Answer]:
    """Every fulfillment order of ours whose cancellation is requested, under both its names."""
    found: list[RequestedCancellation] = []
    after: object = None
    for _ in range(MOST_PAGES):
        page = yield api.graphql_request(service, REQUESTS, {"after": after})
        if (without_data := api.answer_without_data(page)) is not None:
            return without_data
        found += [one for order in objects_at(page, "data", "requests", "nodes") for one in _requests_of(page, order)]
        if value_at(page, "data", "requests", "pageInfo", "hasNextPage") is not True:
            return CancelRequestList(tuple(one for one in found if request.remote_id in (None, one.remote_id)))
        after = text_at(page, "data", "requests", "pageInfo", "endCursor")
    return answer.unknown(None, message=f"more than {MOST_PAGES} pages of requests")


def _requests_of(response: httpx.Response, order: Mapping[str, object]) -> Iterator[RequestedCancellation]:
    gid = text_at(response, "id", within=order)
    for request in objects_at(response, "merchantRequests", "nodes", within=order):
        sent, why = datetime_at(response, "sentAt", within=request), value_at(response, "message", within=request)
        name = text_at(response, "id", within=request)
        for remote_id in (gid, gid.rpartition("/")[2]):
            yield RequestedCancellation(remote_id, name, reason=str(why) if why else None, requested_at=sent)


def respond(request: RespondRequest, service: Service[FulfillmentSettings]) -> Flow[Answer]:
    """Read whether the request is the last one and open still, then answer it."""
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    document, wanted = ANSWERS[request.answer]
    found, verdict = yield from api.read(service, REQUESTED, order, answer.pending, "see the number")
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    state = text_at(found, "data", "order", "requestStatus")
    names = [one.get("id") for one in objects_at(found, "data", "order", "merchantRequests", "nodes")]
    if names != [request.request_id]:
        return answer.rejected(found, Rejection.NOT_ALLOWED, status=state, message="another request was made since")
    if state == wanted:
        return answer.changed(found, status=state)
    if state != OPEN:
        return answer.rejected(found, Rejection.NOT_ALLOWED, status=state, message=f"the request is {state}")
    # Repeatable: it is read first at every try, and an answer that was taken ends the request.
    told = {**order, "message": request.text or request.answer.value}
    made = yield api.graphql_request(service, document, told, idempotent=True)
    if (without_data := api.answer_without_data(made, wrote=True)) is not None:
        return without_data
    if errors := api.user_errors(made):
        return answer.rejected(made, Rejection.NOT_ALLOWED, message=format_errors(errors, ("message",)))
    if text_at(made, "data", "done", "order", "requestStatus") == wanted:
        return answer.changed(made, status=wanted)
    return answer.unknown(made)
