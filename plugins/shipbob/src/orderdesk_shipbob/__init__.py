"""ShipBob: a cancel is answered at once, shipment by shipment; what was picked by then goes out all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    FinalResponse,
    Flow,
    IdentifierFormat,
    Integration,
    Limit,
    NoResubmission,
    Outcome,
    PollRequest,
    Rejection,
    Service,
    Verification,
    answer,
    hookimpl,
    is_rejection,
)
from orderdesk_shipbob import api
from orderdesk_shipbob.settings import ShipBobSettings, sign

if TYPE_CHECKING:
    import httpx


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="shipbob",
        title="ShipBob",
        settings=ShipBobSettings,
        base_url="base_url",
        auth=sign,
        cancel=(
            Button(
                FinalResponse(),
                warning="ShipBob stops the shipments that are not picked, packed or shipped yet, and says of each "
                "whether it did",
            ),
        ),
        resubmission=NoResubmission(
            "duplicate the order in your shop, and let the copy reach ShipBob under its new number"
        ),
        remote_id_format=IdentifierFormat(
            r"[1-9][0-9]*",
            10,
            "ShipBob's own order id is a number, not the order number of your shop",
        ),
        identified_by={api.CALLS_OPERATION: api.order_ids},
        # 150 calls in any minute, whichever they are: the burst and what a minute adds to it.
        limits={api.CALLS_OPERATION: Limit(2, burst=30)},
        redact_fields=["recipient", "retailer_program_data", "gift_message"],
        verified_by=Verification.PUBLISHED_API,
        help_url="https://developer.shipbob.com/2026-01/api/orders/cancel-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    response = yield api.cancel_order(service, request.remote_id)
    if not response.is_success and not is_rejection(response):
        return api.answer_without_order(response)
    result = api.cancel_result(response) if response.is_success else None
    if result is not None:
        if result.status == "success" and result.stopped and all(result.stopped):
            return answer.canceled(response)
        if result.status not in ("failure", "partialsuccess"):
            text = f"ShipBob says {result.status!r} of {sum(result.stopped)} of {len(result.stopped)} shipments"
            return answer.unknown(response, message=text)
    # A shipment that was canceled before may count as a failure: only the order tells where each one stands.
    order = yield api.read_order(service, request.remote_id)
    if not order.is_success:
        # How ShipBob says that it does not know an order is not documented, so a wrong path is not told from it.
        return answer.unknown(order) if response.is_success else _answer_without_read(response)
    verdict = api.answer_from_order(order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if result is None:
        return answer.not_processed(
            response, message=f"ShipBob answered {response.status_code}, and the order is {verdict.status}"
        )
    if any(line.canceled for line in verdict.lines):
        return answer.partially_canceled(order, verdict.lines, status=verdict.status, message=result.reasons)
    if any(result.stopped):
        text = "ShipBob stopped a shipment, and its order shows none"
        return answer.unknown(order, status=verdict.status, message=text)
    return answer.rejected(order, Rejection.TOO_LATE, status=verdict.status, message=result.reasons)


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    response = yield api.read_order(service, request.remote_id)
    return api.answer_from_order(response) if response.is_success else api.answer_without_order(response)


def _answer_without_read(response: httpx.Response) -> Answer:
    return answer.not_processed(
        response,
        message="ShipBob would not cancel the order, and it cannot be read",
        hint=f"see whether ShipBob has it under this id, and check base_url and api_version; {api.ACCESS_HINT}",
    )
