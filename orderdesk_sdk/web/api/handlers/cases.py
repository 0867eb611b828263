"""Cases, and what a person decides about one."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.desk.documents import JsonObject, case_document
from orderdesk_sdk.errors import InvalidStateError, PluginError, ValidationError
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer
from orderdesk_sdk.web.api.case_kinds import CASE_CLASSES
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import AnswerRequest, CasesQuery, ConfirmRequest, NoteRequest, RejectRequest
from orderdesk_sdk.web.api.scope import find_case, find_order

__all__ = [
    "answer_request",
    "confirm_case",
    "get_case",
    "list_cases",
    "poll_case",
    "reject_case",
    "retry_case",
    "withdraw_case",
]

_MOST_PAGES = 20
"""Pages that are looked through for cases that a caller of some connections sees, before a short page is given."""


def list_cases(call: ApiCall) -> JsonObject:
    """One page of the cases of one kind that the caller sees, oldest first."""
    query = call.query_as(CasesQuery)
    order_id = None if query.order is None else find_order(call, query.order).id
    kind = CASE_CLASSES[query.kind]
    last = None if query.after is None else _case_of_page(call, query.after, kind)
    found: list[JsonObject] = []
    for _ in range(_MOST_PAGES):
        page: Sequence[Case] = call.desk.ledger.cases(
            kind, order_id=order_id, states=query.state, limit=query.limit, after=last
        )
        for case in page:
            last = case
            if call.caller.sees(case.connection):
                found.append(case_document(case))
            if len(found) == query.limit:
                return {"cases": found, "next_after": case.id}
        if len(page) < query.limit:
            return {"cases": found, "next_after": None}
    return {"cases": found, "next_after": None if last is None else last.id}


def _case_of_page(call: ApiCall, case_id: str, kind: type[Case]) -> Case:
    case = call.desk.cases.get(case_id)
    if not isinstance(case, kind):
        raise ValidationError(
            "query.after: the case is of another kind", location="query.after", hint="give `next_after` of the page"
        )
    return case


def _reply(case: Case) -> JsonObject:
    return {"case": case_document(case)}


def get_case(call: ApiCall) -> JsonObject:
    """One case."""
    return _reply(find_case(call, call.path["case"]))


def confirm_case(call: ApiCall) -> JsonObject:
    """The caller's word that it is done."""
    note = call.body_as(ConfirmRequest).note
    return _reply(call.desk.cases.confirm(find_case(call, call.path["case"]).id, by=call.caller.name, note=note))


def reject_case(call: ApiCall) -> JsonObject:
    """The caller's word that the service will not do it."""
    request, case = call.body_as(RejectRequest), find_case(call, call.path["case"])
    return _reply(call.desk.cases.reject(case.id, by=call.caller.name, rejection=request.rejection, note=request.note))


def withdraw_case(call: ApiCall) -> JsonObject:
    """Withdraw it where nothing was sent."""
    note = call.body_as(NoteRequest).note
    return _reply(call.desk.cases.withdraw(find_case(call, call.path["case"]).id, by=call.caller.name, note=note))


def retry_case(call: ApiCall) -> JsonObject:
    """Send its request again, on the caller's decision."""
    return _reply(call.desk.cases.retry(find_case(call, call.path["case"]).id, by=call.caller.name))


def poll_case(call: ApiCall) -> JsonObject:
    """Ask the service now, as often as the merchant's quota there allows."""
    case = find_case(call, call.path["case"])
    seconds = call.limits.polls.wait(case.order_id)
    if seconds:
        raise HTTPException(
            429, "This order was polled a short while ago; wait.", headers={"Retry-After": str(seconds)}
        )
    try:
        return _reply(call.desk.cases.poll(case.id))
    except PluginError as error:  # There is nothing to read: a plugin that fails at it is told in the case.
        raise InvalidStateError(error.message, location=error.location, hint=error.hint) from None


def answer_request(call: ApiCall) -> JsonObject:
    """Accept or reject somebody else's request to cancel."""
    request, case = call.body_as(AnswerRequest), find_case(call, call.path["case"])
    responses, by = call.desk.responses, call.caller.name
    if request.answer is ResponseAnswer.ACCEPT:
        return _reply(responses.accept(case.id, by=by, note=request.note))
    return _reply(responses.reject(case.id, by=by, rejection=request.rejection, note=request.note))
