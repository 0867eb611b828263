"""Lulu Print: the button is final where it is taken, and only a job that is not in production yet takes it."""

from __future__ import annotations

from orderdesk_lulu import api
from orderdesk_lulu.settings import LuluSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    FinalResponse,
    Flow,
    IdentifierFormat,
    Integration,
    NoResubmission,
    Outcome,
    PollRequest,
    Rejection,
    Service,
    StatedAt,
    Verification,
    WhileStatus,
    answer,
    hookimpl,
    is_rejection,
    minutes,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="lulu",
        title="Lulu Print",
        settings=LuluSettings,
        base_url="base_url",
        auth=sign,
        cancel=(
            Button(
                FinalResponse(),
                window=WhileStatus([*api.CANCELABLE, *api.TRANSIENT], closes_at="production"),
                warning="Lulu cannot undo it.",
            ),
        ),
        resubmission=NoResubmission("duplicate the order in your shop, and submit the copy under its new number"),
        help_url="https://api.lulu.com/docs/",
        verified_by=Verification.PUBLISHED_API,
        identified_by={"read": StatedAt("id")},
        remote_id_format=IdentifierFormat(
            r"[1-9][0-9]*", 19, "Lulu's own id of a print job is a number, not your external_id"
        ),
        redact_fields=["shipping_address", "billing_address", "contact_email"],
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    response = yield api.cancel_job(service, request.remote_id)
    if not response.is_success and not is_rejection(response):
        return api.ERRORS.answer_without_order(response)
    job = yield api.read_job(service, request.remote_id)
    verdict = api.answer_from_job(job)
    if response.is_success:  # It may have acted, whatever the read says of itself.
        is_open = verdict.outcome in (Outcome.PENDING, Outcome.NOT_PROCESSED)
        return answer.unknown(job, status=verdict.status) if is_open else verdict
    # A rejection has no code that tells why. The status does, also that of a job canceled before.
    if (after_refusal := api.ERRORS.answer_after_read(response, job, verdict, request.remote_id)) is not None:
        return after_refusal
    if api.is_transient(verdict.status):
        return answer.not_processed(
            response, message=f"Lulu cancels no job while it is {verdict.status}", retry_after=minutes(2)
        )
    if verdict.outcome is Outcome.UNKNOWN:
        return verdict
    return answer.rejected(job, Rejection.NOT_ALLOWED, status=verdict.status, message="Lulu would not cancel it")


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    return api.answer_from_job((yield api.read_job(service, request.remote_id)))
