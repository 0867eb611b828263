"""The flows of an API profile: cancel, check, and what a resubmission must know before it creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.order_numbers import Identity, StatedAt
from orderdesk_sdk.plugin.profiles.api_profile import ApiProfile, FinalResponseFormat, StatusEndpoint, fill_fields
from orderdesk_sdk.plugin.profiles.json_pointer import pointer_steps, repeated_number, text_at_pointer
from orderdesk_sdk.plugin.routes import Confirmation, FinalResponse, ManualConfirmation, Polling, normalize_status
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, auth_or_rate_limit_answer, json_object
from orderdesk_sdk.plugin.toolkit.resubmission import read_before_create
from orderdesk_sdk.plugin.url_paths import fill_path

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.orders.order import RemoteOrder
    from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest
    from orderdesk_sdk.plugin.service import Flow, Service

__all__ = ["check_before_create", "cancel_by_profile", "poll_by_profile", "confirmation_by_profile"]

S = TypeVar("S")
ACCESS_HINT = "check the credentials of this connection with the service"


def confirmation_by_profile(profile: ApiProfile | None) -> Confirmation:
    """What proves a cancel by this profile: the response, a poll, or a person."""
    if profile is None or (profile.read is None and profile.cancel.final is None):
        return ManualConfirmation()
    return FinalResponse() if profile.cancel.final is not None else Polling(every=minutes(5), give_up=hours(24))


def cancel_by_profile(profile: ApiProfile, request: CancelRequest, service: Service[S]) -> Flow[Answer]:
    """A cancel flow by a profile."""
    call = profile.cancel
    values = {
        "order_number": request.order.number,
        "reason": request.reason.code or request.reason.text or "",
        "remote_id": request.remote_id,
    }
    path = fill_path(call.path, values, f"connection {service.connection!r}, the path of its cancel call")
    response = yield service.request(call.method, path, operation="cancel", json=fill_fields(call.body, values))
    if response.status_code in call.accepted:
        return (
            _answer_from_final(call.final, call.identity, response)
            if call.final is not None
            else answer.acknowledged(response)
        )
    if response.status_code in call.rejected:
        return (yield from _answer_rejected(profile, request, service, response))
    if response.status_code in call.not_found:
        return (yield from _answer_not_found(profile, request, service, response))
    return auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT) or answer.unknown(response)


def _answer_rejected(
    profile: ApiProfile, request: CancelRequest, service: Service[S], response: httpx.Response
) -> Flow[Answer]:
    """What a cancel that was turned down means. An order that is canceled already is turned down too, so it is read."""
    text = f"the service answered {response.status_code}"
    if profile.read is None:
        return answer.rejected(response, Rejection.TOO_LATE, message=text)
    there = yield _status_request(profile.read, service, request.order.number, request.remote_id)
    if not there.is_success:  # Nothing was done, and until the order can be read nobody knows why.
        away = auth_or_rate_limit_answer(there, access_hint=ACCESS_HINT)
        return away or answer.not_processed(response, message=f"{text}, and the order cannot be read")
    found = _answer_from_status(profile.read, there)
    if found.outcome in (Outcome.CANCELED, Outcome.REJECTED):
        return found
    return answer.rejected(response, Rejection.TOO_LATE, message=text, status=found.status)


def _answer_not_found(
    profile: ApiProfile, request: CancelRequest, service: Service[S], response: httpx.Response
) -> Flow[Answer]:
    """What a cancel that was answered with "no such order" means. A wrong path answers so too, so the order is read."""
    text = f"the service does not know {request.remote_id}"
    if profile.read is None:
        return answer.rejected(response, Rejection.NOT_ALLOWED, message=text)
    there = yield _status_request(profile.read, service, request.order.number, request.remote_id)
    if there.status_code in (*profile.read.not_found, response.status_code):
        return answer.rejected(response, Rejection.NOT_ALLOWED, message=text)
    found = _answer_from_status(profile.read, there)
    if found.outcome in (Outcome.CANCELED, Outcome.REJECTED):
        return found
    hint = "look whether the path of the cancel call is right: the order can be read"
    return answer.not_processed(response, message=f"the cancel call was answered {response.status_code}", hint=hint)


def _answer_from_final(final: FinalResponseFormat, identity: Identity | None, response: httpx.Response) -> Answer:
    """What a response that is the service's last word says; its status alone says only that the request was taken."""
    status = _status_at(response, final.status, identity)
    if normalize_status(status) in final.canceled:
        return answer.canceled(response, status=status)
    return answer.unknown(response, status=status, message=f"the profile does not say that {status!r} is canceled")


def _status_at(response: httpx.Response, pointer: str, identity: Identity | None) -> str:
    document, place = json_object(response), f"reply {response.status_code}"
    if isinstance(identity, StatedAt) and (again := repeated_number(document, pointer_steps(pointer), identity.path)):
        raise MalformedResponseError(
            f"the entry {pointer} is one of several that state the number {again}", location=place
        )
    return text_at_pointer(document, pointer, place)


def poll_by_profile(profile: ApiProfile, request: PollRequest, service: Service[S]) -> Flow[Answer]:
    """A poll flow by a profile; unknown where the profile has no read call."""
    if profile.read is None:
        return answer.unknown(None, message="the API profile has no read call")
    response = yield _status_request(profile.read, service, request.order.number, request.remote_id)
    return _answer_from_status(profile.read, response)


def _answer_from_status(endpoint: StatusEndpoint, response: httpx.Response) -> Answer:
    """What a response to the read call says of the order."""
    if not response.is_success:
        return auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT) or answer.unknown(response)
    status = _status_at(response, endpoint.status, endpoint.identity)
    open_in, shipped_in = endpoint.pending, endpoint.shipped
    return answer.from_status(
        response,
        status,
        canceled_statuses=endpoint.canceled,
        shipped_statuses=shipped_in,
        open_statuses=open_in,
        normalized_status=normalize_status(status),
    )


def check_before_create(
    profile: ApiProfile | None, request: ResubmitRequest, service: Service[S]
) -> Flow[Answer | RemoteOrder | None]:
    """What a resubmit flow must know before it creates: None to go on, else what it ends with.

    Where the profile's read names `unknown` statuses the new number is read first. Where it cannot be read, nothing is
    sent a second time: an earlier create whose response was lost stays unknown, for a person.
    """
    number = request.order.number
    if profile is None or profile.read is None or not profile.read.not_found:
        text = f"an earlier try may have made the order {number}, and it cannot be read whether it did"
        return answer.unknown(None, message=text) if request.may_exist else None
    read = profile.read

    def find(response: httpx.Response) -> Answer | None:
        if response.status_code in read.not_found:
            return None
        said = _answer_from_status(read, response)
        # A profile need not know every word by which an order is on its way.
        return answer.pending(response, status=said.status) if said.outcome is Outcome.UNKNOWN and said.status else said

    return (yield from read_before_create(request, service, _status_request(read, service, number, number), find))


def _status_request(endpoint: StatusEndpoint, service: Service[S], order_number: str, remote_id: str) -> httpx.Request:
    values = {"order_number": order_number, "reason": "", "remote_id": remote_id}
    place = f"connection {service.connection!r}, the path of its read call"
    return service.get(fill_path(endpoint.path, values, place), operation="read")
