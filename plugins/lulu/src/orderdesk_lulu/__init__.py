"""Lulu Print: the button is final where it is taken, and only a job that is not in production yet takes it."""

from __future__ import annotations

from orderdesk_lulu import api
from orderdesk_lulu.settings import LuluSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByReply,
    CancelRequest,
    CheckRequest,
    Evidence,
    Flow,
    IdRule,
    Integration,
    NoResubmit,
    Outcome,
    Refusal,
    Service,
    StatedAt,
    WhileStatus,
    answer,
    hookimpl,
    minutes,
    turned_down,
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
                ByReply(),
                window=WhileStatus([*api.CANCELABLE, *api.TRANSIENT], until="production"),
                note="Lulu cannot undo it.",
            ),
        ),
        resubmit=NoResubmit("duplicate the order in your shop, and submit the copy under its new number"),
        help_url="https://api.lulu.com/docs/",
        evidence=Evidence.PUBLISHED_API,
        identified_by={"read": StatedAt("id")},
        remote_id=IdRule(r"[1-9][0-9]*", 19, "Lulu's own id of a print job is a number, not your external_id"),
        redact=["shipping_address", "billing_address", "contact_email"],
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    reply = yield api.cancel_job(service, request.remote_id)
    if not reply.is_success and not turned_down(reply):
        return api.ERRORS.untold(reply)
    job = yield api.read_job(service, request.remote_id)
    verdict = api.answer_from_job(job)
    if reply.is_success:  # It may have acted, whatever the read says of itself.
        is_open = verdict.outcome in (Outcome.PENDING, Outcome.NOT_DONE)
        return answer.unclear(job, status=verdict.status) if is_open else verdict
    # A refusal has no code that tells why. The status does, also that of a job canceled before.
    if (after_refusal := api.ERRORS.after_reading(reply, job, verdict, request.remote_id)) is not None:
        return after_refusal
    if api.is_transient(verdict.status):
        return answer.not_done(reply, text=f"Lulu cancels no job while it is {verdict.status}", retry_after=minutes(2))
    if verdict.outcome is Outcome.UNCLEAR:
        return verdict
    return answer.refused(job, Refusal.NOT_ALLOWED, status=verdict.status, text="Lulu would not cancel it")


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    return api.answer_from_job((yield api.read_job(service, request.remote_id)))
