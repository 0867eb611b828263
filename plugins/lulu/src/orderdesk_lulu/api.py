"""Lulu's print API: its calls, and what a job that was read says of its cancellation.

Source: https://api.lulu.com/api-docs/openapi-specs/openapi_public.yml, the operations Print-Jobs_status_cancel and
Print-Jobs_read, and the list of valid transitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_lulu.settings import LuluSettings
from orderdesk_sdk.plugin import Answer, Rejection, Service, ServiceErrors, answer, normalize_status, text_at

if TYPE_CHECKING:
    import httpx

__all__ = ["CANCELABLE", "ERRORS", "TRANSIENT", "answer_from_job", "cancel_job", "is_transient", "read_job"]

JOBS = "/print-jobs"
CANCELABLE = ("CREATED", "UNPAID", "PRODUCTION_DELAYED")
"""The statuses from which a job can become CANCELED."""
TRANSIENT = ("PAYMENT_IN_PROGRESS", "PRODUCTION_READY")
"""The statuses from which a job can come back to one of `CANCELABLE`; they last a few minutes at most."""
ERRORS = ServiceErrors(
    "detail",
    "check client_id and client_secret, and that they are of this environment: the sandbox has its own",
)


def cancel_job(service: Service[LuluSettings], number: str) -> httpx.Request:
    """The call that sets a job to CANCELED. Its response is a status that names no job."""
    return service.put(
        JOBS,
        number,
        "status",
        "",
        operation="cancel",
        idempotent=True,
        json={"name": "CANCELED"},
    )


def read_job(service: Service[LuluSettings], number: str) -> httpx.Request:
    """The call that reads a job."""
    return service.get(JOBS, number, "", operation="read")


def is_transient(status: str | None) -> bool:
    """Whether a job leaves this status by itself within minutes and may be canceled after it."""
    return normalize_status(status or "") in map(normalize_status, TRANSIENT)


def answer_from_job(response: httpx.Response) -> Answer:
    """What a job that was read says of its cancellation; pending for one that can still lead to canceled.

    Raises MalformedResponseError.
    """
    if not response.is_success:
        return ERRORS.answer_without_order(response)
    status = text_at(response, "status", "name")
    match normalize_status(status):
        case "canceled":
            return answer.canceled(response, status=status)
        case "shipped" | "delivered":
            return answer.rejected(response, Rejection.SHIPPED, status=status)
        case "inproduction":
            return answer.rejected(response, Rejection.TOO_LATE, status=status)
        case "rejected":
            return answer.rejected(
                response, Rejection.NOT_ALLOWED, status=status, message="Lulu has rejected the job itself"
            )
        case word if word in map(normalize_status, (*CANCELABLE, *TRANSIENT)):
            return answer.pending(response, status=status)
        case _:  # ERROR as well: what comes after it is not documented.
            return answer.unknown(response, status=status)
