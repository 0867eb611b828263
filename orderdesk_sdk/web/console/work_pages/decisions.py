"""What is pressed on the page of a case. Who decides is always the session's user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.errors import ConfigurationError, ConflictError, InvalidStateError, PluginError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import FormHandler, form_text, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.polling import poll_now
from orderdesk_sdk.web.console.work_pages.case import GivenVerdict, show_case_again
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.step_up import require_step_up

__all__ = [
    "accept_request",
    "add_note",
    "mark_alarm_seen",
    "poll_case",
    "refuse_request",
    "retry_case",
    "settle_case",
    "withdraw_case",
]

MAX_NOTE = 2000
_FORESEEN = (InvalidStateError, ConflictError, PluginError, ValidationError, ConfigurationError)
"""What keeps a person's decision from being done, and is shown beside the form."""
Press: TypeAlias = Callable[[Request, FormData, Case], object]


def _pressed(action: AuditAction, notice: str, press: Press) -> FormHandler:
    """The handler of a button: what keeps it from being done is shown beside it."""

    def handler(request: Request, form: FormData) -> Response:
        desk = desk_of(request)
        case = desk.cases.get(request.path_params["id"])
        try:
            press(request, form, case)
        except _FORESEEN as error:
            return show_case_again(request, error, status=422 if isinstance(error, ValidationError) else 409)
        _record(request, action, case)
        return see_other(f"/cases/{case.id}", notice)

    return handler


def settle_case(request: Request, form: FormData) -> Response:
    """A person's word, or the service's e-mail, that it is done or will not be done."""
    desk, caller = desk_of(request), caller_of(request)
    case = desk.cases.get(request.path_params["id"])
    verdict = form_text(form, "verdict")
    given = GivenVerdict(verdict, form_text(form, "rejection"), form_text(form, "note", limit=MAX_NOTE))
    if verdict == "confirm":
        require_step_up(request, f"/cases/{case.id}")
    try:
        email = _email(form, desk.config.web.max_upload_bytes)
        if verdict == "confirm":
            desk.cases.confirm(case.id, by=caller.name, note=given.note or None, email=email)
        elif verdict == "reject":
            rejection = _rejection(given.rejection) if isinstance(case, CancelCase) else Rejection.NOT_ALLOWED
            desk.cases.reject(case.id, by=caller.name, rejection=rejection, note=given.note or None, email=email)
        else:
            raise ValidationError("nothing was chosen", hint="say what the service answered")
    except _FORESEEN as error:
        if not isinstance(error, InvalidStateError) or not _is_settled_so(
            desk.cases.get(case.id), verdict, caller.name
        ):
            status = 422 if isinstance(error, ValidationError) else 409
            return show_case_again(request, error, status=status, given=given)
        return see_other(f"/cases/{case.id}", "settled")  # The form was sent twice.
    _record(request, AuditAction.CONFIRMED if verdict == "confirm" else AuditAction.REJECTED, case)
    return see_other(f"/cases/{case.id}", "settled")


def _is_settled_so(case: Case, verdict: str, person: str) -> bool:
    """Whether this person has settled it so already."""
    wanted = case.done_state if verdict == "confirm" else State.REJECTED
    return case.state is wanted and case.evidence is not None and case.evidence.person == person


def _email(form: FormData, most: int) -> bytes | None:
    """The bytes of the file that came with a form; None where there is none. Raises ValidationError."""
    given = form.get("email")
    if not isinstance(given, UploadFile) or not given.filename:
        return None
    raw = given.file.read(most + 1)
    if len(raw) > most:
        raise ValidationError(
            f"the file has more than {most:,} bytes", location="their e-mail", hint="save it without its attachments"
        )
    return raw


def _rejection(text: str) -> Rejection:
    found = next((one for one in Rejection if one.value == text), None)
    if found is None:
        raise ValidationError("this is no reason for a rejection", hint="choose one of the list")
    return found


def _accept(request: Request, form: FormData, case: Case) -> None:
    note = form_text(form, "acceptance", limit=MAX_NOTE)
    desk_of(request).responses.accept(case.id, by=caller_of(request).name, note=note or None)


def _refuse(request: Request, form: FormData, case: Case) -> None:
    rejection = _rejection(form_text(form, "refusal_reason"))
    note = form_text(form, "refusal", limit=MAX_NOTE)
    desk_of(request).responses.reject(case.id, by=caller_of(request).name, rejection=rejection, note=note or None)


def _withdraw(request: Request, form: FormData, case: Case) -> None:  # noqa: ARG001 - the form has no fields
    desk_of(request).cases.withdraw(case.id, by=caller_of(request).name)


def _retry(request: Request, form: FormData, case: Case) -> None:  # noqa: ARG001 - the form has no fields
    desk_of(request).cases.retry(case.id, by=caller_of(request).name)


def _poll(request: Request, form: FormData, case: Case) -> None:  # noqa: ARG001 - the form has no fields
    poll_now(request, case)


def _mark_seen(request: Request, form: FormData, case: Case) -> None:
    note = form_text(form, "done", limit=MAX_NOTE)
    desk_of(request).inbox.mark_seen(case.id, by=caller_of(request).name, note=note or None)


def add_note(request: Request, form: FormData) -> Response:
    """Write into the history what a person did about it."""
    desk, caller = desk_of(request), caller_of(request)
    case = desk.cases.get(request.path_params["id"])
    try:
        text = form_text(form, "text", limit=MAX_NOTE)
        if not text:
            raise ValidationError("the note is empty", hint="write what you did or were told")
        if desk.ledger.newest_notes(case.id, 1) != (f"{caller.name}: {text}",):  # Else the form was sent twice.
            desk.cases.add_note(case.id, text, by=caller.name)
    except _FORESEEN as error:
        return show_case_again(request, error, status=422)
    _record(request, AuditAction.NOTE_ADDED, case)
    return see_other(f"/cases/{case.id}", "noted")


def _record(request: Request, action: AuditAction, case: Case) -> None:
    desk_of(request).audit.record(
        caller_of(request).name, action, order_subject(case.order_id), f"case {case.id}", client_address(request.scope)
    )


accept_request = _pressed(AuditAction.REQUEST_ANSWERED, "accepted", _accept)
refuse_request = _pressed(AuditAction.REQUEST_ANSWERED, "refused", _refuse)
withdraw_case = _pressed(AuditAction.WITHDRAWN, "case-withdrawn", _withdraw)
retry_case = _pressed(AuditAction.RETRIED, "retried", _retry)
poll_case = _pressed(AuditAction.POLLED, "polled", _poll)
mark_alarm_seen = _pressed(AuditAction.ALARM_SEEN, "seen", _mark_seen)
